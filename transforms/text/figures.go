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

func qualityFig(g *datasets.GopherQuality) *datasets.GopherQuality { return g }

func fineWebFig(f *datasets.FineWebQuality) *datasets.FineWebQuality { return f }
