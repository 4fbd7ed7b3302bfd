package compute

import (
	"encoding/binary"
	"math/bits"
)

// The constants of the hash functions; internal/cpu/minhash.h has the same.
const (
	// wordKey0 and wordKey1 are the first two secrets of wyhash (Wang Yi, 2019).
	wordKey0 = 0xa0761d6478bd642f
	wordKey1 = 0xe7037ed1a0b428db
	// polyBase is 2^64 divided by the golden ratio, odd; polyBase2 is its square.
	polyBase  = 0x9e3779b97f4a7c15
	polyBase2 = polyBase * polyBase & (1<<64 - 1)
)

// hashWord hashes the bytes norm[s:e], in blocks of 16 with zeros behind the
// last; as words have no zero bytes, no two words agree in all blocks. One step
// is the "multiply and fold" of wyhash.
func hashWord(norm []byte, s, e int) uint64 {
	var h uint64
	for ; e-s > 16; s += 16 {
		lo := binary.LittleEndian.Uint64(norm[s:])
		hi := binary.LittleEndian.Uint64(norm[s+8:])
		h = fold(lo^wordKey0^h, hi^wordKey1)
	}
	b := norm[s : s+16 : s+16]
	mask := &wordMask[e-s]
	lo := binary.LittleEndian.Uint64(b) & mask[0]
	hi := binary.LittleEndian.Uint64(b[8:]) & mask[1]
	return fold(lo^wordKey0^h, hi^wordKey1)
}

// fold is the exclusive or of the halves of the 128-bit product.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// wordMask keeps the first n of 16 bytes, as two little-endian halves.
var wordMask = func() (t [17][2]uint64) {
	for n := range t {
		for i := range n {
			t[n][i/8] |= 0xff << (8 * (i % 8))
		}
	}
	return t
}()

// roller computes, for each word, the polynomial over the hashes of the five
// words that end there,
//
//	w[i-4]*P^4 + w[i-3]*P^3 + w[i-2]*P^2 + w[i-1]*P + w[i]  mod 2^64,
//
// with three products: pairs make fours, and a four and a word make five. A word
// before the first counts as 0, so that after fewer than five words the value
// is the polynomial over all of them.
type roller struct {
	words  int
	last   uint64 // the latest value
	w1     uint64 // hash of the latest word
	p1, p2 uint64 // pair that ends at the latest word, and at the one before
	q1     uint64 // four words that end at the latest
}

func (r *roller) add(w uint64) uint64 {
	p := r.w1*polyBase + w
	q := r.p2*polyBase2 + p
	r.last = r.q1*polyBase + w
	r.w1, r.p2, r.p1, r.q1 = w, r.p1, p, q
	r.words++
	return r.last
}

// finalize is the finaliser of MurmurHash3 (Appleby). The permutations are
// affine and would carry any structure of their input into the minimum, hence
// need one that is well mixed; they take the high half.
func finalize(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// permutations are x -> a*x+b mod 2^32, bijective as each a is odd.
type permutations struct {
	a, b [MinHashSize]uint32
}

// newPermutations draws a[0], b[0], a[1], b[1] ... from SplitMix64 (Steele, Lea,
// Flood 2014) started at seed, each from the high half of one output.
func newPermutations(seed uint64) (p permutations) {
	next := func() uint32 {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return uint32((z ^ z>>31) >> 32)
	}
	for i := range p.a {
		p.a[i] = next() | 1
		p.b[i] = next()
	}
	return p
}

// minInto lowers each value of sig to the least that its permutation gives on
// hashes. Four permutations pass over the hashes at once, in registers.
func (p *permutations) minInto(sig *[MinHashSize]uint32, hashes []uint32) {
	for i := 0; i < MinHashSize; i += 4 {
		a0, a1, a2, a3 := p.a[i], p.a[i+1], p.a[i+2], p.a[i+3]
		b0, b1, b2, b3 := p.b[i], p.b[i+1], p.b[i+2], p.b[i+3]
		m0, m1, m2, m3 := sig[i], sig[i+1], sig[i+2], sig[i+3]
		for _, h := range hashes {
			m0 = min(m0, a0*h+b0)
			m1 = min(m1, a1*h+b1)
			m2 = min(m2, a2*h+b2)
			m3 = min(m3, a3*h+b3)
		}
		sig[i], sig[i+1], sig[i+2], sig[i+3] = m0, m1, m2, m3
	}
}
