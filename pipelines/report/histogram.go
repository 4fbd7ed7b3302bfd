package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// The picture of a histogram is 320 x 140; its bars stand in this rectangle, the
// numbers of rows to the right of it.
const (
	plotLeft, plotRight = 6.0, 290.0
	plotTop, plotBottom = 22.0, 112.0
)

// histogramView is a histogram, laid out.
type histogramView struct {
	ID      string
	Chart   Chart
	Rows    int64
	Bars    []histogramBar
	Shades  []shade // where the profile drops
	Lines   []line  // thresholds
	Grid    []line
	Ticks   []line
	Table   []binRow
	Summary string   // in words
	Outside []string // rows that are not in the picture
}

type histogramBar struct {
	X, W           string
	KeptY, KeptH   string
	OtherY, OtherH string
	Broken         bool   // taller than the picture
	Label          string // its rows, if Broken
	LabelX, Anchor string
	BreakX, BreakW string
}

type shade struct{ X, W string }

type line struct {
	At     string // x or y
	LabelX string
	Label  string
	Anchor string // start, middle or end
}

type binRow struct {
	From, To   string
	Rows, Kept string
}

// newHistogramView lays out a chart. id is unique in the page.
func newHistogramView(id string, c Chart) histogramView {
	h := histogramView{ID: id, Chart: c, Rows: c.Rows()}
	if len(c.Counts) == 0 {
		return h
	}
	edges := c.Edges()
	top, broken := ceiling(c.Counts)
	for i, n := range c.Counts {
		if n == 0 {
			continue
		}
		h.Bars = append(h.Bars, newBar(c.place(edges[i]), c.place(edges[i+1]), n, c.Kept[i], top, n > broken))
		h.Table = append(h.Table, binRow{formatFigure(edges[i]), formatFigure(edges[i+1]), formatCount(n), formatCount(c.Kept[i])})
	}
	for _, t := range c.Thresholds {
		h.threshold(t)
	}
	for _, v := range niceSteps(0, top, 2)[1:] {
		h.Grid = append(h.Grid, line{At: coordinate(height(v, top)), Label: formatTick(v)})
	}
	h.Ticks = c.ticks()
	h.describe()
	return h
}

// ceiling is the count that reaches the top of the picture, and the count above
// which bars are drawn broken: one or two bars that dwarf all others would
// leave nothing of these to see.
func ceiling(counts []int64) (top float64, broken int64) {
	sorted := slices.Clone(counts)
	slices.SortFunc(sorted, func(a, b int64) int { return int(min(max(b-a, -1), 1)) })
	for i := 1; i <= 2 && i < len(sorted); i++ {
		if sorted[i] > 0 && sorted[i-1] > 3*sorted[i] {
			return 1.5 * float64(sorted[i]), sorted[i]
		}
	}
	return float64(max(sorted[0], 1)), sorted[0]
}

func height(v, top float64) float64 { return plotBottom - (plotBottom-plotTop)*v/top }

func newBar(x, end float64, rows, kept int64, top float64, broken bool) histogramBar {
	if gap := end - x; gap > 3 {
		end -= 0.75
	}
	tall := math.Min(float64(rows), top)
	split := height(tall*share(kept, rows), top)
	head := height(tall, top)
	b := histogramBar{X: coordinate(x), W: coordinate(end - x),
		KeptY: coordinate(split), KeptH: coordinate(plotBottom - split),
		OtherY: coordinate(head), OtherH: coordinate(split - head), Broken: broken}
	if broken {
		b.Label, b.BreakX, b.BreakW = formatCount(rows), coordinate(x-1), coordinate(end-x+2)
		b.LabelX, b.Anchor = coordinate(end+3), "start"
		if end > (plotLeft+plotRight)/2 {
			b.LabelX, b.Anchor = coordinate(x-3), "end"
		}
	}
	return b
}

// place is the x of a value.
func (s Scale) place(v float64) float64 {
	at := (v - s.Lo) / (s.Hi - s.Lo)
	if s.Log {
		at = math.Log(math.Max(v, s.Lo)/s.Lo) / math.Log(s.Hi/s.Lo)
	}
	return plotLeft + (plotRight-plotLeft)*math.Min(math.Max(at, 0), 1)
}

func (h *histogramView) threshold(t Threshold) {
	x := h.Chart.place(t.Value)
	l := line{At: coordinate(x), LabelX: coordinate(x + 3), Anchor: "start", Label: "\u2265" + thin + formatFigure(t.Value)}
	if t.DropsBelow {
		h.Shades = append(h.Shades, shade{coordinate(plotLeft), coordinate(x - plotLeft)})
	} else {
		h.Shades = append(h.Shades, shade{coordinate(x), coordinate(plotRight - x)})
		l.Label = "\u2264" + thin + formatFigure(t.Value)
	}
	// The label stands on the side that is kept, if there is room.
	if (!t.DropsBelow && x > plotLeft+44) || x > plotRight-44 {
		l.LabelX, l.Anchor = coordinate(x-3), "end"
	}
	h.Lines = append(h.Lines, l)
}

func (s Scale) ticks() []line {
	values := niceSteps(s.Lo, s.Hi, 5)
	if s.Log {
		values = nil
		for e := math.Ceil(math.Log10(s.Lo) - 1e-9); e <= math.Log10(s.Hi)+1e-9; e++ {
			values = append(values, math.Pow(10, e))
		}
	}
	var out []line
	for _, v := range values {
		x := s.place(v)
		l := line{At: coordinate(x), LabelX: coordinate(x), Label: formatTick(v), Anchor: "middle"}
		switch {
		case x < plotLeft+8:
			l.LabelX, l.Anchor = coordinate(plotLeft), "start"
		case x > plotRight-12:
			l.LabelX, l.Anchor = coordinate(plotRight), "end"
		}
		out = append(out, l)
	}
	return out
}

// niceSteps are round values from lo to hi, about n steps.
func niceSteps(lo, hi float64, n int) []float64 {
	raw := (hi - lo) / float64(n)
	size := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * size
	for _, m := range []float64{1, 2, 5} {
		if m*size >= raw*0.999 {
			step = m * size
			break
		}
	}
	var out []float64
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi*(1+1e-12); k++ {
		out = append(out, k*step+0) // no minus zero
	}
	return out
}

// median is in words, to the precision of the bins.
func (h Histogram) median() string {
	m := h.Quantile(0.5)
	switch {
	case math.IsNaN(m):
		return "unknown"
	case h.Log:
		return formatCount(roundedFigure(m))
	case (h.Hi-h.Lo)/float64(h.Bins) >= 1: // a bin is a whole number
		return formatCount(int64(math.Floor(m)))
	default:
		return strconv.FormatFloat(m, 'g', 2, 64)
	}
}

func (h *histogramView) describe() {
	var kept int64
	for _, n := range h.Chart.Kept {
		kept += n
	}
	kept += h.Chart.Below.Kept + h.Chart.Above.Kept
	h.Summary = fmt.Sprintf("%s; the filters keep %s. Median %s.", plural(h.Rows, "row"), formatCount(kept), h.Chart.median())
	for _, o := range []struct {
		t    Tally
		text string
	}{
		{h.Chart.Below, "below " + formatFigure(h.Chart.Lo)},
		{h.Chart.Above, "above " + formatFigure(h.Chart.Hi)},
		{h.Chart.Missing, "without this figure"},
	} {
		if o.t.Rows > 0 {
			h.Outside = append(h.Outside, plural(o.t.Rows, "row")+" "+o.text)
		}
	}
}
