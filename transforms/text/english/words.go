package english

import (
	"math/bits"
	"strings"
)

// The fast way: a chunk of ASCII letters, alone or with one mark after it, is a
// word and the mark, unless it has to do with an exception. wordTable knows the
// words that have.

// wordKey holds a word of up to 16 ASCII letters, padded with zeros.
type wordKey struct{ lo, hi uint64 }

const maxWordKey = 16

// wordInfo is what is special about a word.
type wordInfo struct {
	key       wordKey
	alone     bool   // it is an exception
	withMark  bool   // it begins an exception with one of the marks
	firstNext uint16 // index of the tail set if it is the first token of an exception
}

const (
	wordTableBits = 10
	wordBloomBits = 13
)

// wordTable is a hash table with open addressing behind a bitmap that tells
// most words to be absent at once.
type wordTable struct {
	bloom [1 << wordBloomBits / 64]uint64
	slots [1 << wordTableBits]wordInfo
	tails []byteSet       // tail sets, from 1
	mark  [128]markInfo   // what is known of each mark
	index map[byteSet]int // only while building
}

// markInfo describes a mark that may follow a word in the fast way.
type markInfo struct {
	flags     uint8
	firstNext uint16
}

// marks are cut off at the end of any word; the full stop has conditions of its
// own.
const marks = ".,;:!?)]\""

func (k wordKey) hash() uint64 {
	return (k.lo ^ bits.RotateLeft64(k.hi*0x9e3779b97f4a7c15, 32)) * 0xbf58476d1ce4e5b9
}

// find returns what is special about the word k, or nil.
func (w *wordTable) find(k wordKey) *wordInfo {
	h := k.hash()
	b := h >> (64 - wordBloomBits)
	if w.bloom[b/64]>>(b%64)&1 == 0 {
		return nil
	}
	for i := h >> (64 - wordTableBits); ; i = (i + 1) % (1 << wordTableBits) {
		switch s := &w.slots[i]; s.key {
		case k:
			return s
		case wordKey{}:
			return nil
		}
	}
}

// slot returns the entry of word, made if there was none.
func (w *wordTable) slot(word string) *wordInfo {
	k := keyOf(word)
	h := k.hash()
	b := h >> (64 - wordBloomBits)
	w.bloom[b/64] |= 1 << (b % 64)
	i := h >> (64 - wordTableBits)
	for w.slots[i].key != k && w.slots[i].key != (wordKey{}) {
		i = (i + 1) % (1 << wordTableBits)
	}
	w.slots[i].key = k
	return &w.slots[i]
}

func keyOf(word string) (k wordKey) {
	for i := range min(len(word), 8) {
		k.lo |= uint64(word[i]) << (8 * i)
	}
	for i := 8; i < len(word); i++ {
		k.hi |= uint64(word[i]) << (8 * (i - 8))
	}
	return k
}

// build fills the table from the exceptions and the trie of r.
func (w *wordTable) build(r *rules) {
	w.tails, w.index = make([]byteSet, 1), map[byteSet]int{{}: 0}
	for s := range r.special {
		if isLetters(s) {
			w.slot(s).alone = true
		}
		if head := s[:len(s)-1]; isLetters(head) && strings.IndexByte(marks, s[len(s)-1]) >= 0 {
			w.slot(head).withMark = true
		}
	}
	for word := range r.trie.ids {
		node, ok := r.trie.step(0, word)
		if !ok || !isLetters(word) {
			continue
		}
		info := w.slot(word)
		info.firstNext = w.tail(r.trie.first[node])
		for i := range len(marks) {
			if _, ok := r.trie.step(node, marks[i:i+1]); ok {
				info.withMark = true
			}
		}
	}
	for i := range len(marks) {
		m := &w.mark[marks[i]]
		m.flags = tokenFlags(marks[i : i+1])
		if node, ok := r.trie.step(0, marks[i:i+1]); ok {
			m.firstNext = w.tail(r.trie.first[node])
		}
	}
}

// tail returns the index of a tail set.
func (w *wordTable) tail(set byteSet) uint16 {
	i, ok := w.index[set]
	if !ok {
		i = len(w.tails)
		w.index[set] = i
		w.tails = append(w.tails, set)
	}
	return uint16(i)
}

func isLetters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != "" && len(s) <= maxWordKey
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
	ones     = 0x0101010101010101
)

// letters returns how many of the eight bytes of x, from the lowest, are ASCII
// letters.
func letters(x uint64) int {
	t := (x | 0x20*ones) & lowBits
	// In each byte: at least 'a', not more than 'z', and no high bit.
	in := (t + (0x80-'a')*ones) &^ (t + (0x80-'z'-1)*ones) &^ x & highBits
	return bits.TrailingZeros64(^in&highBits) / 8
}

// load reads the eight bytes of s at i, which must be there.
func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// lowBytes masks the n lowest bytes, all of them if n is 8 or more.
func lowBytes(n int) uint64 { return 1<<(8*uint(n)) - 1 }

// wordAt returns the length of the run of ASCII letters at text[i:] and its key
// if it is short enough to have one; 0 if there is none or the end of the text
// is too near to tell.
func wordAt(text string, i int) (n int, k wordKey) {
	if i+24 > len(text) {
		return 0, k
	}
	x := load(text, i)
	if n = letters(x); n < 8 {
		k.lo = x & lowBytes(n)
		return n, k
	}
	k.lo = x
	x = load(text, i+8)
	if n = letters(x); n < 8 {
		k.hi = x & lowBytes(n)
		return 8 + n, k
	}
	k.hi = x
	n = 16
	for i+n < len(text) && isASCIILetter(text[i+n]) {
		n++
	}
	return n, k
}

func isASCIILetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
