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

// chunkKey is the key of a chunk of at most 32 bytes and its place.
func chunkKey(s string) (key [cachedBytes / 8]uint64, place uint64) {
	n := len(s)
	k := 0
	for ; n >= 8; n -= 8 {
		key[k] = load(s, k*8)
		k++
	}
	if n > 0 {
		if len(s) >= 8 {
			key[k] = load(s, len(s)-8) >> (64 - 8*uint(n))
		} else {
			for i := range n {
				key[k] |= uint64(s[i]) << (8 * uint(i))
			}
		}
	}
	h := uint64(len(s))
	for _, x := range key {
		h = bits.RotateLeft64(h^x, 29) * 0x9e3779b97f4a7c15
	}
	return key, h >> (64 - cacheBits)
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
