package main

import (
	"strings"
	"testing"
)

// TestContestTable: values are medians over rounds, ratios medians of the rounds'
// own, a peer packs each time, and what a contender did not run stays empty.
func TestContestTable(t *testing.T) {
	const name = "compute/sgemm_512"
	line := func(value, peak float64) measured {
		return measured{result: result{Name: name, Value: value, Unit: "GFLOP/s", Bound: "compute/fma_peak", BoundValue: peak, Ratio: value / peak}}
	}
	c := &contest{driver: &driver{rounds: 3}, groups: []group{{cases: []string{name, name + plain}}}, found: map[string][]measured{
		cell(ours, name, 1):       {line(90, 100), line(60, 75), line(80, 100)},
		cell(ours, name+plain, 1): {line(30, 100), line(30, 75), line(20, 100)},
		cell(pyTorch, name, 1):    {line(60, 1), line(30, 1), line(80, 1)},
	}}
	var b strings.Builder
	c.table(&b, 1)
	want := "| `compute/sgemm_512` | GFLOP/s | 100 | 80 | 0.80 |  |  | 60 | **1.50** |  |  |\n" +
		"| `compute/sgemm_512_plain` | GFLOP/s | 100 | 30 | 0.30 |  |  | 60 | **0.50** |  |  |\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("have\n%swant a line\n%s", b.String(), want)
	}
	if n := strings.Count(b.String(), "\n"); n != 7 {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
}
