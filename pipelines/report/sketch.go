package report

import (
	"fmt"
	"math"
	"sort"
	"strconv"
)

// Scale cuts a range into bins of equal width, or of equal ratio if Log is set.
// Bin i holds the values from Edges()[i] up to, but without, Edges()[i+1]; the
// last bin holds Hi too.
type Scale struct {
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	Bins int     `json:"bins"`
	Log  bool    `json:"log"`
}

// Edges are the Bins+1 limits of the bins, ascending from Lo to Hi. Those in
// between are rounded to ten digits: 3 of 50 bins of 0 to 0.1 is 0.006, as a
// person writes it and a threshold says it, and decades are whole.
func (s Scale) Edges() []float64 {
	if s.Bins < 1 || !(s.Lo < s.Hi) || s.Log && s.Lo <= 0 {
		panic(fmt.Sprintf("report: bad scale %+v", s))
	}
	edges := make([]float64, s.Bins+1)
	for i := range edges {
		edges[i] = s.edge(i)
	}
	return edges
}

func (s Scale) edge(i int) float64 {
	if i == 0 {
		return s.Lo
	}
	if i == s.Bins {
		return s.Hi
	}
	v := s.between(s.Lo, s.Hi, float64(i)/float64(s.Bins))
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 10, 64), 64)
	if err != nil {
		panic("report: edge of a scale: " + err.Error())
	}
	return rounded
}

// Histogram is how often a figure took which value.
type Histogram struct {
	Figure string `json:"figure"` // as in gopher_quality.alpha_ratio
	Title  string `json:"title"`  // in words
	Unit   string `json:"unit"`   // of the figure; empty for a ratio
	Scale
	Counts  []int64 `json:"counts"`  // rows by bin
	Kept    []int64 `json:"kept"`    // of these, rows that the filters keep
	Below   Tally   `json:"below"`   // rows under Lo
	Above   Tally   `json:"above"`   // rows over Hi
	Missing Tally   `json:"missing"` // rows without the figure
}

// Tally counts rows outside the bins.
type Tally struct {
	Rows int64 `json:"rows"`
	Kept int64 `json:"kept"`
}

func (t *Tally) add(kept bool) {
	t.Rows++
	if kept {
		t.Kept++
	}
}

func (t *Tally) merge(o Tally) {
	t.Rows += o.Rows
	t.Kept += o.Kept
}

// Sketch is a histogram being filled. Its bins are fixed and its counts are
// integers: sketches of parts merge to the sketch of the whole, in any order.
// It travels as JSON. It is not for concurrent use.
type Sketch struct {
	Histogram
	edges []float64 // of Scale; nil until the first Add
}

// NewSketch returns an empty sketch of a figure.
func NewSketch(figure, title, unit string, s Scale) *Sketch {
	return &Sketch{
		Histogram: Histogram{Figure: figure, Title: title, Unit: unit, Scale: s, Counts: make([]int64, s.Bins), Kept: make([]int64, s.Bins)},
		edges:     s.Edges(),
	}
}

// Add counts one row with the value v; NaN counts as a missing figure.
func (s *Sketch) Add(v float64, kept bool) {
	if s.edges == nil { // decoded from JSON
		s.edges = s.Edges()
	}
	switch {
	case math.IsNaN(v):
		s.Missing.add(kept)
	case v < s.Lo:
		s.Below.add(kept)
	case v > s.Hi:
		s.Above.add(kept)
	default:
		// The first edge above v ends its bin; Hi itself belongs to the last one.
		i := min(sort.Search(len(s.edges), func(i int) bool { return s.edges[i] > v })-1, s.Bins-1)
		s.Counts[i]++
		if kept {
			s.Kept[i]++
		}
	}
}

// AddMissing counts one row that does not have the figure.
func (s *Sketch) AddMissing(kept bool) { s.Missing.add(kept) }

// Merge adds the counts of o, which must be a sketch of the same figure and scale.
func (s *Sketch) Merge(o *Sketch) {
	if s.Figure != o.Figure || s.Scale != o.Scale || len(s.Counts) != len(o.Counts) || len(s.Kept) != len(o.Kept) {
		panic(fmt.Sprintf("report: merge of sketches %s %+v and %s %+v", s.Figure, s.Scale, o.Figure, o.Scale))
	}
	for i := range s.Counts {
		s.Counts[i] += o.Counts[i]
		s.Kept[i] += o.Kept[i]
	}
	s.Below.merge(o.Below)
	s.Above.merge(o.Above)
	s.Missing.merge(o.Missing)
}

// Rows is the number of rows that have the figure.
func (h Histogram) Rows() int64 {
	rows := h.Below.Rows + h.Above.Rows
	for _, n := range h.Counts {
		rows += n
	}
	return rows
}

// Quantile returns the value below which the share q of the rows lies, taking
// the rows of a bin as spread evenly over it (over its ratio if Log is set); so
// it is off by less than a bin. It returns NaN without rows.
func (h Histogram) Quantile(q float64) float64 {
	rows := h.Rows()
	if rows == 0 {
		return math.NaN()
	}
	rank := min(max(q, 0), 1) * float64(rows)
	below := float64(h.Below.Rows)
	if rank < below {
		return h.Lo
	}
	edges := h.Edges()
	for i, n := range h.Counts {
		if n > 0 && rank <= below+float64(n) {
			return h.between(edges[i], edges[i+1], (rank-below)/float64(n))
		}
		below += float64(n)
	}
	return h.Hi
}

func (s Scale) between(a, b, share float64) float64 {
	if s.Log {
		return a * math.Pow(b/a, share)
	}
	return a + float64(share*(b-a)) // not fused: the same on every machine
}
