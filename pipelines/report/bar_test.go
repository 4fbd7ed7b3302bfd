package report

import (
	"strconv"
	"strings"
	"testing"
)

func TestWaterfall(t *testing.T) {
	n := Night{Input: Input{Rows: 1000}, Output: Output{Kept: 400, Dropped: 450, Exact: 60, Near: 40, Rejected: 50}, Drops: []Drop{
		{"b", "small", 20}, {"b", "large", 230}, {"b", "none", 0}, {"a", "a", 200}}}
	var got []string
	for _, s := range n.waterfall() {
		last := s.Bar[len(s.Bar)-1]
		name := s.Label
		if s.Sub {
			name = "- " + name
		}
		got = append(got, strings.Join([]string{name, s.Class, strconv.FormatInt(s.Rows, 10), last.X + "+" + last.W}, " "))
	}
	want := []string{
		"Rows in input 1000 0+1000",
		"Rejected as input rejected 50 950+50",
		"Exact duplicates duplicate 60 890+60",
		"b dropped 250 640+250",
		"- large dropped 230 660+230",
		"- small dropped 20 640+20",
		"a dropped 200 440+200",
		"Near duplicates duplicate 40 400+40",
		"Kept kept 400 0+400",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFewRowsStayVisible(t *testing.T) {
	total := 0.0
	for _, s := range stack(piece{"kept", 1_000_000}, piece{"dropped", 0}, piece{"rejected", 1}) {
		w, err := strconv.ParseFloat(s.W, 64)
		if err != nil || w < 2.9 {
			t.Errorf("%s is %s wide", s.Class, s.W)
		}
		total += w
	}
	if total < 999.9 || total > 1000.1 {
		t.Errorf("bar is %v wide", total)
	}
}

func TestFaults(t *testing.T) {
	n := exampleNight(1, 0)
	if f := n.Faults(); f != nil {
		t.Fatalf("a sound night has faults: %q", f)
	}
	n.Output.Kept--
	n.Drops[0].Rows++
	n.Refused = n.Refused[1:]
	n.Output.Old = 1 << 40
	want := []string{
		"kept + dropped + duplicate + rejected: 180,305, but should be 180,306",
		"rows dropped, by reason: 68,221, but should be 68,220",
		"rows rejected, by reason: 229, but should be 631",
		"documents, by source: 179,675, but should be 179,674",
		"old duplicates: 1,099,511,627,776 of 27,973 duplicates",
	}
	if got := n.Faults(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNiceSteps(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{
		{0, 1, 5, "0 0.2 0.4 0.6 0.8 1"}, {0, 0.1, 5, "0 0.02 0.04 0.06 0.08 0.1"}, {0, 15, 5, "0 5 10 15"}, {0, 9, 5, "0 2 4 6 8"},
		{0, 0.5, 5, "0 0.1 0.2 0.3 0.4 0.5"}, {0, 2100, 2, "0 2k"}, {0, 1, 2, "0 0.5 1"},
	} {
		var got []string
		for _, v := range niceSteps(c.lo, c.hi, c.n) {
			got = append(got, formatTick(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}

func TestCeiling(t *testing.T) {
	for _, c := range []struct {
		counts []int64
		top    float64
		broken int64 // bars above are broken
	}{
		{[]int64{1, 2, 3}, 3, 3}, {[]int64{0, 0}, 1, 0}, {[]int64{7}, 7, 7},
		{[]int64{1000, 10, 9, 8}, 15, 10},         // one bar dwarfs the rest
		{[]int64{1000, 10, 9, 900}, 15, 10},       // two do
		{[]int64{1000, 900, 800, 10}, 1000, 1000}, // three are no exception
		{[]int64{1000, 0, 0}, 1000, 1000},
	} {
		if top, broken := ceiling(c.counts); top != c.top || broken != c.broken {
			t.Errorf("%v: top %v, broken above %v; want %v, %v", c.counts, top, broken, c.top, c.broken)
		}
	}
}
