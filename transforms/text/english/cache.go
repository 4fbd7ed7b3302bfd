package english

import "math/bits"

// cache keeps the tokens of chunks seen lately. A chunk has one place, where it
// puts out what was there.
type cache struct {
	entries []cached
	tails   []byteSet
	index   map[byteSet]uint16
}

const (
	cacheBits   = 13
	cachedBytes = 32 // longer chunks are not kept
	cachedToks  = 12 // nor are those of more tokens
)

// cached is the entry of a chunk, one cache line of the processor.
type cached struct {
	key       [cachedBytes / 8]uint64 // padded with zeros
	size      uint8                   // of the chunk; 0 if the entry is empty
	n         uint8                   // tokens
	firstNext uint16                  // index of the tail set
	ends      [cachedToks]uint8
	flags     [cachedToks]uint8
}

func newCache() cache {
	return cache{
		entries: make([]cached, 1<<cacheBits),
		tails:   make([]byteSet, 1),
		index:   map[byteSet]uint16{{}: 0},
	}
}

// chunkKey is the key of the chunk text[i:end] of at most 32 bytes, and its
// place.
func chunkKey(text string, i, end int) (key [cachedBytes / 8]uint64, place uint64) {
	n := end - i
	if i+cachedBytes <= len(text) {
		s := text[i : i+cachedBytes]
		key[0] = load(s, 0) & lowBytes(n)
		if n > 8 {
			key[1] = load(s, 8) & lowBytes(n-8)
			key[2] = load(s, 16) & lowBytes(max(n-16, 0))
			key[3] = load(s, 24) & lowBytes(max(n-24, 0))
		}
	} else {
		for k := range n {
			key[k/8] |= uint64(text[i+k]) << (8 * uint(k%8))
		}
	}
	const a, b = 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9
	h := (key[0]^uint64(n))*a + bits.RotateLeft64(key[1]*b, 17)
	h ^= bits.RotateLeft64(key[2]*a, 37) + key[3]*b
	return key, (h ^ h>>32) * a >> (64 - cacheBits)
}

// fill stores the tokens of the chunk s; raw are its tokens before exceptions
// were put in their places, which decide what may go on after it.
func (c *cache) fill(e *cached, key [cachedBytes / 8]uint64, s string, base int32, toks []token, next byteSet) {
	e.size = 0
	if len(toks) > cachedToks {
		return
	}
	tail, ok := c.index[next]
	if !ok {
		if len(c.tails) > 1000 { // cannot be with the exceptions there are
			return
		}
		tail = uint16(len(c.tails))
		c.tails = append(c.tails, next)
		c.index[next] = tail
	}
	e.key, e.size, e.n, e.firstNext = key, uint8(len(s)), uint8(len(toks)), tail
	for i, t := range toks {
		e.ends[i], e.flags[i] = uint8(t.end-base), t.flags
	}
}
