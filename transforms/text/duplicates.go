package text

import "bytes"

// N-grams of 5 and more words are compared as their words without anything
// between them, so two that are equal need not have the same words. What they do
// share is their bytes. A window is so many of the first bytes; an n-gram at
// least that long can only occur again where its window does.
const (
	window    = 16
	maxShared = 3 // windows that are looked at one after the other
)

// place is a word where an n-gram of 5 or more words may start that occurs
// again.
type place struct {
	word   int32
	shared int32  // so many windows from here occur again, counting at least one
	hash   uint64 // of these windows
}

// findPlaces lists the places in the order of the words.
func (g *grams) findPlaces(w *words) {
	g.places = g.places[:0]
	n := len(w.spans) - 4
	if n < 1 {
		return
	}
	g.hashes = grow(g.hashes, n)
	for i, at := range w.start[:n] {
		b := w.joined[at : at+window : at+window]
		g.hashes[i] = mix(load(b, 0), load(b, 8))
	}
	g.repeats.reset(n)
	g.repeats.addAll(g.hashes)
	g.addShort(w, n)
	g.indices = g.repeats.collect(g.indices, g.hashes)
	for _, i := range g.indices {
		g.places = append(g.places, place{i, 1, g.hashes[i]})
	}
	for shared := int32(1); shared < maxShared; shared++ {
		g.lookFurther(w, shared)
	}
}

// addShort makes places of the first n words where an n-gram shorter than a
// window may occur again: of 5 words, if these do; of 6, if they are that short.
func (g *grams) addShort(w *words, n int) {
	g.short = grow(g.short, n+1)
	k := 0
	ends := w.start[5:]
	for i, at := range w.start[:n] {
		g.short[k] = int32(i)
		k += int(uint32(ends[i]-at-window) >> 31) // 1 if it is shorter, without a branch
	}
	short := g.short[:k]
	g.rare.reset(k)
	for _, i := range short {
		g.rare.add(hashBytes(w.joined, w.start[i], w.start[i+5]))
	}
	for _, i := range short {
		sixShort := int(i)+6 < len(w.start) && w.start[i+6]-w.start[i] < window
		if sixShort || g.rare.again(hashBytes(w.joined, w.start[i], w.start[i+5])) {
			g.repeats.add(g.hashes[i]) // a second time
		}
	}
}

// lookFurther finds out where one more window occurs again.
func (g *grams) lookFurther(w *words, shared int32) {
	g.repeats.reset(len(g.places))
	for i := range g.places {
		p := &g.places[i]
		if p.shared != shared {
			continue
		}
		if at := w.start[p.word] + shared*window; int(at)+window <= len(w.joined) {
			p.hash = mix(p.hash^load(w.joined, at), load(w.joined, at+8))
			g.repeats.add(p.hash)
		}
	}
	for i := range g.places {
		p := &g.places[i]
		if p.shared == shared && g.repeats.again(p.hash) {
			p.shared++
		}
	}
}

// duplicates adds up the n-grams seen before, from left to right: one of them is
// jumped over as a whole, any other is remembered and its first word left
// behind. It forgets places where no n-gram this long can occur again, so n must
// not fall from call to call.
func (g *grams) duplicates(w *words, n int32) {
	g.dup[n], g.dupAt[n] = 0, wordRange{}
	g.table.reset(len(g.places))
	from, last := int32(0), int32(len(w.spans))-n
	left := 0
	for _, p := range g.places {
		if p.word > last {
			break
		}
		if size := w.start[p.word+n] - w.start[p.word]; p.shared < min(size/window, maxShared) {
			continue
		}
		g.places[left] = p
		left++
		if p.word < from || !g.seen(w, p.word, n) {
			continue
		}
		if g.dup[n] == 0 {
			g.dupAt[n] = wordRange{p.word, p.word + n}
		}
		g.dup[n] += int64(w.runes[p.word+n] - w.runes[p.word])
		from = p.word + n
	}
	g.places = g.places[:left]
}

// seen reports whether the n-gram at the word was there, and remembers it.
func (g *grams) seen(w *words, word, n int32) bool {
	start, end := w.start[word], w.start[word+n]
	gram := w.joined[start:end]
	_, found := g.table.insert(hashBytes(w.joined, start, end), word, func(first int32) bool {
		return bytes.Equal(gram, w.joined[w.start[first]:w.start[first+n]])
	})
	return found
}
