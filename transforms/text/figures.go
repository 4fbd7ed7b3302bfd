package text

import "github.com/chimera-1/chimera/datasets"

// Figures as JSON, under the names of the reference data. A struct each, so that
// their order is fixed.

// RepetitionFigures are the Gopher repetition figures with the n-grams as
// objects: n to [code points, share of the text].
type RepetitionFigures struct {
	datasets.GopherRepetition
	TopGram map[string]*[2]any `json:"top_gram"` // null: fewer than n words
	DupGram map[string]*[2]any `json:"dup_gram"`
}

func repetitionFig(g *datasets.GopherRepetition) *RepetitionFigures {
	top := func(figure *int64, frac *float64) *[2]any {
		if figure == nil {
			return nil
		}
		return &[2]any{*figure, frac}
	}
	return &RepetitionFigures{
		GopherRepetition: *g,
		TopGram:          map[string]*[2]any{"2": top(g.Top2Gram, g.Top2GramFrac), "3": top(g.Top3Gram, g.Top3GramFrac), "4": top(g.Top4Gram, g.Top4GramFrac)},
		DupGram: map[string]*[2]any{
			"5": {g.Dup5Gram, g.Dup5GramFrac}, "6": {g.Dup6Gram, g.Dup6GramFrac}, "7": {g.Dup7Gram, g.Dup7GramFrac},
			"8": {g.Dup8Gram, g.Dup8GramFrac}, "9": {g.Dup9Gram, g.Dup9GramFrac}, "10": {g.Dup10Gram, g.Dup10GramFrac},
		},
	}
}

// C4Figures are C4's counts with one letter a line: K kept, L long word, P no end
// mark, W few words, J javascript, Y policy phrase; ! lorem ipsum or { curly
// bracket end the document.
type C4Figures struct {
	Lines string `json:"lines"`
	datasets.C4Quality
}

// SignalFigures are all figures of a document.
type SignalFigures struct {
	GopherRepetition  *RepetitionFigures       `json:"gopher_repetition"`
	GopherQuality     *datasets.GopherQuality  `json:"gopher_quality"`
	C4Quality         C4Figures                `json:"c4_quality"`
	C4NoTerminalPunct C4Figures                `json:"c4_no_terminal_punct"`
	FineWebQuality    *datasets.FineWebQuality `json:"fineweb_quality"`
	FineWebAfterC4    *datasets.FineWebAfterC4 `json:"fineweb_after_c4"`
}

func (a *Analyzer) figuresOf(s *datasets.Signals) SignalFigures {
	return SignalFigures{
		GopherRepetition:  repetitionFig(&s.GopherRepetition),
		GopherQuality:     &s.GopherQuality,
		C4Quality:         C4Figures{string(a.c4.endMark.fates), s.C4Quality},
		C4NoTerminalPunct: C4Figures{string(a.c4.any.fates), datasets.C4Quality(s.C4NoTerminalPunct)},
		FineWebQuality:    &s.FineWebQuality,
		FineWebAfterC4:    s.FineWebAfterC4,
	}
}
