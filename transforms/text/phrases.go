package text

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

// stem is the part of a phrase that the scanner looks for; before is what has to
// stand in front of it, one of them, if anything.
type stem struct {
	text   string
	kind   phraseKind
	before []string
}

var stems = []stem{
	{text: "lorem ipsum", kind: phraseLorem},
	{text: "javascript", kind: phraseJavascript},
	{text: "terms of use", kind: phrasePolicy},
	{text: "privacy policy", kind: phrasePolicy},
	{text: "cookie policy", kind: phrasePolicy},
	{text: "cookies", kind: phrasePolicy, before: []string{"uses ", "use of ", "use "}},
}

// The scanner looks at the last two of stemLen bytes and skips as far as no stem
// can end there (Wu and Manber 1994). Bytes are folded to five bits, which
// makes case fall together; what matches is compared again.
const stemLen = 6

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
	for i := stemLen - 2; i+1 < len(text); {
		if n := skip[fold(text[i], text[i+1])]; n > 0 {
			i += int(n)
			continue
		}
		for k := range stems {
			dst = stems[k].match(dst, text, i-(stemLen-2))
		}
		i++
	}
	return dst
}

func (s *stem) match(dst []phrase, text string, at int) []phrase {
	if !hasPrefixFold(text[at:], s.text) {
		return dst
	}
	if s.before == nil {
		return append(dst, phrase{at, at + len(s.text), s.kind})
	}
	for _, b := range s.before {
		if from := at - len(b); from >= 0 && hasPrefixFold(text[from:], b) {
			return append(dst, phrase{from, at + len(s.text), s.kind})
		}
	}
	return dst
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
