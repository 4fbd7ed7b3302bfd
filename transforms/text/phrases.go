package text

import (
	"cmp"
	"slices"
	"strings"
)

// What a line says that C4 does not want.
type phraseKind uint8

const (
	phraseNone phraseKind = iota
	phraseLorem
	phraseJavascript
	phrasePolicy
)

// phrase is one of them at text[start:end].
type phrase struct {
	start, end int
	kind       phraseKind
}

// phrases that a scanner looks for, of at least stemLen bytes. The others all have
// the word cookie, which is too short to skip far.
var stems = []struct {
	text string
	kind phraseKind
}{
	{"lorem ipsum", phraseLorem},
	{"javascript", phraseJavascript},
	{"terms of use", phrasePolicy},
	{"privacy policy", phrasePolicy},
}

// The scanner looks at the last two of stemLen bytes and skips as far as no stem
// can end there (Wu and Manber 1994). Bytes are folded to five bits, which
// makes case fall together; what matches is compared again.
const stemLen = 10

var skip = func() (t [1 << 10]uint8) {
	for i := range t {
		t[i] = stemLen - 1
	}
	for _, s := range stems {
		for end := 2; end <= stemLen; end++ {
			k := fold(s.text[end-2], s.text[end-1])
			t[k] = min(t[k], uint8(stemLen-end))
		}
	}
	return t
}()

func fold(a, b byte) int { return int(a&31)<<5 | int(b&31) }

// findPhrases appends the phrases of text, whatever their case, in order.
func findPhrases(dst []phrase, text string) []phrase {
	first := len(dst)
	dst = findCookies(dst, text)
	cookies := len(dst)
	for i := stemLen - 2; i+1 < len(text); {
		if n := skip[fold(text[i], text[i+1])]; n > 0 {
			i += int(n)
			continue
		}
		at := i - (stemLen - 2)
		for _, s := range stems {
			if hasPrefixFold(text[at:], s.text) {
				dst = append(dst, phrase{at, at + len(s.text), s.kind})
			}
		}
		i++
	}
	if first < cookies && cookies < len(dst) {
		slices.SortFunc(dst[first:], func(a, b phrase) int { return cmp.Compare(a.start, b.start) })
	}
	return dst
}

// findCookies appends the phrases around the word cookie, which it finds by its
// rarest letter.
func findCookies(dst []phrase, text string) []phrase {
	const ahead = len("coo")
	small, large := 0, 0 // the next k and K
	for from := 0; ; {
		small, large = nextByte(text, 'k', small, from), nextByte(text, 'K', large, from)
		at := min(small, large) - ahead
		if at+ahead >= len(text) {
			return dst
		}
		from = at + ahead + 1
		if at < 0 || !hasPrefixFold(text[at:], "cookie") {
			continue
		}
		if hasPrefixFold(text[at:], "cookie policy") {
			dst = append(dst, phrase{at, at + len("cookie policy"), phrasePolicy})
		} else if hasPrefixFold(text[at:], "cookies") {
			dst = cookiesUsed(dst, text, at)
		}
	}
}

func cookiesUsed(dst []phrase, text string, at int) []phrase {
	for _, before := range [...]string{"uses ", "use of ", "use "} {
		if from := at - len(before); from >= 0 && hasPrefixFold(text[from:], before) {
			return append(dst, phrase{from, at + len("cookies"), phrasePolicy})
		}
	}
	return dst
}

// nextByte returns where the first b at or after from is, given where the last
// one asked for is.
func nextByte(text string, b byte, last, from int) int {
	if last >= from && last > 0 {
		return last
	}
	if i := strings.IndexByte(text[from:], b); i >= 0 {
		return from + i
	}
	return len(text)
}

// hasPrefixFold reports whether s begins with the lower-case ASCII prefix.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// kelvin is the only character outside ASCII whose lower case is a letter of the
// phrases.
const kelvin = "\u212A"
