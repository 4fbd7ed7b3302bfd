package minhash

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// fastSeed is the seed of the permutations of "fast". Changing it makes stored
// signatures useless.
const fastSeed = 1

// shingleWords is the number of words of a shingle in all schemes.
const shingleWords = 5

// Hasher computes signatures of one scheme. It holds scratch memory and is not
// safe for concurrent use.
type Hasher struct {
	scheme Scheme
	fast   *compute.MinHasher // for "fast", else nil
	short  [Size]uint32       // its signature
	long   [Size]uint64       // that of other schemes

	tokenizer *english.Tokenizer
	simple    []byte         // the simplified text
	spans     []english.Span // its words
	joined    []byte         // the words with a blank between each two
	starts    []int          // where they start in joined, and one past its end
	hashes    []uint64       // of the shingles
}

// New returns a hasher of the scheme.
func (s Scheme) New() *Hasher {
	if s.hash == nil {
		return &Hasher{scheme: s, fast: compute.NewMinHasher(fastSeed)}
	}
	return &Hasher{scheme: s, tokenizer: english.New()}
}

// Signature appends the signature of text: Size little-endian values of the
// scheme's width, band by band. A text without shingles has none; then ok is
// false and dst returned as it was.
func (h *Hasher) Signature(dst []byte, text string) (sig []byte, ok bool) {
	if h.fast != nil {
		if h.fast.Signature(&h.short, text) == 0 {
			return dst, false
		}
		for _, v := range h.short {
			dst = binary.LittleEndian.AppendUint32(dst, v)
		}
		return dst, true
	}
	h.tokenize(text)
	return h.tokenSignature(dst)
}

// tokenSignature is Signature for the words in joined.
func (h *Hasher) tokenSignature(dst []byte) (sig []byte, ok bool) {
	h.hashes = h.hashes[:0]
	for i := range h.shingles() {
		h.hashes = append(h.hashes, h.scheme.hash(h.shingle(i)))
	}
	if len(h.hashes) == 0 {
		return dst, false
	}
	if h.scheme.width == 4 {
		datatrove().narrow.Signature(&h.long, h.hashes)
		for _, v := range h.long {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		}
		return dst, true
	}
	datatrove().wide.Signature(&h.long, h.hashes)
	for _, v := range h.long {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	return dst, true
}

// ShingleStrings returns the shingles of text in order, with repetitions: words
// with a blank between each two.
func (h *Hasher) ShingleStrings(text string) []string {
	if h.fast != nil {
		h.join(h.fast.Words(nil, text))
		if n := len(h.starts) - 1; 0 < n && n < shingleWords {
			return []string{string(h.joined)}
		}
	} else {
		h.tokenize(text)
	}
	shingles := make([]string, h.shingles())
	for i := range shingles {
		shingles[i] = string(h.shingle(i))
	}
	return shingles
}

// ShingleSet appends the sorted distinct 64-bit hashes of the shingles of text,
// for [Jaccard]. All datatrove schemes hash with XXH64 here, whatever their
// signatures use: 32 bits would be too few to tell sets apart exactly.
func (h *Hasher) ShingleSet(dst []uint64, text string) []uint64 {
	from := len(dst)
	if h.fast != nil {
		dst = h.fast.Shingles(dst, text)
	} else {
		h.tokenize(text)
		for i := range h.shingles() {
			dst = append(dst, xxhash.Sum64(h.shingle(i)))
		}
	}
	slices.Sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

// tokenize leaves the words of the simplified text in joined and starts.
func (h *Hasher) tokenize(text string) {
	h.simple = english.Simplify(h.simple[:0], text)
	simple := string(h.simple)
	h.spans = h.tokenizer.Words(h.spans[:0], simple)
	h.reset()
	for _, s := range h.spans {
		h.joined = append(h.joined, simple[s.Start:s.End]...)
		h.endWord()
	}
}

// join is tokenize for words at hand.
func (h *Hasher) join(words []string) {
	h.reset()
	for _, w := range words {
		h.joined = append(h.joined, w...)
		h.endWord()
	}
	h.joined = h.joined[:max(0, len(h.joined)-1)] // the last blank
}

func (h *Hasher) reset() {
	h.joined, h.starts = h.joined[:0], append(h.starts[:0], 0)
}

func (h *Hasher) endWord() {
	h.joined = append(h.joined, ' ')
	h.starts = append(h.starts, len(h.joined))
}

// shingles is the number of shingles of five words in joined.
func (h *Hasher) shingles() int { return max(0, len(h.starts)-shingleWords) }

// shingle is number i, without the blank behind its last word.
func (h *Hasher) shingle(i int) []byte {
	return h.joined[h.starts[i] : h.starts[i+shingleWords]-1]
}
