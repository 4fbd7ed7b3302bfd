package text

import (
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// repetition counts parts of a text (lines, paragraphs) and those seen before.
type repetition struct {
	parts, dup, dupRunes int64
	firstDup             english.Span
}

// lineShape is what FineWeb looks at in the lines of a text.
type lineShape struct {
	lines, punct, short, dupRunes int64
}

func (l *lineShape) add(line string, runes, shortLine int, seen bool) {
	l.lines++
	if endsTerminal(line) {
		l.punct++
	}
	if runes <= shortLine {
		l.short++
	}
	if seen {
		l.dupRunes += int64(runes)
	}
}

// endsTerminal reports whether the last character is an end mark.
func endsTerminal(line string) bool {
	if line == "" {
		return false
	}
	if c := line[len(line)-1]; c < utf8.RuneSelf {
		return c == '.' || c == '!' || c == '?'
	}
	r, _ := utf8.DecodeLastRuneInString(line)
	return english.IsTerminal(r)
}

// lines measures a text cut at newlines only, whatever stands beside them.
type lines struct {
	table table
	spans []english.Span // parts entered in the table

	gopher     repetition // lines between runs of newlines
	paragraphs repetition
	fineweb    lineShape // lines that are not blank
	newlines   int64
}

// measure reads the lines and paragraphs of text.
func (l *lines) measure(text string, ascii bool, shortLine int) {
	l.newlines = int64(strings.Count(text, "\n"))
	l.gopher, l.fineweb = repetition{}, lineShape{}
	l.reset(int(l.newlines) + 1)
	for from := 0; from < len(text); {
		to := len(text)
		if i := strings.IndexByte(text[from:], '\n'); i >= 0 {
			to = from + i
		}
		if to > from {
			line := text[from:to]
			runes := runesOf(line, ascii)
			seen := l.seen(text, from, to)
			l.gopher.add(seen, runes, from, to)
			if !IsBlank(line) {
				l.fineweb.add(line, runes, shortLine, seen)
			}
		}
		from = to + 1
	}
	l.emptyEnds(text)
	l.measureParagraphs(text, ascii)
}

// emptyEnds adds the empty lines that a leading and a trailing run of newlines
// cut off: the second of them has been seen before.
func (l *lines) emptyEnds(text string) {
	if text == "" {
		l.gopher.parts = 1
		return
	}
	ends := 0
	if text[0] == '\n' {
		ends++
	}
	if text[len(text)-1] == '\n' {
		ends++
	}
	l.gopher.parts += int64(ends)
	if ends == 2 {
		l.gopher.dup++
	}
}

// measureParagraphs cuts the stripped text at runs of two and more newlines.
func (l *lines) measureParagraphs(text string, ascii bool) {
	l.paragraphs = repetition{}
	body := english.TrimSpace(text)
	base := len(text) - len(strings.TrimLeftFunc(text, english.IsSpace))
	if !strings.Contains(body, "\n\n") {
		l.paragraphs.parts = 1
		return
	}
	l.reset(strings.Count(body, "\n\n") + 1)
	for from := 0; from <= len(body); {
		to, next := len(body), len(body)+1
		if i := strings.Index(body[from:], "\n\n"); i >= 0 {
			to = from + i
			for next = to + 2; next < len(body) && body[next] == '\n'; next++ {
			}
		}
		l.paragraphs.add(l.seen(body, from, to), runesOf(body[from:to], ascii), base+from, base+to)
		from = next
	}
}

func (r *repetition) add(seen bool, runes, from, to int) {
	r.parts++
	if !seen {
		return
	}
	if r.dup == 0 {
		r.firstDup = english.Span{Start: int32(from), End: int32(to)}
	}
	r.dup++
	r.dupRunes += int64(runes)
}

func (l *lines) reset(n int) {
	l.table.reset(n)
	l.spans = l.spans[:0]
}

// seen enters text[from:to] and reports whether it was there.
func (l *lines) seen(text string, from, to int) bool {
	part := text[from:to]
	_, found := l.table.insert(hashLine(part), int32(len(l.spans)), func(first int32) bool {
		s := l.spans[first]
		return part == text[s.Start:s.End]
	})
	if !found {
		l.spans = append(l.spans, english.Span{Start: int32(from), End: int32(to)})
	}
	return found
}

func runesOf(s string, ascii bool) int {
	if ascii {
		return len(s)
	}
	return countRunes(bytesOf(s))
}
