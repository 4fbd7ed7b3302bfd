package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Limits on lists in the page; the JSON has them whole.
const (
	maxClusters = 12
	maxSamples  = 60
	maxRefusals = 20
	maxExamples = 5
	maxInputs   = 50
)

// page is a night laid out: what the templates read.
type page struct {
	Night
	frame
	Previous   string // page of the night before; empty if there is none
	Alarms     []Alarm
	Faults     []string
	Waterfall  []step
	Parts      []partView
	Histograms []histogramView
	Profiles   []profileView
	Clusters   []clusterView
	Dropped    []sampleView
	Kept       []sampleView
	Refused    []Refusal
	Stages     []stageView
	Sum        stageView // of all stages
	Trends     []trendView
	Columns    columnsView
	Inputs     []PinnedFile
	Config     []run
}

func newPage(n Night) page {
	p := page{Night: n, frame: newFrame(), Alarms: n.Alarms(), Faults: n.Faults(), Waterfall: n.waterfall(), Trends: n.trends()}
	for i := len(n.Before) - 1; i >= 0 && p.Previous == ""; i-- {
		p.Previous = n.Before[i].File
	}
	for i, s := range n.Sources {
		p.Parts = append(p.Parts, newPartView("source-"+strconv.Itoa(i), s))
	}
	for i, c := range n.Figures {
		p.Histograms = append(p.Histograms, newHistogramView("figure-"+strconv.Itoa(i), c))
	}
	for _, o := range n.Profiles {
		p.Profiles = append(p.Profiles, profileView{o, bar(float64(o.Kept), float64(o.Rows), profileClass(o))})
	}
	for i, c := range first(n.Clusters, maxClusters) {
		p.Clusters = append(p.Clusters, clusterView{Cluster: c, Number: i + 1, Diff: compare(c.Survivor.Text, c.Duplicate.Text)})
	}
	for _, s := range first(n.Samples, maxSamples) {
		v := sampleView{s, newExcerpt(s.Text, s.Marks)}
		if s.Kept {
			p.Kept = append(p.Kept, v)
		} else {
			p.Dropped = append(p.Dropped, v)
		}
	}
	p.Refused = mostRefused(n.Refused)
	p.Stages, p.Sum = stageViews(n.Stages)
	p.Columns = newColumnsView("nights", append(slices.Clone(n.Before), n.entry()))
	p.Inputs = first(n.Lineage.Inputs, maxInputs)
	config := n.Lineage.Config
	p.Config = runs(config[:snap(config, maxConfigBytes)], "")
	return p
}

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

func profileClass(o Outcome) string {
	if o.Tonight {
		return "kept"
	}
	return "plain"
}

type profileView struct {
	Outcome
	Bar []segment
}

type clusterView struct {
	Cluster
	Number int
	Diff   comparison
}

type sampleView struct {
	Sample
	Excerpt excerpt
}

// Relation puts the deciding value and the limit in a line: 0.71 < 0.8.
func (s sampleView) Relation() string {
	if s.Value == nil {
		return ""
	}
	if s.Threshold == nil {
		return formatFigure(*s.Value)
	}
	sign := "="
	switch {
	case *s.Value < *s.Threshold:
		sign = "<"
	case *s.Value > *s.Threshold:
		sign = ">"
	}
	return formatFigure(*s.Value) + " " + sign + " " + formatFigure(*s.Threshold)
}

// partView is a source: its outcomes, and the lengths of its texts as an
// outline, 1000 x 100, with the median.
type partView struct {
	Part
	ID      string
	Bar     []segment
	Outline string // points of a polygon
	Ticks   []line // powers of ten
	Median  string
	MedianX string
}

func newPartView(id string, s Part) partView {
	v := partView{Part: s, ID: id, Bar: s.Output.Bar()}
	if s.Length == nil || s.Length.Rows() == 0 || len(s.Length.Counts) == 0 {
		return v
	}
	var peak int64 = 1
	for _, n := range s.Length.Counts {
		peak = max(peak, n)
	}
	wide := 1000 / float64(len(s.Length.Counts))
	v.Outline = "0,100"
	for i, n := range s.Length.Counts {
		y := coordinate(100 - 96*share(n, peak))
		v.Outline += " " + coordinate(wide*float64(i)) + "," + y + " " + coordinate(wide*float64(i+1)) + "," + y
	}
	v.Outline += " 1000,100"
	median := s.Length.Quantile(0.5)
	v.Median = formatCount(roundedFigure(median))
	v.MedianX = coordinate((s.Length.place(median) - plotLeft) / (plotRight - plotLeft) * 1000)
	return v
}

// roundedFigure rounds to three digits: a quantile of a sketch is not known better.
func roundedFigure(v float64) int64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return int64(math.Round(rounded))
}

// mostRefused are the reasons with most rows.
func mostRefused(all []Refusal) []Refusal {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Reason, b.Reason))
	})
	sorted = slices.Clone(first(sorted, maxRefusals))
	for i := range sorted {
		sorted[i].Examples = first(sorted[i].Examples, maxExamples)
	}
	return sorted
}

type stageView struct {
	Stage
	Bar []segment
}

// Rate is what went through in a second.
func (s stageView) Rate() string {
	if s.Bytes == 0 || s.Seconds <= 0 {
		return ""
	}
	return formatRate(float64(s.Bytes)/1e6/s.Seconds) + thin + "MB/s"
}

// Cores is how many cores were busy on average.
func (s stageView) Cores() string {
	if s.CPUSeconds == 0 || s.Seconds <= 0 {
		return ""
	}
	return formatRate(s.CPUSeconds / s.Seconds)
}

// stageViews lays the stages out one after the other on one line of time.
func stageViews(stages []Stage) (views []stageView, sum stageView) {
	for _, s := range stages {
		sum.Seconds += s.Seconds
		sum.CPUSeconds += s.CPUSeconds
	}
	at := 0.0
	for _, s := range stages {
		v := stageView{Stage: s}
		if sum.Seconds > 0 {
			x, w := 1000*at/sum.Seconds, max(1000*s.Seconds/sum.Seconds, leastWidth)
			v.Bar = []segment{{coordinate(min(x, 1000-w)), coordinate(w), "time"}}
		}
		views = append(views, v)
		at += s.Seconds
	}
	return views, sum
}
