package pipelines

import (
	"slices"

	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/text"
)

// thresholdsOf lists the limits that a profile sets on the figures the report
// draws, by name of the figure.
func thresholdsOf(p text.Profile) map[string][]report.Threshold {
	out := map[string][]report.Threshold{}
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
	limit(text.StageC4, "c4_no_terminal_punct.sentences", float64(p.C4.MinSentences), true, "too_few_sentences")
	f := p.FineWeb
	limit(text.StageFineWeb, "fineweb_after_c4.line_punct_ratio", f.MinLinePunctRatio, true, "line_punct_ratio")
	limit(text.StageFineWeb, "fineweb_after_c4.short_line_ratio", f.MaxShortLineRatio, false, "short_line_ratio")
	limit(text.StageFineWeb, "fineweb_after_c4.char_dup_ratio", f.MaxCharDupRatio, false, "char_dup_ratio")
	limit(text.StageFineWeb, "fineweb_after_c4.list_ratio", f.MaxListRatio, false, "list_ratio")
	return out
}
