package datasets

// Signals are every filter's figures for one document, whatever the filter
// decided, so that other thresholds can be applied without reading the text.
// Lengths count Unicode code points. Ratios without a denominator are null.
type Signals struct {
	GopherRepetition  GopherRepetition  `parquet:"gopher_repetition,id(100)" doc:"repetition figures, Rae et al. 2021, table A1" json:"gopher_repetition"`
	GopherQuality     GopherQuality     `parquet:"gopher_quality,id(200)" doc:"quality figures, Rae et al. 2021, section A.1.1" json:"gopher_quality"`
	C4Quality         C4Quality         `parquet:"c4_quality,id(300)" doc:"C4 line rules, Raffel et al. 2020, with the end-mark rule" json:"c4_quality"`
	C4NoTerminalPunct C4NoTerminalPunct `parquet:"c4_no_terminal_punct,id(400)" doc:"C4 line rules without the end-mark rule" json:"c4_no_terminal_punct"`
	FineWebQuality    FineWebQuality    `parquet:"fineweb_quality,id(500)" doc:"FineWeb line figures, Penedo et al. 2024, of the original text" json:"fineweb_quality"`
	FineWebAfterC4    *FineWebAfterC4   `parquet:"fineweb_after_c4,id(600)" doc:"FineWeb line figures of the text that c4_no_terminal_punct leaves; null if that dropped the document inside a line" json:"fineweb_after_c4"`
}

// GopherRepetition: how much of a text repeats itself. Top n-gram figures are
// null when there are fewer than n words.
type GopherRepetition struct {
	Chars           int64    `parquet:"chars,id(101)" doc:"code points" json:"chars"`
	Paras           int64    `parquet:"paras,id(102)" doc:"paragraphs" json:"paras"`
	DupParas        int64    `parquet:"dup_paras,id(103)" doc:"paragraphs seen before" json:"dup_paras"`
	DupParaChars    int64    `parquet:"dup_para_chars,id(104)" doc:"their code points" json:"dup_para_chars"`
	DupParaFrac     *float64 `parquet:"dup_para_frac,id(105)" doc:"dup_paras / paras, 0 to 1" json:"dup_para_frac"`
	DupParaCharFrac *float64 `parquet:"dup_para_char_frac,id(106)" doc:"dup_para_chars / chars, 0 to 1" json:"dup_para_char_frac"`
	Lines           int64    `parquet:"lines,id(107)" doc:"lines, runs of LF as one break" json:"lines"`
	DupLines        int64    `parquet:"dup_lines,id(108)" doc:"lines seen before" json:"dup_lines"`
	DupLineChars    int64    `parquet:"dup_line_chars,id(109)" doc:"their code points" json:"dup_line_chars"`
	DupLineFrac     *float64 `parquet:"dup_line_frac,id(110)" doc:"dup_lines / lines, 0 to 1" json:"dup_line_frac"`
	DupLineCharFrac *float64 `parquet:"dup_line_char_frac,id(111)" doc:"dup_line_chars / chars, 0 to 1" json:"dup_line_char_frac"`
	Words           int64    `parquet:"words,id(112)" doc:"words" json:"words"`
	Top2Gram        *int64   `parquet:"top_2_gram,id(113)" doc:"code points x count of the most frequent 2-gram" json:"-"`
	Top2GramFrac    *float64 `parquet:"top_2_gram_frac,id(114)" doc:"top_2_gram / chars" json:"-"`
	Top3Gram        *int64   `parquet:"top_3_gram,id(115)" doc:"code points x count of the most frequent 3-gram" json:"-"`
	Top3GramFrac    *float64 `parquet:"top_3_gram_frac,id(116)" doc:"top_3_gram / chars" json:"-"`
	Top4Gram        *int64   `parquet:"top_4_gram,id(117)" doc:"code points x count of the most frequent 4-gram" json:"-"`
	Top4GramFrac    *float64 `parquet:"top_4_gram_frac,id(118)" doc:"top_4_gram / chars" json:"-"`
	Dup5Gram        int64    `parquet:"dup_5_gram,id(119)" doc:"code points in 5-grams seen before" json:"-"`
	Dup5GramFrac    *float64 `parquet:"dup_5_gram_frac,id(120)" doc:"dup_5_gram / chars" json:"-"`
	Dup6Gram        int64    `parquet:"dup_6_gram,id(121)" doc:"code points in 6-grams seen before" json:"-"`
	Dup6GramFrac    *float64 `parquet:"dup_6_gram_frac,id(122)" doc:"dup_6_gram / chars" json:"-"`
	Dup7Gram        int64    `parquet:"dup_7_gram,id(123)" doc:"code points in 7-grams seen before" json:"-"`
	Dup7GramFrac    *float64 `parquet:"dup_7_gram_frac,id(124)" doc:"dup_7_gram / chars" json:"-"`
	Dup8Gram        int64    `parquet:"dup_8_gram,id(125)" doc:"code points in 8-grams seen before" json:"-"`
	Dup8GramFrac    *float64 `parquet:"dup_8_gram_frac,id(126)" doc:"dup_8_gram / chars" json:"-"`
	Dup9Gram        int64    `parquet:"dup_9_gram,id(127)" doc:"code points in 9-grams seen before" json:"-"`
	Dup9GramFrac    *float64 `parquet:"dup_9_gram_frac,id(128)" doc:"dup_9_gram / chars" json:"-"`
	Dup10Gram       int64    `parquet:"dup_10_gram,id(129)" doc:"code points in 10-grams seen before" json:"-"`
	Dup10GramFrac   *float64 `parquet:"dup_10_gram_frac,id(130)" doc:"dup_10_gram / chars" json:"-"`
}

// GopherQuality: does a text look like prose.
type GopherQuality struct {
	Words            int64    `parquet:"words,id(201)" doc:"words" json:"words"`
	NonSymbolWords   int64    `parquet:"non_symbol_words,id(202)" doc:"words with a character that is no punctuation" json:"non_symbol_words"`
	NonSymbolChars   int64    `parquet:"non_symbol_chars,id(203)" doc:"their code points" json:"non_symbol_chars"`
	AvgWordLength    *float64 `parquet:"avg_word_length,id(204)" doc:"non_symbol_chars / non_symbol_words" json:"avg_word_length"`
	Hashes           int64    `parquet:"hashes,id(205)" doc:"number signs" json:"hashes"`
	HashRatio        *float64 `parquet:"hash_ratio,id(206)" doc:"hashes / words" json:"hash_ratio"`
	Ellipses         int64    `parquet:"ellipses,id(207)" doc:"three dots or U+2026" json:"ellipses"`
	EllipsisRatio    *float64 `parquet:"ellipsis_ratio,id(208)" doc:"ellipses / words" json:"ellipsis_ratio"`
	Lines            int64    `parquet:"lines,id(209)" doc:"lines as Python's splitlines cuts them" json:"lines"`
	BulletLines      int64    `parquet:"bullet_lines,id(210)" doc:"lines that start with U+2022 or -" json:"bullet_lines"`
	BulletRatio      *float64 `parquet:"bullet_ratio,id(211)" doc:"bullet_lines / lines, 0 to 1" json:"bullet_ratio"`
	EndEllipsisLines int64    `parquet:"end_ellipsis_lines,id(212)" doc:"lines that end with an ellipsis" json:"end_ellipsis_lines"`
	EndEllipsisRatio *float64 `parquet:"end_ellipsis_ratio,id(213)" doc:"end_ellipsis_lines / lines, 0 to 1" json:"end_ellipsis_ratio"`
	AlphaWords       int64    `parquet:"alpha_words,id(214)" doc:"words with a letter" json:"alpha_words"`
	AlphaRatio       *float64 `parquet:"alpha_ratio,id(215)" doc:"alpha_words / words, 0 to 1" json:"alpha_ratio"`
	StopWords        int64    `parquet:"stop_words,id(216)" doc:"distinct ones of the be to of and that have with, 0 to 8" json:"stop_words"`
}

// C4Quality: what C4's line rules found. The counts are of lines, up to the one
// that dropped the document if a line did.
type C4Quality struct {
	Kept       int64  `parquet:"kept_lines,id(301)" doc:"lines kept" json:"kept_lines"`
	LongWord   int64  `parquet:"long_word_lines,id(302)" doc:"lines dropped: a word over 1000 characters" json:"long_word_lines"`
	NoEndMark  int64  `parquet:"no_end_mark_lines,id(303)" doc:"lines dropped: no end mark" json:"no_end_mark_lines"`
	FewWords   int64  `parquet:"few_words_lines,id(304)" doc:"lines dropped: fewer than 3 words" json:"few_words_lines"`
	Javascript int64  `parquet:"javascript_lines,id(305)" doc:"lines dropped: javascript" json:"javascript_lines"`
	Policy     int64  `parquet:"policy_lines,id(306)" doc:"lines dropped: a policy phrase" json:"policy_lines"`
	Sentences  int64  `parquet:"sentences,id(307)" doc:"sentences in kept lines" json:"sentences"`
	LoremIpsum bool   `parquet:"lorem_ipsum,id(308)" doc:"a line dropped the document: lorem ipsum" json:"lorem_ipsum"`
	CurlyBrace bool   `parquet:"curly_bracket,id(309)" doc:"a line dropped the document: curly bracket" json:"curly_bracket"`
	LeftChars  *int64 `parquet:"left_chars,id(310)" doc:"code points of the text the lines leave; null if a line dropped the document" json:"left_chars"`
}

// C4NoTerminalPunct has C4Quality's fields under ids of its own; the two
// convert into each other.
type C4NoTerminalPunct struct {
	Kept       int64  `parquet:"kept_lines,id(401)" doc:"lines kept" json:"kept_lines"`
	LongWord   int64  `parquet:"long_word_lines,id(402)" doc:"lines dropped: a word over 1000 characters" json:"long_word_lines"`
	NoEndMark  int64  `parquet:"no_end_mark_lines,id(403)" doc:"lines dropped: no end mark; always 0 here" json:"no_end_mark_lines"`
	FewWords   int64  `parquet:"few_words_lines,id(404)" doc:"lines dropped: fewer than 3 words" json:"few_words_lines"`
	Javascript int64  `parquet:"javascript_lines,id(405)" doc:"lines dropped: javascript" json:"javascript_lines"`
	Policy     int64  `parquet:"policy_lines,id(406)" doc:"lines dropped: a policy phrase" json:"policy_lines"`
	Sentences  int64  `parquet:"sentences,id(407)" doc:"sentences in kept lines" json:"sentences"`
	LoremIpsum bool   `parquet:"lorem_ipsum,id(408)" doc:"a line dropped the document: lorem ipsum" json:"lorem_ipsum"`
	CurlyBrace bool   `parquet:"curly_bracket,id(409)" doc:"a line dropped the document: curly bracket" json:"curly_bracket"`
	LeftChars  *int64 `parquet:"left_chars,id(410)" doc:"code points of the text the lines leave; null if a line dropped the document" json:"left_chars"`
}

// FineWebQuality: line figures. Ratios are null for a text of blank lines.
type FineWebQuality struct {
	Lines          int64    `parquet:"lines,id(501)" doc:"lines that are not blank" json:"lines"`
	PunctLines     int64    `parquet:"punct_lines,id(502)" doc:"lines that end with an end mark" json:"punct_lines"`
	LinePunctRatio *float64 `parquet:"line_punct_ratio,id(503)" doc:"punct_lines / lines, 0 to 1" json:"line_punct_ratio"`
	ShortLines     int64    `parquet:"short_lines,id(504)" doc:"lines of at most 30 code points" json:"short_lines"`
	ShortLineRatio *float64 `parquet:"short_line_ratio,id(505)" doc:"short_lines / lines, 0 to 1" json:"short_line_ratio"`
	DupChars       int64    `parquet:"dup_chars,id(506)" doc:"code points in lines seen before" json:"dup_chars"`
	CharsNoNewline int64    `parquet:"chars_no_newline,id(507)" doc:"code points but LF" json:"chars_no_newline"`
	CharDupRatio   *float64 `parquet:"char_dup_ratio,id(508)" doc:"dup_chars / chars_no_newline, 0 to 1" json:"char_dup_ratio"`
	Newlines       int64    `parquet:"newlines,id(509)" doc:"LF characters" json:"newlines"`
	Words          int64    `parquet:"words,id(510)" doc:"words" json:"words"`
	ListRatio      *float64 `parquet:"list_ratio,id(511)" doc:"newlines / words" json:"list_ratio"`
}

// FineWebAfterC4 has FineWebQuality's fields under ids of its own; the two
// convert into each other.
type FineWebAfterC4 struct {
	Lines          int64    `parquet:"lines,id(601)" doc:"lines that are not blank" json:"lines"`
	PunctLines     int64    `parquet:"punct_lines,id(602)" doc:"lines that end with an end mark" json:"punct_lines"`
	LinePunctRatio *float64 `parquet:"line_punct_ratio,id(603)" doc:"punct_lines / lines, 0 to 1" json:"line_punct_ratio"`
	ShortLines     int64    `parquet:"short_lines,id(604)" doc:"lines of at most 30 code points" json:"short_lines"`
	ShortLineRatio *float64 `parquet:"short_line_ratio,id(605)" doc:"short_lines / lines, 0 to 1" json:"short_line_ratio"`
	DupChars       int64    `parquet:"dup_chars,id(606)" doc:"code points in lines seen before" json:"dup_chars"`
	CharsNoNewline int64    `parquet:"chars_no_newline,id(607)" doc:"code points but LF" json:"chars_no_newline"`
	CharDupRatio   *float64 `parquet:"char_dup_ratio,id(608)" doc:"dup_chars / chars_no_newline, 0 to 1" json:"char_dup_ratio"`
	Newlines       int64    `parquet:"newlines,id(609)" doc:"LF characters" json:"newlines"`
	Words          int64    `parquet:"words,id(610)" doc:"words" json:"words"`
	ListRatio      *float64 `parquet:"list_ratio,id(611)" doc:"newlines / words" json:"list_ratio"`
}
