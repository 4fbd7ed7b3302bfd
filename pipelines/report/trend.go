package report

import (
	"math"
	"strconv"
)

// maxNights is how many nights a picture shows.
const maxNights = 60

// maxTrends is how many figures are followed in pictures.
const maxTrends = 11

// The picture of a trend is 300 x 84.
const (
	trendLeft, trendRight = 40.0, 292.0
	trendTop, trendBottom = 8.0, 76.0
)

// trendView is one figure over the nights, laid out.
type trendView struct {
	ID, Title  string
	Now        string
	Change     string // against the mean of the nights before
	Alarm      bool
	Line       string // points of a polyline
	Dots       []dot
	BandY      string // three standard deviations around the mean
	BandH      string
	MeanY      string
	Lo, Hi     string // limits of the picture
	Desc       string
	FirstNight string
	LastNight  string
}

type dot struct {
	X, Y  string
	Class string // now, refused or empty
	Title string
}

// trends lays out the figures worth following over the nights up to this one.
func (n Night) trends() []trendView {
	tonight := n.entry()
	if len(n.Before) == 0 {
		return nil
	}
	past := alike(n.Before, tonight)
	nights := append(n.Before[max(0, len(n.Before)-maxNights+1):len(n.Before):len(n.Before)], tonight)
	alarms := map[string]bool{}
	for _, a := range n.Alarms() {
		alarms[a.Figure] = true
	}
	var out []trendView
	for _, f := range tonight.trended(past) {
		if len(out) >= maxTrends && !alarms[f.key] {
			continue
		}
		v := newTrendView(f, nights, past)
		v.ID, v.Alarm = "trend-"+strconv.Itoa(len(out)), alarms[f.key]
		out = append(out, v)
	}
	return out
}

func newTrendView(f trendFigure, nights, past []Entry) trendView {
	m := measure(past, f.of)
	lo, hi := f.limits(nights, m)
	y := func(v float64) float64 {
		return trendBottom - (trendBottom-trendTop)*(min(max(v, lo), hi)-lo)/(hi-lo)
	}
	v := trendView{Title: f.title, Lo: f.limit(lo), Hi: f.limit(hi)}
	for i, e := range nights {
		x := (trendLeft + trendRight) / 2
		if len(nights) > 1 {
			x = trendLeft + (trendRight-trendLeft)*float64(i)/float64(len(nights)-1)
		}
		d := dot{X: coordinate(x), Y: coordinate(y(f.of(e))), Title: label(e.Date) + ": " + f.format(f.of(e))}
		switch {
		case i == len(nights)-1:
			d.Class = "now"
		case e.Status != Published:
			d.Class = "refused"
		}
		v.Dots = append(v.Dots, d)
		if i > 0 {
			v.Line += " "
		}
		v.Line += d.X + "," + d.Y
	}
	last := nights[len(nights)-1]
	v.Now, v.FirstNight, v.LastNight = f.format(f.of(last)), label(nights[0].Date), label(last.Date)
	if len(past) > 0 {
		v.MeanY = coordinate(y(m.Mean))
		v.Change = f.change(f.of(last), m.Mean)
	}
	if len(past) >= sigmaNights {
		top := y(m.Mean + alarmSigmas*m.Sigma)
		v.BandY, v.BandH = coordinate(top), coordinate(max(0.5, y(m.Mean-alarmSigmas*m.Sigma)-top))
	}
	v.Desc = "Tonight " + v.Now + ", mean of the nights before " + f.format(m.Mean) + ", " + plural(int64(len(nights)), "night") + "."
	return v
}

// limits are those of the picture: all values and the band. Rows start at
// nothing; shares may start higher, but show four points at least.
func (f trendFigure) limits(nights []Entry, m Alarm) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, e := range nights {
		lo, hi = min(lo, f.of(e)), max(hi, f.of(e))
	}
	if !f.share {
		return 0, max(hi, m.Mean+m.Sigma, 1)
	}
	if m.Nights >= sigmaNights {
		lo, hi = min(lo, m.Mean-alarmSigmas*m.Sigma), max(hi, m.Mean+alarmSigmas*m.Sigma)
	}
	if hi-lo < 0.04 {
		middle := (lo + hi) / 2
		lo, hi = middle-0.02, middle+0.02
	}
	if lo < 0 {
		lo, hi = 0, max(hi, hi-lo)
	}
	if hi > 1 {
		lo, hi = max(0, lo-(hi-1)), 1
	}
	return lo, hi
}

func (f trendFigure) format(v float64) string {
	if f.share {
		return formatPercent(v)
	}
	if math.Abs(v) >= 1e6 {
		return formatRate(v/1e6) + thin + "M"
	}
	return formatCount(int64(math.Round(v)))
}

// limit is a number at the side of a picture, as short as it may be.
func (f trendFigure) limit(v float64) string {
	if f.share {
		digits := 0
		if v < 0.0995 {
			digits = 1
		}
		return strconv.FormatFloat(100*v, 'f', digits, 64) + thin + "%"
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return formatTick(rounded)
}

// change says how far tonight is from the mean: in points for shares, else in
// per cent.
func (f trendFigure) change(now, mean float64) string {
	d, unit := 100*(now-mean), " points"
	if !f.share {
		if mean == 0 {
			return ""
		}
		d, unit = 100*(now-mean)/mean, thin+"%"
	}
	sign := "+"
	if d < 0 {
		sign = "\u2212"
	}
	if math.Abs(d) < 0.05 {
		return "as before"
	}
	return sign + formatRate(math.Abs(d)) + unit
}

// column is one night in a picture of many: its outcomes stacked.
type column struct {
	X, W   string
	Pieces []columnPiece
	Title  string
	Faint  bool // not published
}

type columnPiece struct {
	Y, H  string
	Class string
}

// columnsView is a picture of nights side by side, 1000 x 100, stretched.
type columnsView struct {
	ID      string
	Columns []column
	Peak    string
	Axis    []string // dates of the first and the last column
	Desc    string
}

func newColumnsView(id string, nights []Entry) columnsView {
	nights = nights[max(0, len(nights)-maxNights):]
	v := columnsView{ID: id}
	if len(nights) == 0 {
		return v
	}
	var peak int64 = 1
	for _, e := range nights {
		peak = max(peak, e.Output.Rows())
	}
	slots := max(len(nights), 12) // a few nights do not make bars as wide as the page
	for i, e := range nights {
		c := column{X: coordinate(1000*float64(i)/float64(slots) + 1000/float64(slots)*0.08), W: coordinate(1000 / float64(slots) * 0.84),
			Title: label(e.Date) + ": " + plural(e.Output.Rows(), "row") + ", " + formatShare(e.Output.Kept, e.Output.Rows()) + " kept", Faint: e.Status != Published}
		bottom := 100.0
		for _, p := range []piece{{"kept", e.Output.Kept}, {"dropped", e.Output.Dropped}, {"duplicate", e.Output.Duplicate()}, {"rejected", e.Output.Rejected}} {
			if h := 100 * share(p.rows, peak); h > 0 {
				bottom -= h
				c.Pieces = append(c.Pieces, columnPiece{coordinate(bottom), coordinate(h), p.class})
			}
		}
		v.Columns = append(v.Columns, c)
	}
	v.Peak, v.Axis = plural(peak, "row"), []string{label(nights[0].Date), label(nights[len(nights)-1].Date)}
	dates := v.Axis[0] + " to " + v.Axis[1]
	if len(nights) < slots { // the last column is not at the right
		v.Axis = []string{dates}
	}
	v.Desc = plural(int64(len(nights)), "night") + ", " + dates + "; at most " + v.Peak + " in a night."
	return v
}
