package compute

import "math"

// MinHashSize is the number of 32-bit values of a signature (14 bands of 8 rows).
const MinHashSize = 112

// shingleWords is the number of consecutive words of a shingle, as in FineWeb.
const shingleWords = 5

// hashChunk is the number of shingle hashes the permutations take at once: they
// stay in the first-level cache while each group of permutations passes over them.
const hashChunk = 512

// MinHasher computes signatures of the scheme "fast". It is not safe for
// concurrent use: it holds scratch memory, which grows to one and a half times
// the longest text seen.
type MinHasher struct {
	perms  permutations
	norm   []byte            // the text in normal form, see normalize
	hashes [hashChunk]uint32 // finalised shingle hashes not yet permuted
}

// NewMinHasher returns a hasher whose permutations follow from seed. Signatures
// can be compared only if their seeds are equal.
func NewMinHasher(seed uint64) *MinHasher {
	return &MinHasher{perms: newPermutations(seed)}
}

// Signature writes the signature of text to sig and returns the number of
// shingles, counting repeated ones. A text without a word has none: the result
// is 0 and sig keeps its value.
func (m *MinHasher) Signature(sig *[MinHashSize]uint32, text string) int {
	return m.signature(inUse.Load(), sig, text)
}

// Batch computes the signatures of a string column laid out as in Arrow: text i
// is data[offsets[i]:offsets[i+1]]. Its signature goes to
// sigs[i*MinHashSize:(i+1)*MinHashSize] and its number of shingles to counts[i];
// where that is 0 the signature keeps its value. Slices that are too short for
// len(offsets)-1 texts are a programming error and panic.
func (m *MinHasher) Batch(sigs []uint32, counts []int32, offsets []int32, data []byte) {
	n := len(offsets) - 1
	if n <= 0 {
		return
	}
	checkColumn(offsets, len(data))
	sigs, counts = sigs[:n*MinHashSize], counts[:n]
	m.batch(inUse.Load(), sigs, counts, offsets, data)
}

// Shingles appends the 64-bit hashes of the shingles of text, in order and with
// repetitions. They do not depend on the seed.
func (m *MinHasher) Shingles(dst []uint64, text string) []uint64 {
	m.norm = normalize(m.norm, text)
	var roll roller
	for s, e := nextWord(m.norm, 0); s < e; s, e = nextWord(m.norm, e) {
		h := roll.add(hashWord(m.norm, s, e))
		if roll.words >= shingleWords {
			dst = append(dst, finalize(h))
		}
	}
	if 0 < roll.words && roll.words < shingleWords {
		dst = append(dst, finalize(roll.last))
	}
	return dst
}

// Words appends the words of text, lower-cased, in order: what [MinHasher.Signature] makes
// shingles of, for explanations.
func (m *MinHasher) Words(dst []string, text string) []string {
	m.norm = normalize(m.norm, text)
	for s, e := nextWord(m.norm, 0); s < e; s, e = nextWord(m.norm, e) {
		dst = append(dst, string(m.norm[s:e]))
	}
	return dst
}

// signatureGo is the definition of Signature, if k is "purego".
func (m *MinHasher) signatureGo(sig *[MinHashSize]uint32, text string, k *minhashKernel) int {
	m.norm = normalize(m.norm, text)
	var (
		roll  roller
		count int
		fill  int
	)
	for s, e := nextWord(m.norm, 0); s < e; s, e = nextWord(m.norm, e) {
		h := roll.add(hashWord(m.norm, s, e))
		if roll.words < shingleWords {
			continue
		}
		if count == 0 {
			clearSignature(sig)
		}
		m.hashes[fill] = uint32(finalize(h) >> 32)
		count, fill = count+1, fill+1
		if fill == hashChunk {
			k.minInto(&m.perms, sig, m.hashes[:])
			fill = 0
		}
	}
	if count == 0 && roll.words > 0 {
		clearSignature(sig)
		m.hashes[0] = uint32(finalize(roll.last) >> 32)
		count, fill = 1, 1
	}
	k.minInto(&m.perms, sig, m.hashes[:fill])
	return count
}

func clearSignature(sig *[MinHashSize]uint32) {
	for i := range sig {
		sig[i] = math.MaxUint32
	}
}

// checkColumn panics unless offsets ascend within size bytes: the kernels
// behind cgo would read other memory.
func checkColumn(offsets []int32, size int) {
	last := int32(0)
	for _, o := range offsets {
		if o < last {
			panic("compute: offsets do not ascend")
		}
		last = o
	}
	if int(last) > size {
		panic("compute: offsets exceed the data")
	}
}
