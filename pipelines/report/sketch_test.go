package report

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chimera-1/chimera/datasets"
)

var ignoreEdges = cmpopts.IgnoreUnexported(Sketch{})

// exactBin finds the bin of v on a linear scale in exact arithmetic, taking lo
// and hi as the decimals they were written as.
func exactBin(v, lo, hi string, bins int64) int64 {
	rat := func(s string) *big.Rat { r, _ := new(big.Rat).SetString(s); return r }
	at := new(big.Rat).Sub(rat(v), rat(lo))
	at.Mul(at, new(big.Rat).SetInt64(bins))
	at.Quo(at, new(big.Rat).Sub(rat(hi), rat(lo)))
	i := new(big.Int).Quo(at.Num(), at.Denom()).Int64()
	return min(i, bins-1)
}

func TestLinearBinsAreExactDecimals(t *testing.T) {
	for _, scale := range []struct {
		lo, hi string
		bins   int64
	}{{"0", "1", 50}, {"0", "1", 100}, {"0", "0.5", 50}, {"0", "0.1", 50}, {"0", "15", 60}, {"0", "9", 9}} {
		lo, _ := new(big.Rat).SetString(scale.lo)
		hi, _ := new(big.Rat).SetString(scale.hi)
		l, _ := lo.Float64()
		h, _ := hi.Float64()
		for k := range 1001 {
			v := new(big.Rat).Sub(hi, lo)
			v.Mul(v, big.NewRat(int64(k), 1000)).Add(v, lo)
			f, _ := v.Float64()
			s := NewSketch("x", "", "", Scale{l, h, int(scale.bins), false})
			s.Add(f, false)
			if want := exactBin(v.RatString(), scale.lo, scale.hi, scale.bins); s.Counts[want] != 1 {
				t.Errorf("%s of [%s, %s]/%d is not in bin %d: %v", v.FloatString(6), scale.lo, scale.hi, scale.bins, want, s.Counts)
			}
		}
	}
}

func TestBinsAgainstScan(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, scale := range []Scale{{0, 1, 50, false}, {-3, 7, 11, false}, {1, 1e6, 60, true}, {0.01, 10, 7, true}} {
		s := NewSketch("x", "", "", scale)
		want := NewSketch("x", "", "", scale).Histogram
		edges := scale.Edges()
		for range 5000 {
			v, kept := scale.Lo+(scale.Hi-scale.Lo)*(1.2*r.Float64()-0.1), r.IntN(2) == 0
			if r.IntN(10) == 0 {
				v = edges[r.IntN(len(edges))]
			}
			s.Add(v, kept)
			scan(&want, edges, v, kept)
		}
		s.Add(math.NaN(), true)
		s.Add(math.Inf(1), false)
		s.Add(math.Inf(-1), false)
		want.Missing, want.Above.Rows, want.Below.Rows = Tally{1, 1}, want.Above.Rows+1, want.Below.Rows+1
		if diff := cmp.Diff(want, s.Histogram); diff != "" {
			t.Errorf("%+v (-scan +sketch):\n%s", scale, diff)
		}
	}
}

// scan counts v in the bin whose limits hold it.
func scan(h *Histogram, edges []float64, v float64, kept bool) {
	k := int64(0)
	if kept {
		k = 1
	}
	switch {
	case v < h.Lo:
		h.Below.Rows, h.Below.Kept = h.Below.Rows+1, h.Below.Kept+k
	case v > h.Hi:
		h.Above.Rows, h.Above.Kept = h.Above.Rows+1, h.Above.Kept+k
	}
	for i := range h.Counts {
		last := i == len(h.Counts)-1
		if v >= edges[i] && (v < edges[i+1] || last && v == edges[i+1]) {
			h.Counts[i]++
			h.Kept[i] += k
		}
	}
}

func TestLogEdgesHoldDecades(t *testing.T) {
	edges := Scale{1, 1e6, 60, true}.Edges()
	for e := range 7 {
		if want := math.Pow10(e); edges[10*e] != want {
			t.Errorf("edge %d = %v, want %v", 10*e, edges[10*e], want)
		}
	}
	if !slices.IsSorted(edges) {
		t.Error("edges do not ascend")
	}
}

func TestSketchesMergeInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	parts, whole := make([]*Sketch, 7), Lengths()
	for i := range parts {
		parts[i] = Lengths()
	}
	for range 3000 {
		v, kept := math.Exp(20*r.Float64()-2), r.IntN(3) > 0
		parts[r.IntN(len(parts))].Add(v, kept)
		whole.Add(v, kept)
	}
	merge := func(order []int) *Sketch { // left to right
		sum := Lengths()
		for _, i := range order {
			sum.Merge(parts[i])
		}
		return sum
	}
	for range 10 {
		if diff := cmp.Diff(whole, merge(r.Perm(len(parts))), ignoreEdges); diff != "" {
			t.Fatalf("(-whole +merged):\n%s", diff)
		}
	}
	// (0+1+2) + (3+4+5+6) is the same as one by one.
	right := merge([]int{3, 4, 5, 6})
	left := merge([]int{0, 1, 2})
	left.Merge(right)
	if diff := cmp.Diff(whole, left, ignoreEdges); diff != "" {
		t.Fatalf("(-whole +grouped):\n%s", diff)
	}
}

func TestSketchTravelsAsJSON(t *testing.T) {
	a := Lengths()
	a.Add(12, true)
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var got *Sketch
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	got.Add(12, false)
	a.Add(12, false)
	if diff := cmp.Diff(a, got, ignoreEdges); diff != "" {
		t.Errorf("(-kept +travelled):\n%s", diff)
	}
}

func TestMergeOfOtherScalePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewSketch("x", "", "", Scale{0, 1, 10, false}).Merge(NewSketch("x", "", "", Scale{0, 1, 20, false}))
}

func TestQuantile(t *testing.T) {
	s := NewSketch("x", "", "", Scale{0, 100, 100, false})
	for v := range 100 {
		s.Add(float64(v)+0.5, true)
	}
	for _, q := range []float64{0, 0.25, 0.5, 0.99, 1} {
		if got := s.Quantile(q); math.Abs(got-100*q) > 1 {
			t.Errorf("quantile %v = %v", q, got)
		}
	}
	if got := NewSketch("x", "", "", Scale{0, 1, 2, false}).Quantile(0.5); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v", got)
	}
	low := NewSketch("x", "", "", Scale{10, 20, 2, false})
	low.Add(1, true)
	low.Add(2, true)
	low.Add(30, true)
	if got := low.Quantile(0.5); got != 10 {
		t.Errorf("median below the scale = %v, want its beginning", got)
	}
	if got := low.Quantile(1); got != 20 {
		t.Errorf("maximum above the scale = %v, want its end", got)
	}
}

func TestSignals(t *testing.T) {
	ratio := 0.79
	row := datasets.Signals{GopherQuality: datasets.GopherQuality{AlphaRatio: &ratio, NonSymbolWords: 50, StopWords: 8}}
	a, b := NewSignals(Variant{}), NewSignals(Variant{})
	a.Add(&row, false)
	b.Add(&row, true)
	a.Merge(b)
	charts := a.Charts(map[string][]Threshold{"gopher_quality.alpha_ratio": {{0.8, true, "gopher_below_alpha_threshold"}}})
	alpha := charts[0]
	if alpha.Figure != "gopher_quality.alpha_ratio" || alpha.Counts[39] != 2 || alpha.Kept[39] != 1 || len(alpha.Thresholds) != 1 {
		t.Errorf("alpha ratio: %+v", alpha)
	}
	for _, c := range charts {
		if c.Figure == "fineweb_after_c4.line_punct_ratio" && c.Missing != (Tally{2, 1}) {
			t.Errorf("rows without FineWeb figures: %+v", c.Missing)
		}
		if c.Rows()+c.Missing.Rows != 2 {
			t.Errorf("%s counts %d rows", c.Figure, c.Rows()+c.Missing.Rows)
		}
	}
}

func TestSignalsOfVariant(t *testing.T) {
	before, after := 0.25, 0.75
	row := datasets.Signals{C4Quality: datasets.C4Quality{Sentences: 7}, C4NoTerminalPunct: datasets.C4NoTerminalPunct{Sentences: 9},
		FineWebQuality: datasets.FineWebQuality{ShortLineRatio: &before}, FineWebAfterC4: &datasets.FineWebAfterC4{ShortLineRatio: &after}}
	for v, want := range map[Variant]map[string]int{
		{}:                               {"c4_no_terminal_punct.sentences": 9, "fineweb_after_c4.short_line_ratio": 75},
		{EndMarks: true}:                 {"c4_quality.sentences": 7, "fineweb_after_c4.short_line_ratio": 75},
		{Original: true}:                 {"c4_no_terminal_punct.sentences": 9, "fineweb_quality.short_line_ratio": 25},
		{EndMarks: true, Original: true}: {"c4_quality.sentences": 7, "fineweb_quality.short_line_ratio": 25},
	} {
		s := NewSignals(v)
		if len(s) != 12 {
			t.Errorf("%+v draws %d figures, want 12", v, len(s))
		}
		s.Add(&row, true)
		for _, c := range s.Charts(nil) {
			if bin, ok := want[c.Figure]; ok {
				delete(want, c.Figure)
				if c.Counts[bin] != 1 {
					t.Errorf("%+v: %s: bin %d counts %d rows, want 1", v, c.Figure, bin, c.Counts[bin])
				}
			}
		}
		if len(want) > 0 {
			t.Errorf("%+v does not draw %v", v, want)
		}
	}
}
