package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/cpu"
)

// mersenne61 is the prime 2^61-1.
const mersenne61 = 1<<61 - 1

// MersenneMinHash computes signatures with the permutations of datatrove,
//
//	h -> ((A[i]*h + B[i]) mod 2^64) mod (2^61-1),
//
// whose product wraps at 64 bits before the prime is applied, as numpy's does.
// Narrow cuts each value to 32 bits before values are compared, datatrove's
// 32-bit precision. It is safe for concurrent use.
type MersenneMinHash struct {
	A, B   [MinHashSize]uint64
	Narrow bool
}

// Signature writes the least value of each permutation over the hashes. Without
// hashes the result is undefined.
func (p *MersenneMinHash) Signature(sig *[MinHashSize]uint64, hashes []uint64) {
	for i := range sig {
		sig[i] = math.MaxInt64 // more than any value, and positive as a signed number
	}
	keep := uint64(math.MaxUint64)
	if p.Narrow {
		keep = math.MaxUint32
	}
	if k := inUse.Load(); k.minInto == nil {
		cpu.Mersenne(k.name, sig[:], p.A[:], p.B[:], hashes, keep)
		return
	}
	for i := 0; i < MinHashSize; i += 4 {
		leastMersenne((*[4]uint64)(sig[i:]), (*[4]uint64)(p.A[i:]), (*[4]uint64)(p.B[i:]), hashes, keep)
	}
}

// leastMersenne works four permutations at once, in registers.
func leastMersenne(m, a, b *[4]uint64, hashes []uint64, keep uint64) {
	a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
	b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
	m0, m1, m2, m3 := m[0], m[1], m[2], m[3]
	for _, h := range hashes {
		m0 = min(m0, modMersenne61(a0*h+b0)&keep)
		m1 = min(m1, modMersenne61(a1*h+b1)&keep)
		m2 = min(m2, modMersenne61(a2*h+b2)&keep)
		m3 = min(m3, modMersenne61(a3*h+b3)&keep)
	}
	m[0], m[1], m[2], m[3] = m0, m1, m2, m3
}

// modMersenne61 is x mod 2^61-1. As 2^61 is 1 there, the high three bits are
// added to the low 61; one subtraction is enough for a sum of at most 2^61+6.
func modMersenne61(x uint64) uint64 {
	x = x&mersenne61 + x>>61
	if x >= mersenne61 {
		x -= mersenne61
	}
	return x
}
