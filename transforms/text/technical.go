package text

// technicalThresholds suit documentation and Markdown, which the published
// thresholds drop nearly whole: code, tables, lists and headings are no prose and
// are wanted. Each figure's limit lies beyond nearly all of 1,886 pages of
// real documentation and before the junk among them; docs/filters.md shows the
// percentiles.
func technicalThresholds() Thresholds {
	t := referenceThresholds()
	t.GopherRepetition = RepetitionThresholds{
		DupParaFrac: 0.3, DupParaCharFrac: 0.2, // as published
		DupLineFrac: 0.5, DupLineCharFrac: 0.25, // fences, braces and keys repeat
		Top2GramFrac: 0.3, Top3GramFrac: 0.5, Top4GramFrac: 0.7, // rulers of = and - under headings and in tables
		Dup5GramFrac: 0.30, Dup6GramFrac: 0.28, Dup7GramFrac: 0.26, // twice the published
		Dup8GramFrac: 0.24, Dup9GramFrac: 0.22, Dup10GramFrac: 0.20,
	}
	t.GopherQuality.MaxAvgWordLength = 12 // identifiers
	t.GopherQuality.MaxHashRatio = 0.15   // headings
	t.GopherQuality.MaxBulletRatio = 0.75 // lists of links
	t.GopherQuality.MinAlphaRatio = 0.3   // code is half punctuation
	t.FineWeb = FineWebThresholds{
		MinLinePunctRatio: 0, // code, tables and wrapped lines end without a mark
		MaxShortLineRatio: 0.85,
		MaxCharDupRatio:   0.25,
		MaxListRatio:      0.3,
	}
	return t
}
