package english

import (
	"cmp"
	"slices"
)

// trie finds exceptions as sequences of tokens. After a text is cut, every place
// where the pieces of an exception stand side by side gets its tokens instead.
//
// Places are taken longest first, then from the left. A place that overlaps one
// looked at before is not taken, and blocks others all the same; so does one
// with blanks between its tokens, although nothing is done there.
type trie struct {
	ids      map[string]uint32 // token -> its number, from 1
	children map[uint64]uint32 // node and token number -> node
	special  [][]token         // per node: the tokens of the exception that ends there
	first    []byteSet         // per node: the first bytes of the tokens that go on from it
	maxToken int               // length of the longest token
	depth    int               // tokens of the longest sequence
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (b *byteSet) add(c byte)      { b[c>>6] |= 1 << (c & 63) }
func (b *byteSet) has(c byte) bool { return b[c>>6]>>(c&63)&1 != 0 }

func (t *trie) init() {
	t.ids, t.children = map[string]uint32{}, map[uint64]uint32{}
	t.special, t.first = make([][]token, 1), make([]byteSet, 1)
}

// add adds the exception s, whose pieces are toks, to be replaced by special.
// One in a single piece is left out, as nothing changes there.
func (t *trie) add(s string, toks, special []token) {
	if len(toks) < 2 {
		return
	}
	t.depth = max(t.depth, len(toks))
	node := uint32(0)
	for _, tok := range toks {
		word := s[tok.start:tok.end]
		t.maxToken = max(t.maxToken, len(word))
		id, ok := t.ids[word]
		if !ok {
			id = uint32(len(t.ids) + 1)
			t.ids[word] = id
		}
		key := uint64(node)<<32 | uint64(id)
		next, ok := t.children[key]
		if !ok {
			next = uint32(len(t.special))
			t.children[key] = next
			t.special, t.first = append(t.special, nil), append(t.first, byteSet{})
			t.first[node].add(word[0])
		}
		node = next
	}
	t.special[node] = special
}

// step goes on from node by the token word; ok is false if nothing does.
func (t *trie) step(node uint32, word string) (next uint32, ok bool) {
	if len(word) > t.maxToken || !t.first[node].has(word[0]) {
		return 0, false
	}
	id := t.ids[word]
	if id == 0 {
		return 0, false
	}
	next, ok = t.children[uint64(node)<<32|uint64(id)]
	return next, ok
}

// tail returns the bytes with which a token after toks could go on a sequence
// begun in them.
func (t *trie) tail(toks []token, text string) (set byteSet) {
	for i := max(0, len(toks)-t.depth); i < len(toks); i++ {
		node, ok := uint32(0), true
		for k := i; k < len(toks) && ok; k++ {
			node, ok = t.step(node, text[toks[k].start:toks[k].end])
		}
		if ok {
			for w := range set {
				set[w] |= t.first[node][w]
			}
		}
	}
	return set
}

// match is a sequence found: tokens first to last, without last.
type match struct {
	first, last int32
	special     []token
}

// matcher holds the buffers of the search.
type matcher struct {
	found []match
	seen  []bool
	out   []token
}

// apply returns toks with the exceptions found in them put in their places. The
// result is valid until the next call.
func (m *matcher) apply(t *trie, toks []token, text string) []token {
	m.find(t, toks, text)
	if len(m.found) == 0 {
		return toks
	}
	m.choose(len(toks))
	m.out = m.out[:0]
	at := int32(0)
	for _, f := range m.found {
		if !adjoining(toks[f.first:f.last]) {
			continue
		}
		m.out = append(m.out, toks[at:f.first]...)
		base := toks[f.first].start
		for _, s := range f.special {
			m.out = append(m.out, token{base + s.start, base + s.end, s.flags})
		}
		at = f.last
	}
	m.out = append(m.out, toks[at:]...)
	return m.out
}

// find collects every sequence in toks.
func (m *matcher) find(t *trie, toks []token, text string) {
	m.found = m.found[:0]
	for i := range toks {
		var node uint32
		for k := i; k < len(toks); k++ {
			next, ok := t.step(node, text[toks[k].start:toks[k].end])
			if !ok {
				break
			}
			node = next
			if s := t.special[node]; s != nil {
				m.found = append(m.found, match{int32(i), int32(k + 1), s})
			}
		}
	}
}

// choose keeps the sequences that are taken, in the order of the text.
func (m *matcher) choose(n int) {
	slices.SortFunc(m.found, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.last-b.first, a.last-a.first), cmp.Compare(a.first, b.first))
	})
	m.seen = append(m.seen[:0], make([]bool, n)...)
	kept := m.found[:0]
	for _, f := range m.found {
		if !m.seen[f.first] && !m.seen[f.last-1] {
			kept = append(kept, f)
		}
		for i := f.first; i < f.last; i++ {
			m.seen[i] = true
		}
	}
	m.found = kept
	slices.SortFunc(m.found, func(a, b match) int { return cmp.Compare(a.first, b.first) })
}

// adjoining reports whether nothing stands between the tokens.
func adjoining(toks []token) bool {
	for i := 1; i < len(toks); i++ {
		if toks[i].start != toks[i-1].end {
			return false
		}
	}
	return true
}
