package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on foreign text in the page.
const (
	MaxSampleRunes = 1200      // of a sample's text
	maxLabelRunes  = 160       // of a name, path or reason
	maxConfigBytes = 256 << 10 // of the configuration
)

// run is a piece of document text, ready for the page. A control run shows
// characters that would be invisible or would reorder the text around them.
type run struct {
	Text    string
	Control bool
	Name    string // of the control characters
	Class   string // mark, ins, del, gap or empty
}

// runs cuts document text into runs that are safe to look at.
func runs(text, class string) []run {
	var out []run
	plain := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if shown, name := reveal(r, size); name != "" {
			if plain < i {
				out = append(out, run{Text: text[plain:i], Class: class})
			}
			out = append(out, run{Text: shown, Control: true, Name: name, Class: class})
			plain = i + size
		}
		i += size
	}
	if plain < len(text) {
		out = append(out, run{Text: text[plain:], Class: class})
	}
	return out
}

// visible is text with everything invisible or reordering spelled out.
func visible(text string) string {
	var b strings.Builder
	for _, r := range runs(text, "") {
		b.WriteString(r.Text)
	}
	return b.String()
}

// label is a name from outside, visible on one line and cut to a readable length.
func label(s string) string {
	cut, more := firstRunes(s, maxLabelRunes)
	cut = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, visible(cut))
	if more {
		cut += "\u2026"
	}
	return cut
}

// firstRunes is the beginning of s, at most n runes.
func firstRunes(s string, n int) (cut string, more bool) {
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}

// reveal says how to show a character that must not reach the page as it is;
// name is empty for all others. Joiners stay: some scripts are wrong without.
func reveal(r rune, size int) (shown, name string) {
	switch {
	case r == '\n' || r == '\t':
		return "", ""
	case r == utf8.RuneError && size <= 1:
		return "\ufffd", "invalid UTF-8"
	case r == '\u200c' || r == '\u200d':
		return "", ""
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
		unicode.Is(unicode.Cf, r) && r != '\u00ad', unicode.Is(unicode.Co, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
		return fmt.Sprintf("[U+%04X]", r), fmt.Sprintf("U+%04X", r)
	default:
		return "", ""
	}
}
