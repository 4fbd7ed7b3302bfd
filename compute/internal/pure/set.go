package pure

import "github.com/chimera-1/chimera/compute/internal/kernel"

// arithmetic is the implementation of the loops of vec.go.
type arithmetic int

const (
	emulated arithmetic = iota // exact, in Go
	plain                      // fast, in Go
	avx2                       // exact, in assembly
	avx512                     // the same, with products in AVX-512
)

// set is the kernels over one arithmetic.
type set struct{ arithmetic }

var _ kernel.Set = set{}

// Exact is the kernels of exact mode in Go alone. Each operation is that of
// package exact.
func Exact() kernel.Set { return set{emulated} }

// Fast is Exact but for matrix products, attention, dot products and
// exponentials, whose multiplications are rounded before they are added. Results
// differ from the exact ones by a relative error of k*2^-24 at most, k the number
// of terms of a sum of products, relative to the sum of the absolute products.
func Fast() kernel.Set { return set{plain} }

// Name is the name of the implementation.
func (s set) Name() string {
	switch s.arithmetic {
	case plain:
		return "purego-fast"
	case avx2:
		return "go-fma"
	case avx512:
		return "go-avx512"
	}
	return "purego"
}
