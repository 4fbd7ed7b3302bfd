package text

// technicalThresholds suit documentation and Markdown, which the published
// thresholds drop nearly whole: code, tables and lists are no prose and are
// wanted. docs/filters.md shows the percentiles each choice rests on.
func technicalThresholds() Thresholds {
	t := referenceThresholds()
	t.GopherQuality.MinAlphaRatio = 0.5
	return t
}
