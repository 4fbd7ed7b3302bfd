package text

import (
	"bytes"
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
	hashes  []uint64
	list    []occurrence // places of n-grams that may repeat
	next    []occurrence
	kinds   []kind // n-grams that may repeat, in order of first occurrence

	places []int32 // word numbers where a repeated run of bytes may start
	single []bool  // of places: only n-grams of under 16 bytes may repeat here

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
	g.repeats.reset(n)
	for i := range n {
		h := (w.hash[i]*mix2 ^ bits.RotateLeft64(w.hash[i+1], 23)) * mix0
		g.hashes[i] = h
		g.repeats.add(h)
	}
	for i, h := range g.hashes {
		if g.repeats.again(h) {
			g.list = append(g.list, occurrence{place: int32(i)})
		}
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

// window is how many bytes two equal n-grams at least share, if they are that
// long: n-grams are compared as their words without anything between them, so
// their word boundaries need not agree, but their bytes do.
const window = 16

// findPlaces lists the words where an n-gram of 5 or more words that occurs
// again may start.
func (g *grams) findPlaces(w *words) {
	g.places, g.single = g.places[:0], g.single[:0]
	n := len(w.spans) - 4
	if n < 1 {
		return
	}
	g.hashes = grow(g.hashes, n)
	g.repeats.reset(n)
	for i := range n {
		at := w.start[i]
		h := mix(load(w.joined, at), load(w.joined, at+8))
		g.hashes[i] = h
		g.repeats.add(h)
	}
	for i, h := range g.hashes {
		again := g.repeats.again(h)
		if again || w.start[i+5]-w.start[i] < window {
			g.places = append(g.places, int32(i))
			g.single = append(g.single, !again)
		}
	}
}

// duplicates adds up the n-grams seen before, from left to right: one of them is
// jumped over as a whole, any other is remembered and its first word left behind.
func (g *grams) duplicates(w *words, n int32) {
	g.dup[n], g.dupAt[n] = 0, wordRange{}
	g.table.reset(len(g.places))
	from, last := int32(0), int32(len(w.spans))-n
	for i, p := range g.places {
		if p > last {
			break
		}
		start, end := w.start[p], w.start[min(p+n, int32(len(w.spans)))]
		if p < from || g.single[i] && end-start >= window {
			continue
		}
		gram := w.joined[start:end]
		_, seen := g.table.insert(hashBytes(w.joined, start, end), p, func(q int32) bool {
			return bytes.Equal(gram, w.joined[w.start[q]:w.start[q+n]])
		})
		if !seen {
			continue
		}
		if g.dup[n] == 0 {
			g.dupAt[n] = wordRange{p, p + n}
		}
		g.dup[n] += int64(w.runes[p+n] - w.runes[p])
		from = p + n
	}
}
