package text

import (
	"math/bits"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// grams finds how much of a document its repeated word n-grams make up.
//
// Most n-grams of prose occur once. A cheap filter sorts those out first, and
// tables only see the rest, so the cost is linear in the text with a small
// factor, whatever the text.
type grams struct {
	table   table
	repeats repeats
	rare    repeats
	hashes  []uint64
	indices []int32
	list    []occurrence // places of n-grams that may repeat
	next    []occurrence
	kinds   []kind // n-grams that may repeat, in order of first occurrence

	places []place // where an n-gram of 5 or more words may start that occurs again
	short  []int32 // words where a 5-gram is shorter than a window

	top   [5]topGram    // by n, 2 to 4
	dup   [11]int64     // by n, 5 to 10: code points in n-grams seen before
	dupAt [11]wordRange // first n-gram seen before
}

type occurrence struct{ place, kind int32 }

type kind struct {
	key          uint64
	place, count int32
}

// topGram is the most frequent n-gram, the first seen among equals.
type topGram struct {
	known  bool // false: fewer than n words
	figure int64
	count  int32
	first  wordRange
}

// wordRange is words[From:To].
type wordRange struct{ From, To int32 }

func (r wordRange) span(spans []english.Span) english.Span {
	if r.To <= r.From {
		return english.Span{}
	}
	return english.Span{Start: spans[r.From].Start, End: spans[r.To-1].End}
}

// measure computes every n-gram figure of the words of text.
func (g *grams) measure(w *words, text []byte) {
	g.bigrams(w, text)
	g.rank(w, 2)
	for n := 3; n <= 4; n++ {
		g.lengthen()
		g.rank(w, n)
	}
	g.findPlaces(w)
	for n := int32(5); n <= 10; n++ {
		g.duplicates(w, n)
	}
}

// bigrams lists the places of 2-grams that may occur more than once, and counts
// each exactly.
func (g *grams) bigrams(w *words, text []byte) {
	g.list, g.kinds = g.list[:0], g.kinds[:0]
	n := len(w.spans) - 1
	if n < 1 {
		return
	}
	g.hashes = grow(g.hashes, n)
	next := w.hash[1 : n+1]
	for i, h := range w.hash[:n] {
		g.hashes[i] = (h*mix2 ^ bits.RotateLeft64(next[i], 23)) * mix0
	}
	g.repeats.reset(n)
	g.repeats.addAll(g.hashes)
	g.indices = g.repeats.collect(g.indices, g.hashes)
	for _, i := range g.indices {
		g.list = append(g.list, occurrence{place: i})
	}
	g.table.reset(len(g.list))
	for i := range g.list {
		o := &g.list[i]
		o.kind = g.count(g.hashes[o.place], g.hashes[o.place], o.place, func(k int32) bool {
			p := g.kinds[k].place
			return sameWord(w, text, p, o.place) && sameWord(w, text, p+1, o.place+1)
		})
	}
}

func sameWord(w *words, text []byte, i, j int32) bool {
	a, b := w.spans[i], w.spans[j]
	return w.hash[i] == w.hash[j] && string(text[a.Start:a.End]) == string(text[b.Start:b.End])
}

// count adds one occurrence of an n-gram and returns its kind.
func (g *grams) count(hash, key uint64, place int32, same func(int32) bool) int32 {
	k, found := g.table.insert(hash, int32(len(g.kinds)), same)
	if found {
		g.kinds[k].count++
	} else {
		g.kinds = append(g.kinds, kind{key: key, place: place, count: 1})
	}
	return k
}

// lengthen goes from n-grams to (n+1)-grams. One can only repeat where the
// n-grams it begins and ends with do, and those two are its exact key.
func (g *grams) lengthen() {
	g.next = g.next[:0]
	old := g.kinds
	for i := 0; i+1 < len(g.list); i++ {
		a, b := g.list[i], g.list[i+1]
		if b.place == a.place+1 && old[a.kind].count > 1 && old[b.kind].count > 1 {
			g.next = append(g.next, a)
			g.hashes[a.place] = uint64(a.kind)<<32 | uint64(b.kind)
		}
	}
	g.list, g.next = g.next, g.list
	g.kinds = g.kinds[:0]
	g.table.reset(len(g.list))
	for i := range g.list {
		o := &g.list[i]
		key := g.hashes[o.place]
		o.kind = g.count(mix(key, mix2), key, o.place, func(k int32) bool { return g.kinds[k].key == key })
	}
}

// rank picks the most frequent n-gram. If none repeats, all occur once and the
// first of the text is the first seen.
func (g *grams) rank(w *words, n int) {
	top := &g.top[n]
	*top = topGram{}
	if len(w.spans) < n {
		return
	}
	best := kind{count: 1}
	for _, k := range g.kinds {
		if k.count > best.count {
			best = k
		}
	}
	first := wordRange{best.place, best.place + int32(n)}
	length := int64(w.runes[first.To]-w.runes[first.From]) + int64(n-1) // blanks between the words
	*top = topGram{known: true, figure: length * int64(best.count), count: best.count, first: first}
}
