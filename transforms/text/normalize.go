package text

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalizers change texts before anything else looks at them.
type Normalizers []normalizer

type normalizer struct {
	name  string
	apply func(string) string
}

var normalizers = []normalizer{
	{"newlines", newlines},
	{"nfc", norm.NFC.String},
	{"spaces", spaces},
	{"control", control},
}

// ParseNormalizers returns the named ones, in the order given:
//
//	newlines  CRLF and CR become LF
//	nfc       Unicode normal form C
//	spaces    other blanks than space, tab and line ends become a space; blanks before a line end go
//	control   control characters but tab and line ends go, and so do byte order marks
func ParseNormalizers(names []string) (Normalizers, error) {
	var out Normalizers
	for _, name := range names {
		i := indexNormalizer(normalizers, name)
		if i < 0 {
			return nil, fmt.Errorf("unknown normalizer %q: have newlines, nfc, spaces, control", name)
		}
		if indexNormalizer(out, name) >= 0 {
			return nil, fmt.Errorf("normalizer %q is there twice", name)
		}
		out = append(out, normalizers[i])
	}
	return out, nil
}

func indexNormalizer(in []normalizer, name string) int {
	for i, n := range in {
		if n.name == name {
			return i
		}
	}
	return -1
}

// Apply returns the normalised text and the names, comma separated, of those
// that changed it.
func (n Normalizers) Apply(text string) (out, applied string) {
	for _, one := range n {
		next := one.apply(text)
		if next == text {
			continue
		}
		if applied != "" {
			applied += ","
		}
		applied += one.name
		text = next
	}
	return text, applied
}

func newlines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return string(appendLF(make([]byte, 0, len(text)), text))
}

func spaces(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, text)
	if !strings.Contains(text, " \n") && !strings.Contains(text, "\t\n") && strings.TrimRight(text, " \t") == text {
		return text
	}
	out := make([]byte, 0, len(text))
	for line := range strings.SplitAfterSeq(text, "\n") {
		body := strings.TrimSuffix(line, "\n")
		out = append(append(out, strings.TrimRight(body, " \t")...), line[len(body):]...)
	}
	return string(out)
}

func control(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFEFF' || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			return -1
		}
		return r
	}, text)
}
