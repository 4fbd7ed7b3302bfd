package minhash

import (
	"encoding/binary"
	"math/bits"
)

// The primes of XXH32 (Collet, xxHash specification, section XXH32).
const (
	prime32a = 0x9e3779b1
	prime32b = 0x85ebca77
	prime32c = 0xc2b2ae3d
	prime32d = 0x27d4eb2f
	prime32e = 0x165667b1
)

// xxh32 is XXH32 with seed 0.
func xxh32(data []byte) uint64 {
	n := len(data)
	h := uint32(prime32e)
	if n >= 16 {
		v := [4]uint32{prime32a, prime32b, 0, 0}
		v[0] += prime32b // the sum exceeds 32 bits, which a constant may not
		v[3] -= prime32a
		for ; len(data) >= 16; data = data[16:] {
			for i := range v {
				v[i] = bits.RotateLeft32(v[i]+binary.LittleEndian.Uint32(data[4*i:])*prime32b, 13) * prime32a
			}
		}
		h = bits.RotateLeft32(v[0], 1) + bits.RotateLeft32(v[1], 7) + bits.RotateLeft32(v[2], 12) + bits.RotateLeft32(v[3], 18)
	}
	h += uint32(n)
	for ; len(data) >= 4; data = data[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(data)*prime32c, 17) * prime32d
	}
	for _, c := range data {
		h = bits.RotateLeft32(h+uint32(c)*prime32e, 11) * prime32a
	}
	h = (h ^ h>>15) * prime32b
	h = (h ^ h>>13) * prime32c
	return uint64(h ^ h>>16)
}
