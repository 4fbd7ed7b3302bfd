package english

import (
	"maps"
	"slices"
	"sync"
)

// rules is what every Tokenizer shares: the word exceptions and the trie of
// their token sequences.
type rules struct {
	special map[string][]token // exception -> its tokens, offsets from its start
	lengths [256]uint64        // by first byte: the lengths of exceptions, as bits
	trie    trie
	words   wordTable
}

// theRules builds the tables once, at the first use.
var theRules = sync.OnceValue(buildRules)

func buildRules() *rules {
	r := &rules{special: map[string][]token{}}
	all := exceptions()
	for s, parts := range all {
		var toks []token
		at := 0
		for _, p := range parts {
			toks = append(toks, token{int32(at), int32(at + len(p)), tokenFlags(p)})
			at += len(p)
		}
		r.special[s] = toks
		r.lengths[s[0]] |= 1 << uint(len(s))
	}
	// Exceptions the affix rules would break up are found again where all their
	// pieces have come apart, so the trie holds their pieces without exceptions.
	plain := splitter{rules: &rules{}}
	r.trie.init()
	for _, s := range slices.Sorted(maps.Keys(all)) {
		if prefixLen(s) > 0 || suffixLen(s) > 0 || hasInfix(s) {
			r.trie.add(s, plain.split(nil, s, 0), r.special[s])
		}
	}
	r.words.build(r)
	r.words.index = nil
	return r
}

// lookup returns the tokens of the exception s, or nil.
func (r *rules) lookup(s string) []token {
	if s == "" || r.lengths[s[0]]>>uint(len(s))&1 == 0 {
		return nil
	}
	return r.special[s]
}

func hasInfix(s string) bool {
	var prev uint32
	for i := 0; i < len(s); {
		if infixAt(s, i, prev) > 0 {
			return true
		}
		cls, n := classAt(s, i)
		prev = cls
		i += n
	}
	return false
}
