package pipelines

import (
	"slices"

	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/text"
)

// thresholdsOf lists the limits that a profile sets on the figures the report
// draws, by name of the figure.
func thresholdsOf(p text.Profile) map[string][]report.Threshold {
	out, drawn := map[string][]report.Threshold{}, drawnFor(p)
	limit := func(stage, figure string, value float64, below bool, reason string) {
		if value != 0 && slices.Contains(p.Stages, stage) {
			out[figure] = append(out[figure], report.Threshold{Value: value, DropsBelow: below, Reason: reason})
		}
	}
	q := p.GopherQuality
	limit(text.StageGopherQuality, "gopher_quality.alpha_ratio", q.MinAlphaRatio, true, "gopher_below_alpha_threshold")
	limit(text.StageGopherQuality, "gopher_quality.avg_word_length", q.MinAvgWordLength, true, "gopher_below_avg_threshold")
	limit(text.StageGopherQuality, "gopher_quality.avg_word_length", q.MaxAvgWordLength, false, "gopher_above_avg_threshold")
	limit(text.StageGopherQuality, "gopher_quality.non_symbol_words", float64(q.MinDocWords), true, "gopher_short_doc")
	limit(text.StageGopherQuality, "gopher_quality.non_symbol_words", float64(q.MaxDocWords), false, "gopher_long_doc")
	limit(text.StageGopherQuality, "gopher_quality.stop_words", float64(q.MinStopWords), true, "gopher_enough_stop_words")
	g := p.GopherRepetition
	limit(text.StageGopherRepetition, "gopher_repetition.dup_line_frac", g.DupLineFrac, false, "dup_line_frac")
	limit(text.StageGopherRepetition, "gopher_repetition.top_2_gram_frac", g.Top2GramFrac, false, "top_2_gram")
	limit(text.StageGopherRepetition, "gopher_repetition.dup_5_gram_frac", g.Dup5GramFrac, false, "duplicated_5_n_grams")
	c4, fineweb := "c4_no_terminal_punct.", "fineweb_after_c4."
	if drawn.EndMarks {
		c4 = "c4_quality."
	}
	if drawn.Original {
		fineweb = "fineweb_quality."
	}
	limit(text.StageC4, c4+"sentences", float64(p.C4.MinSentences), true, "too_few_sentences")
	f := p.FineWeb
	limit(text.StageFineWeb, fineweb+"line_punct_ratio", f.MinLinePunctRatio, true, "line_punct_ratio")
	limit(text.StageFineWeb, fineweb+"short_line_ratio", f.MaxShortLineRatio, false, "short_line_ratio")
	limit(text.StageFineWeb, fineweb+"char_dup_ratio", f.MaxCharDupRatio, false, "char_dup_ratio")
	limit(text.StageFineWeb, fineweb+"list_ratio", f.MaxListRatio, false, "list_ratio")
	return out
}

// drawnFor chooses, of the figures that are measured twice, those that the
// profile decides by.
func drawnFor(p text.Profile) report.Variant {
	c4, fineweb := slices.Index(p.Stages, text.StageC4), slices.Index(p.Stages, text.StageFineWeb)
	return report.Variant{EndMarks: p.Lines.TerminalPunct, Original: fineweb >= 0 && (c4 < 0 || fineweb < c4)}
}
