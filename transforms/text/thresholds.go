package text

// Thresholds of every filter. A threshold of 0 switches its rule off.
type Thresholds struct {
	GopherRepetition RepetitionThresholds `yaml:"gopher_repetition" json:"gopher_repetition"`
	GopherQuality    QualityThresholds    `yaml:"gopher_quality" json:"gopher_quality"`
	C4               C4Thresholds         `yaml:"c4_quality" json:"c4_quality"`
	FineWeb          FineWebThresholds    `yaml:"fineweb_quality" json:"fineweb_quality"`
}

// RepetitionThresholds are upper limits of the shares that repeat. Above one of
// them a document is dropped.
type RepetitionThresholds struct {
	DupParaFrac     float64 `yaml:"dup_para_frac" json:"dup_para_frac"`           // paragraphs seen before, of paragraphs
	DupParaCharFrac float64 `yaml:"dup_para_char_frac" json:"dup_para_char_frac"` // their characters, of all
	DupLineFrac     float64 `yaml:"dup_line_frac" json:"dup_line_frac"`           // lines seen before, of lines
	DupLineCharFrac float64 `yaml:"dup_line_char_frac" json:"dup_line_char_frac"` // their characters, of all
	Top2GramFrac    float64 `yaml:"top_2_gram_frac" json:"top_2_gram_frac"`       // characters of the most frequent 2-gram, of all
	Top3GramFrac    float64 `yaml:"top_3_gram_frac" json:"top_3_gram_frac"`
	Top4GramFrac    float64 `yaml:"top_4_gram_frac" json:"top_4_gram_frac"`
	Dup5GramFrac    float64 `yaml:"dup_5_gram_frac" json:"dup_5_gram_frac"` // characters of 5-grams seen before, of all
	Dup6GramFrac    float64 `yaml:"dup_6_gram_frac" json:"dup_6_gram_frac"`
	Dup7GramFrac    float64 `yaml:"dup_7_gram_frac" json:"dup_7_gram_frac"`
	Dup8GramFrac    float64 `yaml:"dup_8_gram_frac" json:"dup_8_gram_frac"`
	Dup9GramFrac    float64 `yaml:"dup_9_gram_frac" json:"dup_9_gram_frac"`
	Dup10GramFrac   float64 `yaml:"dup_10_gram_frac" json:"dup_10_gram_frac"`
}

// QualityThresholds bound what a text of words and lines looks like.
type QualityThresholds struct {
	MinDocWords         int64   `yaml:"min_doc_words" json:"min_doc_words"` // words that are not all punctuation
	MaxDocWords         int64   `yaml:"max_doc_words" json:"max_doc_words"`
	MinAvgWordLength    float64 `yaml:"min_avg_word_length" json:"min_avg_word_length"` // code points
	MaxAvgWordLength    float64 `yaml:"max_avg_word_length" json:"max_avg_word_length"`
	MaxHashRatio        float64 `yaml:"max_hash_ratio" json:"max_hash_ratio"`                 // number signs per word
	MaxEllipsisRatio    float64 `yaml:"max_ellipsis_ratio" json:"max_ellipsis_ratio"`         // ellipses per word
	MaxBulletRatio      float64 `yaml:"max_bullet_ratio" json:"max_bullet_ratio"`             // of lines
	MaxEndEllipsisRatio float64 `yaml:"max_end_ellipsis_ratio" json:"max_end_ellipsis_ratio"` // of lines
	MinAlphaRatio       float64 `yaml:"min_alpha_ratio" json:"min_alpha_ratio"`               // words with a letter, of words
	MinStopWords        int64   `yaml:"min_stop_words" json:"min_stop_words"`                 // distinct ones of eight
}

// C4Thresholds bound what C4's line rules leave. The line rules themselves are
// [LineRules].
type C4Thresholds struct {
	MinSentences int64 `yaml:"min_sentences" json:"min_sentences"` // in the lines kept
}

// FineWebThresholds bound the shape of the lines.
type FineWebThresholds struct {
	MinLinePunctRatio    float64 `yaml:"min_line_punct_ratio" json:"min_line_punct_ratio"`       // lines that end with an end mark
	LinePunctExcludeZero bool    `yaml:"line_punct_exclude_zero" json:"line_punct_exclude_zero"` // let texts without any such line pass
	MaxShortLineRatio    float64 `yaml:"max_short_line_ratio" json:"max_short_line_ratio"`       // lines of at most LineRules.ShortLine
	MaxCharDupRatio      float64 `yaml:"max_char_dup_ratio" json:"max_char_dup_ratio"`           // characters in lines seen before
	MaxListRatio         float64 `yaml:"max_list_ratio" json:"max_list_ratio"`                   // newlines per word
}

// LineRules are C4's rules for single lines, which edit the text, and what
// counts as a short line. Figures depend on them: other line rules need the
// text again (see [Profile.NeedsText]).
type LineRules struct {
	TerminalPunct   bool `yaml:"terminal_punct" json:"terminal_punct"`         // keep only lines that end with . ? ! " or '
	MinWordsPerLine int  `yaml:"min_words_per_line" json:"min_words_per_line"` // drop lines of fewer; 0: keep
	MaxWordLength   int  `yaml:"max_word_length" json:"max_word_length"`       // drop lines with a longer word, in code points; 0: keep
	RemoveCitations bool `yaml:"remove_citations" json:"remove_citations"`     // cut [1], [edit] and [citation needed]
	LoremIpsum      bool `yaml:"lorem_ipsum" json:"lorem_ipsum"`               // drop the document at a line with lorem ipsum
	Javascript      bool `yaml:"javascript" json:"javascript"`                 // drop lines that name javascript
	CurlyBracket    bool `yaml:"curly_bracket" json:"curly_bracket"`           // drop the document at a line with {
	Policy          bool `yaml:"policy" json:"policy"`                         // drop lines about cookies and terms of use
	ShortLine       int  `yaml:"short_line" json:"short_line"`                 // longest short line, in code points
}

// referenceThresholds are the published ones: Rae et al. 2021 (table A1 and
// section A.1.1), Raffel et al. 2020, Penedo et al. 2024.
func referenceThresholds() Thresholds {
	return Thresholds{
		GopherRepetition: RepetitionThresholds{
			DupParaFrac: 0.3, DupParaCharFrac: 0.2, DupLineFrac: 0.3, DupLineCharFrac: 0.2,
			Top2GramFrac: 0.2, Top3GramFrac: 0.18, Top4GramFrac: 0.16,
			Dup5GramFrac: 0.15, Dup6GramFrac: 0.14, Dup7GramFrac: 0.13,
			Dup8GramFrac: 0.12, Dup9GramFrac: 0.11, Dup10GramFrac: 0.10,
		},
		GopherQuality: QualityThresholds{
			MinDocWords: 50, MaxDocWords: 100_000, MinAvgWordLength: 3, MaxAvgWordLength: 10,
			MaxHashRatio: 0.1, MaxEllipsisRatio: 0.1, MaxBulletRatio: 0.9, MaxEndEllipsisRatio: 0.3,
			MinAlphaRatio: 0.8, MinStopWords: 2,
		},
		C4: C4Thresholds{MinSentences: 5},
		FineWeb: FineWebThresholds{
			MinLinePunctRatio: 0.12, MaxShortLineRatio: 0.67, MaxCharDupRatio: 0.01, MaxListRatio: 0.3,
		},
	}
}

func referenceLines() LineRules {
	return LineRules{
		MinWordsPerLine: 3, MaxWordLength: 1000, RemoveCitations: true,
		LoremIpsum: true, Javascript: true, CurlyBracket: true, Policy: true, ShortLine: 30,
	}
}
