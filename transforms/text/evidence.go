package text

import (
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// evidence is the part of the text just analysed that best shows why a figure is
// what it is: the most frequent n-gram, the first line seen before. Figures
// of the document as a whole have none.
func (a *Analyzer) evidence(stage, figure, text string) english.Span {
	switch stage {
	case StageGopherRepetition:
		return a.repetitionEvidence(figure)
	case StageGopherQuality:
		return a.qualityEvidence(figure, text)
	case StageFineWeb:
		return lineEvidence(figure, text, a.c4.rules.ShortLine)
	}
	return english.Span{}
}

func (a *Analyzer) repetitionEvidence(figure string) english.Span {
	spans, g := a.words.spans, &a.grams
	switch figure {
	case "dup_para_frac", "dup_para_char_frac":
		return a.lines.paragraphs.firstDup
	case "dup_line_frac", "dup_line_char_frac":
		return a.lines.gopher.firstDup
	case "top_2_gram_frac":
		return g.top[2].first.span(spans)
	case "top_3_gram_frac":
		return g.top[3].first.span(spans)
	case "top_4_gram_frac":
		return g.top[4].first.span(spans)
	case "dup_5_gram_frac":
		return g.dupAt[5].span(spans)
	case "dup_6_gram_frac":
		return g.dupAt[6].span(spans)
	case "dup_7_gram_frac":
		return g.dupAt[7].span(spans)
	case "dup_8_gram_frac":
		return g.dupAt[8].span(spans)
	case "dup_9_gram_frac":
		return g.dupAt[9].span(spans)
	case "dup_10_gram_frac":
		return g.dupAt[10].span(spans)
	}
	return english.Span{}
}

func (a *Analyzer) qualityEvidence(figure, text string) english.Span {
	switch figure {
	case "hash_ratio":
		return firstOf(text, "#")
	case "ellipsis_ratio":
		return firstOf(text, "...", "…")
	case "bullet_ratio":
		return a.firstLine(text, func(line string) bool { return strings.HasPrefix(line, "-") || strings.HasPrefix(line, "•") })
	case "end_ellipsis_ratio":
		return a.firstLine(text, func(line string) bool { return strings.HasSuffix(line, "...") || strings.HasSuffix(line, "…") })
	case "alpha_ratio":
		return a.firstWord(func(s english.Span) bool { return classify([]byte(text[s.Start:s.End]))&isAlpha == 0 })
	case "avg_word_length":
		longest := english.Span{}
		a.firstWord(func(s english.Span) bool {
			if s.End-s.Start > longest.End-longest.Start {
				longest = s
			}
			return false
		})
		return longest
	}
	return english.Span{}
}

func firstOf(text string, parts ...string) (s english.Span) {
	for _, p := range parts {
		if i := strings.Index(text, p); i >= 0 && (s.End == 0 || i < int(s.Start)) {
			s = english.Span{Start: int32(i), End: int32(i + len(p))}
		}
	}
	return s
}

func (a *Analyzer) firstLine(text string, want func(stripped string) bool) english.Span {
	for _, l := range a.c4.lines {
		if s := strip(text, l); want(text[s.Start:s.End]) {
			return s
		}
	}
	return english.Span{}
}

func (a *Analyzer) firstWord(want func(english.Span) bool) english.Span {
	for _, s := range a.words.spans {
		if want(s) {
			return s
		}
	}
	return english.Span{}
}

// lineEvidence finds the first line that counts against a FineWeb figure.
func lineEvidence(figure, text string, shortLine int) english.Span {
	seen := map[string]bool{}
	from := 0
	for line := range strings.SplitSeq(text, "\n") {
		at := english.Span{Start: int32(from), End: int32(from + len(line))}
		from += len(line) + 1
		if IsBlank(line) {
			continue
		}
		switch {
		case figure == "line_punct_ratio" && !endsTerminal(line),
			figure == "short_line_ratio" && utf8.RuneCountInString(line) <= shortLine,
			figure == "char_dup_ratio" && seen[line]:
			return at
		}
		seen[line] = true
	}
	return english.Span{}
}

// evidence is the line that dropped the document.
func (v *variant) evidence(figure, text string) english.Span {
	switch figure {
	case "lorem_ipsum", "curly_bracket":
		return v.at
	}
	return english.Span{}
}

// locate finds a line of the edited text in the original. Lines whose citations
// were cut are not in it.
func locate(original, edited string, s english.Span) english.Span {
	line := edited[s.Start:s.End]
	if line == "" {
		return english.Span{}
	}
	return firstOf(original, line)
}
