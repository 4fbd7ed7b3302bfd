package english

import "unicode/utf8"

// token is a piece of a chunk and what the sentence rule needs to know of it.
type token struct {
	start, end int32
	flags      uint8
}

const (
	flagPunct = 1 << iota // all of it is of category P
	flagEnd               // it is one of the characters that end a sentence
	flagSpace             // white space, no word
)

// tokenFlags returns the flags of a token that is not white space.
func tokenFlags(s string) uint8 {
	r, n := decode(s)
	cls := classOf(r)
	var flags uint8
	if n == len(s) && cls&clsSentEnd != 0 {
		flags = flagEnd
	}
	for {
		if cls&clsPunct == 0 {
			return flags
		}
		s = s[n:]
		if s == "" {
			return flags | flagPunct
		}
		cls, n = classAt(s, 0)
	}
}

// splitter cuts chunks, text between white space, into tokens.
type splitter struct {
	rules    *rules
	suffixes []int32 // where suffixes end, outermost first
}

// split appends the tokens of the chunk s, which starts at base in the text.
//
// Affixes are cut off one at each side in turn, until an exception is left or
// nothing more can be cut; what is left is an exception, an address, or is cut
// at infixes.
func (p *splitter) split(dst []token, s string, base int32) []token {
	lo, hi := 0, len(s)
	p.suffixes = p.suffixes[:0]
	for lo < hi {
		if p.rules.lookup(s[lo:hi]) != nil {
			break
		}
		pre := prefixLen(s[lo:hi])
		if pre > 0 && lo+pre < hi && p.rules.lookup(s[lo+pre:hi]) != nil {
			dst = appendToken(dst, s, lo, lo+pre, base)
			lo += pre
			break
		}
		suf := suffixLen(s[lo+pre : hi])
		if suf > 0 && p.rules.lookup(s[lo:hi-suf]) != nil {
			p.suffixes = append(p.suffixes, int32(hi))
			hi -= suf
			break
		}
		if pre == 0 && suf == 0 {
			break
		}
		if pre > 0 {
			dst = appendToken(dst, s, lo, lo+pre, base)
			lo += pre
		}
		if suf > 0 {
			p.suffixes = append(p.suffixes, int32(hi))
			hi -= suf
		}
	}
	if lo < hi {
		dst = p.middle(dst, s[lo:hi], base+int32(lo))
	}
	at := hi
	for k := len(p.suffixes) - 1; k >= 0; k-- {
		end := int(p.suffixes[k])
		dst = appendToken(dst, s, at, end, base)
		at = end
	}
	return dst
}

func appendToken(dst []token, s string, start, end int, base int32) []token {
	return append(dst, token{base + int32(start), base + int32(end), tokenFlags(s[start:end])})
}

// middle appends the tokens of what is left between prefixes and suffixes.
func (p *splitter) middle(dst []token, s string, base int32) []token {
	if toks := p.rules.lookup(s); toks != nil {
		for _, t := range toks {
			dst = append(dst, token{base + t.start, base + t.end, t.flags})
		}
		return dst
	}
	if isURL(s) {
		return append(dst, token{base, base + int32(len(s)), 0})
	}
	start := 0
	var prev uint32
	for i := 0; i < len(s); {
		n := infixAt(s, i, prev)
		if n == 0 {
			prev, n = classAt(s, i)
			i += n
			continue
		}
		if i > 0 { // an infix at the very start stays with what follows it
			if i > start {
				dst = appendToken(dst, s, start, i, base)
			}
			dst = appendToken(dst, s, i, i+n, base)
			start = i + n
		}
		i += n
		prev = classBefore(s, i)
	}
	if start < len(s) {
		dst = appendToken(dst, s, start, len(s), base)
	}
	return dst
}

// spaceLen returns the length of the white space character s starts with, or 0.
func spaceLen(s string) int {
	c := s[0]
	if c < utf8.RuneSelf {
		return lenIf(asciiClass[c]&clsSpace != 0, 1)
	}
	if c == 0xc2 {
		return lenIf(len(s) > 1 && (s[1] == 0x85 || s[1] == 0xa0), 2)
	}
	if c < 0xe1 || c > 0xe3 || len(s) < 3 {
		return 0
	}
	x, y := s[1], s[2]
	switch {
	case c == 0xe2 && x == 0x80: // U+2000 to 200A, 2028, 2029, 202F
		return lenIf(y >= 0x80 && y <= 0x8a || y == 0xa8 || y == 0xa9 || y == 0xaf, 3)
	case c == 0xe2: // U+205F
		return lenIf(x == 0x81 && y == 0x9f, 3)
	case c == 0xe1: // U+1680
		return lenIf(x == 0x9a && y == 0x80, 3)
	}
	return lenIf(x == 0x80 && y == 0x80, 3) // U+3000
}

// chunkEnd returns the end of the chunk that starts at i: the next white space.
func chunkEnd(s string, i int) int {
	for i < len(s) {
		if c := s[i]; (c <= ' ' || c >= 0xc2 && c <= 0xe3) && spaceLen(s[i:]) > 0 {
			break
		}
		i++
	}
	return i
}
