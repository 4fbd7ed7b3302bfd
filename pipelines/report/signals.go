package report

import (
	"strings"

	"github.com/chimera-1/chimera/datasets"
)

// figure is one of the signals whose distribution the report draws.
type figure struct {
	name, title, unit string
	scale             Scale
	of                func(*datasets.Signals) *float64 // nil: the row does not have it
}

// figures in the order of the page. Bins are chosen so that the reference
// thresholds fall on their edges; the long tails beyond Hi are counted as one.
var figures = []figure{
	{"gopher_quality.alpha_ratio", "Words with a letter", "", Scale{0, 1, 50, false}, func(s *datasets.Signals) *float64 { return s.GopherQuality.AlphaRatio }},
	{"gopher_quality.avg_word_length", "Mean word length", "characters", Scale{0, 15, 60, false}, func(s *datasets.Signals) *float64 { return s.GopherQuality.AvgWordLength }},
	{"gopher_quality.non_symbol_words", "Words", "words", Scale{1, 1e6, 60, true}, func(s *datasets.Signals) *float64 { return count(s.GopherQuality.NonSymbolWords) }},
	{"gopher_quality.stop_words", "Distinct stop words", "of 8", Scale{0, 9, 9, false}, func(s *datasets.Signals) *float64 { return count(s.GopherQuality.StopWords) }},
	{"gopher_repetition.dup_line_frac", "Repeated lines", "", Scale{0, 1, 50, false}, func(s *datasets.Signals) *float64 { return s.GopherRepetition.DupLineFrac }},
	{"gopher_repetition.top_2_gram_frac", "Most frequent 2-gram", "", Scale{0, 0.5, 50, false}, func(s *datasets.Signals) *float64 { return s.GopherRepetition.Top2GramFrac }},
	{"gopher_repetition.dup_5_gram_frac", "Repeated 5-grams", "", Scale{0, 0.5, 50, false}, func(s *datasets.Signals) *float64 { return s.GopherRepetition.Dup5GramFrac }},
	{"c4_no_terminal_punct.sentences", "Sentences in kept lines", "sentences", Scale{0, 50, 50, false}, func(s *datasets.Signals) *float64 { return count(s.C4NoTerminalPunct.Sentences) }},
	{"c4_quality.sentences", "Sentences in kept lines", "sentences", Scale{0, 50, 50, false}, func(s *datasets.Signals) *float64 { return count(s.C4Quality.Sentences) }},
	{"fineweb_after_c4.line_punct_ratio", "Lines with an end mark", "", Scale{0, 1, 50, false}, afterC4(func(f *datasets.FineWebAfterC4) *float64 { return f.LinePunctRatio })},
	{"fineweb_after_c4.short_line_ratio", "Short lines", "", Scale{0, 1, 100, false}, afterC4(func(f *datasets.FineWebAfterC4) *float64 { return f.ShortLineRatio })},
	{"fineweb_after_c4.char_dup_ratio", "Characters in repeated lines", "", Scale{0, 0.1, 50, false}, afterC4(func(f *datasets.FineWebAfterC4) *float64 { return f.CharDupRatio })},
	{"fineweb_after_c4.list_ratio", "Line breaks per word", "", Scale{0, 1, 50, false}, afterC4(func(f *datasets.FineWebAfterC4) *float64 { return f.ListRatio })},
	{"fineweb_quality.line_punct_ratio", "Lines with an end mark", "", Scale{0, 1, 50, false}, func(s *datasets.Signals) *float64 { return s.FineWebQuality.LinePunctRatio }},
	{"fineweb_quality.short_line_ratio", "Short lines", "", Scale{0, 1, 100, false}, func(s *datasets.Signals) *float64 { return s.FineWebQuality.ShortLineRatio }},
	{"fineweb_quality.char_dup_ratio", "Characters in repeated lines", "", Scale{0, 0.5, 50, false}, func(s *datasets.Signals) *float64 { return s.FineWebQuality.CharDupRatio }},
	{"fineweb_quality.list_ratio", "Line breaks per word", "", Scale{0, 1, 50, false}, func(s *datasets.Signals) *float64 { return s.FineWebQuality.ListRatio }},
}

func count(n int64) *float64 {
	v := float64(n)
	return &v
}

func afterC4(of func(*datasets.FineWebAfterC4) *float64) func(*datasets.Signals) *float64 {
	return func(s *datasets.Signals) *float64 {
		if s.FineWebAfterC4 == nil {
			return nil
		}
		return of(s.FineWebAfterC4)
	}
}

// Variant says by which of the figures that are measured twice a profile
// decides: the page draws those.
type Variant struct {
	EndMarks bool // C4's with the end-mark rule
	Original bool // FineWeb's of the text as it came, not of what C4 leaves
}

func (v Variant) draws(name string) bool {
	stage, _, _ := strings.Cut(name, ".")
	switch stage {
	case "c4_quality":
		return v.EndMarks
	case "c4_no_terminal_punct":
		return !v.EndMarks
	case "fineweb_quality":
		return v.Original
	case "fineweb_after_c4":
		return !v.Original
	}
	return true
}

// Signals are the sketches of the main signals, in the order of the page. The
// slice travels as JSON.
type Signals []*Sketch

// NewSignals returns empty sketches of the main signals.
func NewSignals(v Variant) Signals {
	var out Signals
	for _, f := range figures {
		if v.draws(f.name) {
			out = append(out, NewSketch(f.name, f.title, f.unit, f.scale))
		}
	}
	return out
}

// Add counts one row. kept says that the filters keep it, whatever the search
// for duplicates then says.
func (s Signals) Add(row *datasets.Signals, kept bool) {
	next := figures // the sketches are some of the figures, in their order
	for _, sk := range s {
		for next[0].name != sk.Figure {
			next = next[1:]
		}
		if v := next[0].of(row); v != nil {
			sk.Add(*v, kept)
		} else {
			sk.AddMissing(kept)
		}
	}
}

// Merge adds the counts of o.
func (s Signals) Merge(o Signals) {
	for i := range s {
		s[i].Merge(o[i])
	}
}

// Charts pairs the sketches with the profile's thresholds, by name of figure.
func (s Signals) Charts(thresholds map[string][]Threshold) []Chart {
	out := make([]Chart, len(s))
	for i, sk := range s {
		out[i] = Chart{Histogram: sk.Histogram, Thresholds: thresholds[sk.Figure]}
	}
	return out
}

// Lengths returns an empty sketch of text lengths for Part.Length, eight bins
// to a factor of ten.
func Lengths() *Sketch {
	return NewSketch("chars", "Length", "characters", Scale{1, 1e7, 56, true})
}
