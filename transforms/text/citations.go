package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// citationEnd returns where the citation mark at line[at] ends, at which there is
// a '[': after [12], [], [edit] or [citation needed]. It is at itself otherwise.
func citationEnd(line string, at int) int {
	i := at + 1
	for i < len(line) {
		r, size := utf8.DecodeRuneInString(line[i:])
		if !unicode.IsDigit(r) {
			break
		}
		i += size
	}
	if i < len(line) && line[i] == ']' {
		return i + 1
	}
	for _, mark := range [...]string{"[edit]", "[citation needed]"} {
		if strings.HasPrefix(line[at:], mark) {
			return at + len(mark)
		}
	}
	return at
}

// cutCitations appends line without its citation marks to dst and reports
// whether there were any; dst is as before if not.
func cutCitations(dst []byte, line string) ([]byte, bool) {
	kept := 0
	for from := 0; ; {
		i := strings.IndexByte(line[from:], '[')
		if i < 0 {
			break
		}
		at := from + i
		end := citationEnd(line, at)
		if end == at {
			from = at + 1
			continue
		}
		dst = append(dst, line[kept:at]...)
		kept, from = end, end
	}
	if kept == 0 {
		return dst, false
	}
	return append(dst, line[kept:]...), true
}
