package formats

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/datasets"
)

// Reasons of rejects. Those with a field's name follow the forms
// `missing field "text"` and `field "text" is a number`.
const (
	reasonNoJSON    = "no JSON"
	reasonNoObject  = "no object"
	reasonUTF8      = "invalid UTF-8"
	reasonSurrogate = "lone surrogate"
	reasonNUL       = "U+0000"
	reasonLong      = "row too long"
	reasonBomb      = "expands too much"
)

func missingField(name string) string           { return fmt.Sprintf("missing field %q", name) }
func wrongType(name string, what string) string { return fmt.Sprintf("field %q is %s", name, what) }

const excerptBytes = 200

// A fault is why a row is no document.
type fault struct {
	reason    string
	value     float64
	threshold float64
	hasValue  bool
	hasLimit  bool
	excerpt   []byte
}

func at(reason string, offset int, b []byte) *fault {
	return &fault{reason: reason, value: float64(offset), hasValue: true, excerpt: around(b, offset)}
}

// around is the part of b that shows what stands at an offset.
func around(b []byte, offset int) []byte {
	const before = 60
	start := max(0, min(offset, len(b))-before)
	for start > 0 && start < len(b) && !utf8.RuneStart(b[start]) {
		start--
	}
	return b[start:min(len(b), start+excerptBytes)]
}

func (f *fault) reject(file string, row int64, stage string) *datasets.Reject {
	r := &datasets.Reject{
		Row:     file + ":" + strconv.FormatInt(row, 10),
		Stage:   stage,
		Reason:  f.reason,
		Excerpt: Excerpt(f.excerpt),
	}
	if f.hasValue {
		r.Value = &f.value
	}
	if f.hasLimit {
		r.Threshold = &f.threshold
	}
	return r
}

// Excerpt shows the start of b in at most 200 bytes of printable UTF-8. Control
// characters, backslashes and bytes that are no UTF-8 are escaped as in a Go
// string; if there is more, it ends in "...".
func Excerpt(b []byte) string {
	const more = "..."
	var sb strings.Builder
	fits := 0 // length up to which "..." can still follow
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		piece := escape(r, n, b[0])
		if sb.Len()+len(piece) > excerptBytes {
			return sb.String()[:fits] + more
		}
		sb.WriteString(piece)
		b = b[n:]
		if sb.Len() <= excerptBytes-len(more) {
			fits = sb.Len()
		}
	}
	return sb.String()
}

func escape(r rune, n int, first byte) string {
	switch {
	case r == utf8.RuneError && n == 1:
		return fmt.Sprintf(`\x%02x`, first)
	case r == '\\':
		return `\\`
	case strconv.IsPrint(r):
		return string(r)
	default:
		q := strconv.QuoteRune(r)
		return q[1 : len(q)-1]
	}
}
