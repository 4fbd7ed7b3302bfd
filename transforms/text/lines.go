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
	lines, paras parts

	gopher     repetition // lines between runs of newlines
	paragraphs repetition // parts of the stripped text between runs of two and more newlines
	fineweb    lineShape  // lines that are not blank
	newlines   int64
}

// measure reads the lines and paragraphs of text.
func (l *lines) measure(text string, ascii bool, shortLine int) {
	l.newlines = int64(strings.Count(text, "\n"))
	l.gopher, l.paragraphs, l.fineweb = repetition{}, repetition{}, lineShape{}
	l.lines.reset(int(l.newlines) + 1)
	l.paras.reset(int(l.newlines)/2 + 1)
	body := strip(text, english.Span{End: int32(len(text))})
	para := body // the paragraph being read: its end is not known yet
	between := false
	for from := 0; from < len(text); {
		to := len(text)
		if i := strings.IndexByte(text[from:], '\n'); i >= 0 {
			to = from + i
		}
		inside := from > int(body.Start) && from < int(body.End)
		if to > from {
			l.line(text, from, to, ascii, shortLine)
			if inside && between {
				para.Start, between = int32(from), false
			}
		} else if inside && !between {
			l.paragraph(text, int(para.Start), from-1, ascii)
			between = true
		}
		from = to + 1
	}
	if l.paragraphs.parts == 0 {
		l.paragraphs.parts = 1 // the whole text, which needs no comparison
	} else {
		l.paragraph(text, int(para.Start), int(body.End), ascii)
	}
	l.emptyEnds(text)
}

func (l *lines) line(text string, from, to int, ascii bool, shortLine int) {
	line := text[from:to]
	runes := runesOf(line, ascii)
	seen := l.lines.seen(text, from, to)
	l.gopher.add(seen, runes, from, to)
	if !IsBlank(line) {
		l.fineweb.add(line, runes, shortLine, seen)
	}
}

func (l *lines) paragraph(text string, from, to int, ascii bool) {
	l.paragraphs.add(l.paras.seen(text, from, to), runesOf(text[from:to], ascii), from, to)
}

// emptyEnds adds the empty lines that a leading and a trailing run of newlines
// cut off: the second of them has been seen before.
func (l *lines) emptyEnds(text string) {
	ends := 0
	if strings.HasPrefix(text, "\n") {
		ends++
	}
	if strings.HasSuffix(text, "\n") {
		ends++
	}
	l.gopher.parts += int64(ends)
	if ends == 2 {
		l.gopher.dup++
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

// parts are different pieces of a text.
type parts struct {
	table table
	spans []english.Span
}

func (p *parts) reset(n int) {
	p.table.reset(n)
	p.spans = p.spans[:0]
}

// seen enters text[from:to] and reports whether it was there.
func (p *parts) seen(text string, from, to int) bool {
	part := text[from:to]
	_, found := p.table.insert(hashLine(part), int32(len(p.spans)), func(first int32) bool {
		s := p.spans[first]
		return part == text[s.Start:s.End]
	})
	if !found {
		p.spans = append(p.spans, english.Span{Start: int32(from), End: int32(to)})
	}
	return found
}

func runesOf(s string, ascii bool) int {
	if ascii {
		return len(s)
	}
	return countRunes(bytesOf(s))
}
