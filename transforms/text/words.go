package text

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// The stop words of Gopher quality, as written: case counts.
var stopWords = [8]string{"the", "be", "to", "of", "and", "that", "have", "with"}

// stopSlots holds the bytes of each stop word, as a little-endian number, where
// its product with stopFactor points: no two share a slot.
const stopFactor = 0x14196417ca5dc09d

var stopSlots = func() (t [16]uint64) {
	for _, w := range stopWords {
		var v uint64
		for i := range len(w) {
			v |= uint64(w[i]) << (8 * i)
		}
		t[v*stopFactor>>60] = v
	}
	return t
}()

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
	stops          uint16 // bit i: the stop word in slot i occurs
}

// read fills w from w.spans, the words of text.
func (w *words) read(text []byte) {
	n := len(w.spans)
	w.hash, w.start, w.runes = grow(w.hash, n), grow(w.start, n+1), grow(w.runes, n+1)
	w.joined = grow(w.joined, len(text)+2*padding)
	w.nonSymbol, w.nonSymbolRunes, w.alpha, w.stops = 0, 0, 0, 0
	var at, runes int32
	safe := int32(len(text) - padding) // words that start later cannot be read 16 bytes at a time
	hashes, starts, counts := w.hash[:n], w.start[:n], w.runes[:n]
	for i, s := range w.spans {
		starts[i], counts[i] = at, runes
		size := s.End - s.Start
		var length int32
		if size <= 16 && s.Start <= safe {
			hashes[i], length = w.short(text, s.Start, size, at)
		} else {
			hashes[i], length = w.long(text[s.Start:s.End], at)
		}
		alpha, nonSymbol := true, true // no letter is punctuation
		if !asciiLetter[text[s.Start]] {
			alpha, nonSymbol = classify(text[s.Start:s.End])
		}
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

// short joins a word of at most 16 bytes and returns its hash and its length in
// code points.
func (w *words) short(text []byte, from, size, at int32) (hash uint64, runes int32) {
	a := load(text, from)
	if size <= 8 {
		a &= low(size)
		if slot := a * stopFactor >> 60; stopSlots[slot] == a {
			w.stops |= 1 << slot
		}
		store(w.joined, at, a)
		return mix(a, uint64(size)), size - continuations(a)
	}
	b := load(text, from+8) & low(size-8)
	store(w.joined, at, a)
	store(w.joined, at+8, b)
	return mix(a^mix2, b), size - continuations(a) - continuations(b)
}

func (w *words) long(word []byte, at int32) (hash uint64, runes int32) {
	n := int32(copy(w.joined[at:], word))
	clear(w.joined[at+n : at+n+padding])
	if n <= 16 {
		return w.short(w.joined, at, n, at)
	}
	return hashBytes(w.joined, at, at+n), int32(countRunes(word))
}

// stopCount is how many different stop words there are. Slot 0 has none: there
// a word of zero bytes ends up.
func (w *words) stopCount() int64 { return int64(bits.OnesCount16(w.stops &^ 1)) }

func store(buf []byte, at int32, v uint64) { binary.LittleEndian.PutUint64(buf[at:], v) }

// asciiLetter has the bytes that are a letter of their own.
var asciiLetter = func() (t [256]bool) {
	for c := range utf8.RuneSelf {
		t[c] = english.IsAlpha(rune(c))
	}
	return t
}()

// classify reports whether a word has a letter, and whether it has a character
// that is no punctuation.
func classify(word []byte) (alpha, nonSymbol bool) {
	for i := 0; i < len(word); {
		r, size := rune(word[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(word[i:])
		}
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

// countRunes counts the code points of valid UTF-8.
func countRunes(b []byte) int {
	n := len(b)
	for ; len(b) >= 8; b = b[8:] {
		n -= int(continuations(load(b, 0)))
	}
	for _, c := range b {
		if c&0xC0 == 0x80 {
			n--
		}
	}
	return n
}

// continuations counts the bytes of a word that continue a code point.
func continuations(v uint64) int32 {
	return int32(bits.OnesCount64(v & ^(v << 1) & highBits))
}

const highBits = 0x8080808080808080
