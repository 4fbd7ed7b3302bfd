package compute

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unicode"
	"unicode/utf8"
)

// normPad is the number of zero bytes behind a text in normal form: word
// hashing loads 16 bytes at once and finding words 8 or, in C, 64.
const normPad = 64

// normGrowth bounds the size of the normal form of n bytes: ToLower makes a
// rune longer by at most one byte, from two to three (U+023A).
func normGrowth(n int) int { return n + n/2 + 2*normPad }

// normalize puts the normal form of text into dst's memory: the lower-cased
// UTF-8 bytes of word runes, and zero bytes for all else. It ends in normPad
// zeros. No word holds a zero byte, as U+0000 is not a word rune.
func normalize(dst []byte, text string) []byte {
	if need := normGrowth(len(text)); cap(dst) < need {
		dst = make([]byte, need)
	}
	dst = dst[:cap(dst)]
	n := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			dst[n] = asciiWord[c]
			i, n = i+1, n+1
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if r = wordRunes().lower(r); r != 0 {
			n += utf8.EncodeRune(dst[n:], r)
		} else {
			dst[n] = 0
			n++
		}
	}
	clear(dst[n : n+normPad])
	return dst[:n+normPad]
}

// nextWord returns the bounds of the first word of norm at or after i, or two
// equal numbers at the end.
func nextWord(norm []byte, i int) (start, end int) {
	limit := len(norm) - normPad
	for i < limit && norm[i] == 0 {
		i++
	}
	if i >= limit {
		return limit, limit
	}
	// The lowest zero byte of a word by the carry trick (Mycroft): exact for the
	// lowest one, which is what is looked for. The pad is the last word's end.
	for j := i; ; j += 8 {
		v := binary.LittleEndian.Uint64(norm[j:])
		if z := (v - 0x0101010101010101) &^ v & 0x8080808080808080; z != 0 {
			return i, j + bits.TrailingZeros64(z)/8
		}
	}
}

// asciiWord maps ASCII letters and digits to their lower case and the rest to 0.
var asciiWord = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z':
			t[c] = byte(c)
		case 'A' <= c && c <= 'Z':
			t[c] = byte(c - 'A' + 'a')
		}
	}
	return t
}()

// runeTable maps each word rune to its lower case and all others to 0. It has
// two stages, of 256 runes a block, so that C code can walk it too: equal blocks
// are stored once, which leaves some 200 of 4,352.
type runeTable struct {
	index  []uint16 // by rune>>8: number of the block
	blocks []uint32 // 256 values a block
}

func (t *runeTable) lower(r rune) rune {
	return rune(t.blocks[int(t.index[r>>8])<<8|int(r&0xff)])
}

// wordRunes returns the table of the unicode package of the Go release in use.
var wordRunes = sync.OnceValue(newRuneTable)

func newRuneTable() *runeTable {
	flat := make([]uint32, unicode.MaxRune+1)
	for _, set := range []*unicode.RangeTable{unicode.L, unicode.Nd, unicode.M} {
		eachRune(set, func(r rune) { flat[r] = uint32(unicode.ToLower(r)) })
	}
	t := &runeTable{}
	seen := make(map[[256]uint32]uint16)
	for at := 0; at < len(flat); at += 256 {
		block := [256]uint32(flat[at:])
		number, ok := seen[block]
		if !ok {
			number = uint16(len(seen))
			seen[block] = number
			t.blocks = append(t.blocks, block[:]...)
		}
		t.index = append(t.index, number)
	}
	return t
}

func eachRune(set *unicode.RangeTable, f func(rune)) {
	for _, r := range set.R16 {
		for c := uint32(r.Lo); c <= uint32(r.Hi); c += uint32(r.Stride) {
			f(rune(c))
		}
	}
	for _, r := range set.R32 {
		for c := r.Lo; c <= r.Hi; c += r.Stride {
			f(rune(c))
		}
	}
}
