// Package text measures documents, decides by the measures which to keep, and
// makes the edits that go with a decision.
//
// An [Analyzer] reads a document once and returns every figure of four filter
// families as [datasets.Signals]: Gopher repetition, Gopher quality, C4 (with
// and without its end-mark rule) and FineWeb quality. A [Profile] says which
// filters judge in which order and with which thresholds; [Profile.Decide] needs
// the figures only, so other thresholds can be applied later without the text.
// [Analyzer.Edit] gives the text that C4's line rules leave.
//
// Figures, order of the rules, strictness and reason strings are those of
// datatrove 0.10.1 with its English tokenizer; docs/filters.md has the table.
// Lengths are code points. An Analyzer allocates nothing but its result.
package text
