package text

import (
	"math/bits"
	"unicode/utf8"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// The stop words of Gopher quality, as written: case counts.
var stopWords = [8]string{"the", "be", "to", "of", "and", "that", "have", "with"}

// The same as the bytes of a little-endian word.
const (
	stopThe  = 't' | 'h'<<8 | 'e'<<16
	stopBe   = 'b' | 'e'<<8
	stopTo   = 't' | 'o'<<8
	stopOf   = 'o' | 'f'<<8
	stopAnd  = 'a' | 'n'<<8 | 'd'<<16
	stopThat = 't' | 'h'<<8 | 'a'<<16 | 't'<<24
	stopHave = 'h' | 'a'<<8 | 'v'<<16 | 'e'<<24
	stopWith = 'w' | 'i'<<8 | 't'<<16 | 'h'<<24
)

// padding is how many bytes beyond its end a buffer may be read.
const padding = 16

// words holds what the word figures need of a document's words.
type words struct {
	spans []english.Span
	hash  []uint64
	// The words without anything between them, and where each starts in it, in
	// bytes and in code points; one more entry for the end.
	joined []byte
	start  []int32
	runes  []int32

	nonSymbol      int64
	nonSymbolRunes int64
	alpha          int64
	stops          uint8 // bit i: stopWords[i] occurs
}

// read fills w from w.spans, the words of text.
func (w *words) read(text []byte, ascii bool) {
	n := len(w.spans)
	w.hash, w.start, w.runes = grow(w.hash, n), grow(w.start, n+1), grow(w.runes, n+1)
	w.joined = grow(w.joined, len(text)+padding+8)
	w.nonSymbol, w.nonSymbolRunes, w.alpha, w.stops = 0, 0, 0, 0
	var at, runes int32
	safe := int32(len(text) - padding) // words that start later are read byte by byte
	for i, s := range w.spans {
		w.start[i], w.runes[i] = at, runes
		size := s.End - s.Start
		length := size
		if !ascii {
			length = int32(countRunes(text[s.Start:s.End]))
		}
		if size <= 16 && s.Start <= safe {
			w.hash[i] = w.short(text, s.Start, size, at)
		} else {
			w.hash[i] = w.long(text[s.Start:s.End], at)
		}
		alpha, nonSymbol := classify(text[s.Start:s.End])
		if nonSymbol {
			w.nonSymbol++
			w.nonSymbolRunes += int64(length)
		}
		if alpha {
			w.alpha++
		}
		at += size
		runes += length
	}
	w.start[n], w.runes[n] = at, runes
	clear(w.joined[at : at+padding])
	w.joined = w.joined[:at+padding]
}

// short joins a word of at most 16 bytes and returns its hash.
func (w *words) short(text []byte, from, size, at int32) uint64 {
	a := load(text, from)
	if size <= 8 {
		a &= low(size)
		if size <= 4 {
			w.stops |= stopBit(a)
		}
		store(w.joined, at, a)
		return mix(a, uint64(size))
	}
	b := load(text, from+8) & low(size-8)
	store(w.joined, at, a)
	store(w.joined, at+8, b)
	return mix(a^mix2, b)
}

func (w *words) long(word []byte, at int32) uint64 {
	n := int32(copy(w.joined[at:], word))
	clear(w.joined[at+n : min(int(at+n)+padding, len(w.joined))])
	if n <= 16 {
		return w.short(w.joined, at, n, at)
	}
	return hashBytes(w.joined, at, at+n)
}

func store(buf []byte, at int32, v uint64) {
	b := buf[at : at+8 : at+8]
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	b[4], b[5], b[6], b[7] = byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56)
}

func stopBit(word uint64) uint8 {
	switch word {
	case stopThe:
		return 1
	case stopBe:
		return 2
	case stopTo:
		return 4
	case stopOf:
		return 8
	case stopAnd:
		return 16
	case stopThat:
		return 32
	case stopHave:
		return 64
	case stopWith:
		return 128
	}
	return 0
}

// letterOrDigit says of ASCII: 2 a letter, 1 a digit, 0 punctuation or control.
var letterOrDigit = func() (t [utf8.RuneSelf]uint8) {
	for c := range t {
		switch r := rune(c); {
		case english.IsAlpha(r):
			t[c] = 2
		case !english.IsPunctuationSet(r):
			t[c] = 1
		}
	}
	return t
}()

// classify reports whether a word has a letter, and whether it has a character
// that is no punctuation.
func classify(word []byte) (alpha, nonSymbol bool) {
	for i := 0; i < len(word); {
		c := word[i]
		if c < utf8.RuneSelf {
			switch letterOrDigit[c] {
			case 2:
				return true, true // no letter is punctuation
			case 1:
				nonSymbol = true
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(word[i:])
		if english.IsAlpha(r) {
			return true, nonSymbol || hasNonSymbol(word[i:])
		}
		nonSymbol = nonSymbol || !english.IsPunctuationSet(r)
		i += size
	}
	return false, nonSymbol
}

func hasNonSymbol(word []byte) bool {
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRune(word[i:])
		if !english.IsPunctuationSet(r) {
			return true
		}
		i += size
	}
	return false
}

// countRunes counts the code points of valid UTF-8: bytes that continue none.
func countRunes(b []byte) int {
	n := len(b)
	for len(b) >= 8 {
		v := load(b, 0)
		n -= bits.OnesCount64(v & ^(v << 1) & 0x8080808080808080)
		b = b[8:]
	}
	for _, c := range b {
		if c&0xC0 == 0x80 {
			n--
		}
	}
	return n
}

// isASCII reports whether b has no byte above 0x7F.
func isASCII(b []byte) bool {
	for len(b) >= 32 {
		if (load(b, 0)|load(b, 8)|load(b, 16)|load(b, 24))&0x8080808080808080 != 0 {
			return false
		}
		b = b[32:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
