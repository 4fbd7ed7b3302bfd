package minhash

import (
	"crypto/sha1"
	"encoding/binary"
	"math"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// mersenne is the prime 2^61-1 of datatrove's permutations.
const mersenne = 1<<61 - 1

// datatroveSeed is the default of MinhashConfig.
const datatroveSeed = 1

// parameters are the permutations of datatrove's minhash.py,
//
//	h -> ((a*h + b) mod 2^64) mod (2^61-1).
//
// numpy's product wraps at 64 bits before the prime is applied, so that this is
// not a permutation of universal hashing; it is what the library computes.
type parameters struct {
	a, b [Size]uint64
}

// datatroveParameters draws all a in [1, 2^61-2] and then all b in [0, 2^61-2].
var datatroveParameters = sync.OnceValue(func() *parameters {
	var p parameters
	r := newTwister(datatroveSeed)
	for i := range p.a {
		p.a[i] = 1 + r.upTo(mersenne-2)
	}
	for i := range p.b {
		p.b[i] = r.upTo(mersenne - 1)
	}
	return &p
})

// signature returns the least value of each permutation over the hashes. In
// 32-bit precision the values are cut to 32 bits before they are compared.
func (p *parameters) signature(hashes []uint64, width int) (sig [Size]uint64) {
	if width == 4 {
		for i := range sig {
			sig[i] = least32(p.a[i], p.b[i], hashes)
		}
		return sig
	}
	for i := 0; i < Size; i += 4 {
		least64((*[4]uint64)(sig[i:]), (*[4]uint64)(p.a[i:]), (*[4]uint64)(p.b[i:]), hashes)
	}
	return sig
}

// least64 works four permutations at once, in registers.
func least64(m, a, b *[4]uint64, hashes []uint64) {
	a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
	b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
	m0, m1, m2, m3 := uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(math.MaxUint64)
	for _, h := range hashes {
		m0 = min(m0, modMersenne(a0*h+b0))
		m1 = min(m1, modMersenne(a1*h+b1))
		m2 = min(m2, modMersenne(a2*h+b2))
		m3 = min(m3, modMersenne(a3*h+b3))
	}
	m[0], m[1], m[2], m[3] = m0, m1, m2, m3
}

func least32(a, b uint64, hashes []uint64) uint64 {
	m := uint32(math.MaxUint32)
	for _, h := range hashes {
		m = min(m, uint32(modMersenne(a*h+b)))
	}
	return uint64(m)
}

// modMersenne is x mod 2^61-1. As 2^61 is 1 there, the high three bits are added
// to the low 61; one subtraction is enough for a sum of at most 2^61+6.
func modMersenne(x uint64) uint64 {
	x = x&mersenne + x>>61
	if x >= mersenne {
		x -= mersenne
	}
	return x
}

func xxh64(shingle []byte) uint64 { return xxhash.Sum64(shingle) }

// sha1First8 is the digest's first eight bytes as datatrove reads them.
func sha1First8(shingle []byte) uint64 {
	d := sha1.Sum(shingle)
	return binary.LittleEndian.Uint64(d[:])
}

func sha1First4(shingle []byte) uint64 {
	d := sha1.Sum(shingle)
	return uint64(binary.LittleEndian.Uint32(d[:]))
}
