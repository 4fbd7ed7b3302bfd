//go:build !cgo

package cpu

// FMAPeak panics: no level can be asked for.
func FMAPeak(level string, seconds float64) float64 { panic("cpu: built without cgo") }
