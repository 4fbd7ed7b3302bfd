package report

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// excerpt is the part of a sample's text that the page shows: about
// MaxSampleRunes around the first mark, else from the beginning.
type excerpt struct {
	Runs   []run
	Before bool // text was cut off before it
	After  bool // text was cut off after it
	Shown  int64
}

// newExcerpt works on the neighbourhood of the first mark only, however long
// the text is.
func newExcerpt(text string, marks []Mark) excerpt {
	marks = tidyMarks(text, marks)
	start := 0
	if len(marks) > 0 {
		start = leadIn(text, marks[0].Start)
	}
	part, after := firstRunes(text[start:], MaxSampleRunes)
	e := excerpt{Before: start > 0, After: after, Shown: int64(utf8.RuneCountInString(part))}
	at, end := start, start+len(part)
	for _, m := range marks {
		if m.Start >= end {
			break
		}
		stop := min(m.End, end)
		e.Runs = append(e.Runs, runs(text[at:m.Start], "")...)
		e.Runs = append(e.Runs, runs(text[m.Start:stop], "mark")...)
		at = stop
	}
	e.Runs = append(e.Runs, runs(text[at:end], "")...)
	return e
}

// tidyMarks are the marks within the text, sorted, joined where they touch, on
// the borders of runes.
func tidyMarks(text string, marks []Mark) []Mark {
	sorted := slices.Clone(marks)
	slices.SortFunc(sorted, func(a, b Mark) int { return a.Start - b.Start })
	var out []Mark
	for _, m := range sorted {
		m.Start, m.End = snap(text, m.Start), snap(text, m.End)
		if m.Start >= m.End {
			continue
		}
		if k := len(out) - 1; k >= 0 && m.Start <= out[k].End {
			out[k].End = max(out[k].End, m.End)
			continue
		}
		out = append(out, m)
	}
	return out
}

// snap moves an offset into the text and back to the beginning of its rune.
func snap(text string, i int) int {
	i = min(max(i, 0), len(text))
	for k := i; k > i-utf8.UTFMax && k > 0 && k < len(text); k-- {
		if utf8.RuneStart(text[k]) {
			return k
		}
	}
	return i
}

// leadRunes is how much of the text stands before the first mark.
const leadRunes = 160

// leadIn is where an excerpt begins that leads to the text at i: at a line if
// there is one, else at a word, else anywhere.
func leadIn(text string, i int) int {
	start := backRunes(text, i, leadRunes)
	if backRunes(text, start, leadRunes/2) == 0 {
		return 0 // not worth a cut
	}
	if k := strings.IndexByte(text[start:i], '\n'); k >= 0 && k < (i-start)/2 {
		return start + k + 1
	}
	if k := strings.IndexByte(text[start:i], ' '); k >= 0 && k < (i-start)/2 {
		return start + k + 1
	}
	return start
}

// backRunes is the offset n runes before i.
func backRunes(text string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
	}
	return i
}
