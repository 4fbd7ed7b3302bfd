// Package report renders a night for people: one HTML page that stands alone,
// the same data as JSON, and an index of all nights. It is a pure function of
// its input: the same Night gives the same bytes. It opens no file, knows no
// lake and no clock.
//
// The pipeline fills a Night. While rows pass, its stages fill sketches:
// Signals for the figures that filters decide by, Lengths for each source.
// Sketches have fixed bins and integer counts, travel as JSON with a finished
// task, and merge to the same whole in any order.
//
//	signals := report.NewSignals(report.Variant{})
//	signals.Add(document.Signals, verdict.Keep) // for each row
//	total.Merge(signals)                        // for each task
//	night.Figures = total.Charts(thresholds)
//	err := report.Write(w, night)
//
// Document text is hostile until shown otherwise. All of it goes through
// html/template; controls, invisible and reordering characters are spelled out;
// texts are cut to a readable length around the part that matters; the page's
// content security policy forbids everything but its own style sheet, so that
// even a fault here would run no script and load no picture.
//
// # Pictures
//
// The charts are SVG made by the templates in this package, from geometry
// computed in plain Go (bar.go, histogram.go, trend.go). github.com/go-analyze/charts
// was tried first: it writes fixed colours into style attributes, which a strict
// policy blocks and which cannot follow a dark screen or paper; its pictures
// have no title or description for a screen reader; its axes are categories, so
// a threshold between two bins and a logarithmic scale have no place; and the
// labels of fifty bins overlap. Bars here stretch to the width they get while
// their labels stay text, which is what a phone needs.
//
// What does not add up is shown, not hidden: see Night.Faults.
package report
