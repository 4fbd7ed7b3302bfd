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
	var alpha, nonSymbol, nonSymbolRunes int64
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
		class := firstByte[text[s.Start]]
		if class&lookOn != 0 && size > 1 {
			class = classify(text[s.Start:s.End])
		}
		alpha += int64(class & isAlpha)
		nonSymbol += int64(class & isNonSymbol >> 1)
		nonSymbolRunes += int64(class&isNonSymbol>>1) * int64(length)
		at += size
		runes += length
	}
	w.start[n], w.runes[n] = at, runes
	w.alpha, w.nonSymbol, w.nonSymbolRunes = alpha, nonSymbol, nonSymbolRunes
	clear(w.joined[at : at+padding])
	w.joined = w.joined[:at+padding]
}

// masks keep the first n of 16 bytes in two words.
var masks = func() (m [17][2]uint64) {
	for n := range m {
		m[n] = [2]uint64{low(min(int32(n), 8)), low(int32(n) - 8)}
	}
	return m
}()

// short joins a word of at most 16 bytes and returns its hash and its length in
// code points. It has no branches, which words would make hard to predict.
func (w *words) short(text []byte, from, size, at int32) (hash uint64, runes int32) {
	in, out, mask := text[from:from+16:from+16], w.joined[at:at+16:at+16], &masks[size]
	a, b := load(in, 0)&mask[0], load(in, 8)&mask[1]
	store(out, 0, a)
	store(out, 8, b)
	slot := a * stopFactor >> 60
	other := stopSlots[slot] ^ a | b // 0: the stop word
	w.stops |= uint16((other|-other)>>63^1) << slot
	return mix(a^uint64(size)<<56, b), size - continuations(a) - continuations(b)
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

// What a word is, as bits.
const (
	isAlpha     = 1 << iota // has a letter
	isNonSymbol             // has a character that is no punctuation
	lookOn                  // the first byte does not tell
)

// firstByte classifies words by their first byte: a letter, which is no
// punctuation, settles it; of any other the rest has to be seen.
var firstByte = func() (t [256]uint8) {
	for c := range t {
		switch r := rune(c); {
		case c >= utf8.RuneSelf:
			t[c] = lookOn
		case english.IsAlpha(r):
			t[c] = isAlpha | isNonSymbol
		case english.IsPunctuationSet(r):
			t[c] = lookOn
		default:
			t[c] = lookOn | isNonSymbol
		}
	}
	return t
}()

func classify(word []byte) (class uint8) {
	for i := 0; i < len(word); {
		r, size := rune(word[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(word[i:])
		}
		if english.IsAlpha(r) {
			class |= isAlpha
		}
		if !english.IsPunctuationSet(r) {
			class |= isNonSymbol
		}
		if class == isAlpha|isNonSymbol {
			break
		}
		i += size
	}
	return class
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
