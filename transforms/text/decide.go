package text

import "github.com/chimera-1/chimera/datasets"

// Verdict is what a filter or a profile decides about one document, with the
// figure that decided: its name within the stage's signals, its value and the
// threshold it crossed. A Verdict that keeps has no stage.
type Verdict struct {
	Keep      bool
	Stage     string
	Reason    string
	Figure    string
	Value     float64
	Threshold float64
}

// Decide applies the profile to a document's signals. Stages run in order and
// the first that drops the document names the reason.
func (p Profile) Decide(s *datasets.Signals) Verdict {
	afterC4 := false
	for _, stage := range p.Stages {
		if s == nil {
			panic("text: profile " + p.Name + " decides by signals, and there are none")
		}
		if v := p.judge(stage, s, afterC4); !v.Keep {
			v.Stage = stage
			return v
		}
		afterC4 = afterC4 || stage == StageC4
	}
	return Verdict{Keep: true}
}

func (p Profile) judge(stage string, s *datasets.Signals, afterC4 bool) Verdict {
	switch stage {
	case StageGopherRepetition:
		return p.GopherRepetition.judge(&s.GopherRepetition)
	case StageGopherQuality:
		return p.GopherQuality.judge(&s.GopherQuality)
	case StageC4:
		if p.Lines.TerminalPunct {
			return p.C4.judge(s.C4Quality, p.Lines)
		}
		return p.C4.judge(datasets.C4Quality(s.C4NoTerminalPunct), p.Lines)
	case StageFineWeb:
		if afterC4 && s.FineWebAfterC4 != nil {
			return p.FineWeb.judge((*datasets.FineWebQuality)(s.FineWebAfterC4))
		}
		return p.FineWeb.judge(&s.FineWebQuality)
	}
	panic("text: no such stage: " + stage)
}

// rules collects the verdict of a filter: the first rule that drops decides.
type rules struct{ v Verdict }

func newRules() rules { return rules{Verdict{Keep: true}} }

func (r *rules) drop(reason, figure string, value, limit float64) {
	if r.v.Keep {
		r.v = Verdict{Reason: reason, Figure: figure, Value: value, Threshold: limit}
	}
}

// above drops if value is known and above a limit that is on.
func (r *rules) above(reason, figure string, value *float64, limit float64) {
	if limit > 0 && value != nil && *value > limit {
		r.drop(reason, figure, *value, limit)
	}
}

func (r *rules) below(reason, figure string, value *float64, limit float64) {
	if limit > 0 && value != nil && *value < limit {
		r.drop(reason, figure, *value, limit)
	}
}

func (r *rules) countAbove(reason, figure string, value, limit int64) {
	if limit > 0 && value > limit {
		r.drop(reason, figure, float64(value), float64(limit))
	}
}

func (r *rules) countBelow(reason, figure string, value, limit int64) {
	if limit > 0 && value < limit {
		r.drop(reason, figure, float64(value), float64(limit))
	}
}

func (t RepetitionThresholds) judge(g *datasets.GopherRepetition) Verdict {
	r := newRules()
	if g.Chars == 0 {
		r.drop("empty", "chars", 0, 0)
	}
	r.above("dup_para_frac", "dup_para_frac", g.DupParaFrac, t.DupParaFrac)
	r.above("dup_para_char_frac", "dup_para_char_frac", g.DupParaCharFrac, t.DupParaCharFrac)
	r.above("dup_line_frac", "dup_line_frac", g.DupLineFrac, t.DupLineFrac)
	r.above("dup_line_char_frac", "dup_line_char_frac", g.DupLineCharFrac, t.DupLineCharFrac)
	r.above("top_2_gram", "top_2_gram_frac", g.Top2GramFrac, t.Top2GramFrac)
	r.above("top_3_gram", "top_3_gram_frac", g.Top3GramFrac, t.Top3GramFrac)
	r.above("top_4_gram", "top_4_gram_frac", g.Top4GramFrac, t.Top4GramFrac)
	r.above("duplicated_5_n_grams", "dup_5_gram_frac", g.Dup5GramFrac, t.Dup5GramFrac)
	r.above("duplicated_6_n_grams", "dup_6_gram_frac", g.Dup6GramFrac, t.Dup6GramFrac)
	r.above("duplicated_7_n_grams", "dup_7_gram_frac", g.Dup7GramFrac, t.Dup7GramFrac)
	r.above("duplicated_8_n_grams", "dup_8_gram_frac", g.Dup8GramFrac, t.Dup8GramFrac)
	r.above("duplicated_9_n_grams", "dup_9_gram_frac", g.Dup9GramFrac, t.Dup9GramFrac)
	r.above("duplicated_10_n_grams", "dup_10_gram_frac", g.Dup10GramFrac, t.Dup10GramFrac)
	return r.v
}

func (t QualityThresholds) judge(g *datasets.GopherQuality) Verdict {
	r := newRules()
	r.countBelow("gopher_short_doc", "non_symbol_words", g.NonSymbolWords, t.MinDocWords)
	r.countAbove("gopher_long_doc", "non_symbol_words", g.NonSymbolWords, t.MaxDocWords)
	r.below("gopher_below_avg_threshold", "avg_word_length", g.AvgWordLength, t.MinAvgWordLength)
	r.above("gopher_above_avg_threshold", "avg_word_length", g.AvgWordLength, t.MaxAvgWordLength)
	r.above("gopher_too_many_hashes", "hash_ratio", g.HashRatio, t.MaxHashRatio)
	r.above("gopher_too_many_ellipsis", "ellipsis_ratio", g.EllipsisRatio, t.MaxEllipsisRatio)
	r.above("gopher_too_many_bullets", "bullet_ratio", g.BulletRatio, t.MaxBulletRatio)
	r.above("gopher_too_many_end_ellipsis", "end_ellipsis_ratio", g.EndEllipsisRatio, t.MaxEndEllipsisRatio)
	r.below("gopher_below_alpha_threshold", "alpha_ratio", g.AlphaRatio, t.MinAlphaRatio)
	r.countBelow("gopher_enough_stop_words", "stop_words", g.StopWords, t.MinStopWords)
	return r.v
}

func (t C4Thresholds) judge(c datasets.C4Quality, lines LineRules) Verdict {
	r := newRules()
	if c.LoremIpsum && lines.LoremIpsum {
		r.drop("lorem_ipsum", "lorem_ipsum", 1, 0)
	}
	if c.CurlyBrace && lines.CurlyBracket {
		r.drop("curly_bracket", "curly_bracket", 1, 0)
	}
	r.countBelow("too_few_sentences", "sentences", c.Sentences, t.MinSentences)
	return r.v
}

func (t FineWebThresholds) judge(f *datasets.FineWebQuality) Verdict {
	r := newRules()
	if f.Lines == 0 {
		r.drop("empty", "lines", 0, 0)
	}
	if !(t.LinePunctExcludeZero && f.PunctLines == 0) {
		r.below("line_punct_ratio", "line_punct_ratio", f.LinePunctRatio, t.MinLinePunctRatio)
	}
	r.above("short_line_ratio", "short_line_ratio", f.ShortLineRatio, t.MaxShortLineRatio)
	r.above("char_dup_ratio", "char_dup_ratio", f.CharDupRatio, t.MaxCharDupRatio)
	r.above("list_ratio", "list_ratio", f.ListRatio, t.MaxListRatio)
	return r.v
}
