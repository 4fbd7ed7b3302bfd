package minhash

import (
	"crypto/sha1"
	"encoding/binary"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/chimera-1/chimera/compute"
)

// mersenne is the prime 2^61-1 of datatrove's permutations.
const mersenne = 1<<61 - 1

// datatroveSeed is the default of MinhashConfig.
const datatroveSeed = 1

// permutations are those of datatrove in 64-bit and in 32-bit precision.
type permutations struct {
	wide, narrow compute.MersenneMinHash
}

// datatrove draws all a in [1, 2^61-2] and then all b in [0, 2^61-2].
var datatrove = sync.OnceValue(func() *permutations {
	var p compute.MersenneMinHash
	r := newTwister(datatroveSeed)
	for i := range p.A {
		p.A[i] = 1 + r.upTo(mersenne-2)
	}
	for i := range p.B {
		p.B[i] = r.upTo(mersenne - 1)
	}
	return &permutations{
		wide:   p,
		narrow: compute.MersenneMinHash{A: p.A, B: p.B, Narrow: true},
	}
})

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
