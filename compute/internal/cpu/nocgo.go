//go:build !cgo

package cpu

// Levels names the implementations this CPU can run, the fastest first: none
// in a build without cgo.
func Levels() []string { return nil }

// MinHash panics: no level can be asked for.
func MinHash(level string, args MinHashArgs) { panic("cpu: built without cgo") }

// Mersenne panics: no level can be asked for.
func Mersenne(level string, least, a, b, hashes []uint64, keep uint64) {
	panic("cpu: built without cgo")
}
