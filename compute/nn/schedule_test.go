package nn

import (
	"math"
	"testing"
)

func TestConstantSchedule(t *testing.T) {
	for _, step := range []int{0, 1, 1 << 40} {
		if lr := Constant(0.25).LR(step); lr != 0.25 {
			t.Errorf("step %d: %g", step, lr)
		}
	}
}

// TestWarmupCosine compares with the closed form at places where it is a simple
// number: cos of 0, 60, 90, 120 and 180 degrees.
func TestWarmupCosine(t *testing.T) {
	s := WarmupCosine{Peak: 1, Floor: 0.2, Warmup: 10, Total: 130}
	for _, c := range []struct {
		step int
		want float64
	}{
		{0, 0.1},
		{4, 0.5},
		{9, 1},
		{10, 1},
		{50, 0.2 + 0.8*0.75}, // a third of the way
		{70, 0.6},
		{90, 0.2 + 0.8*0.25},
		{130, 0.2},
		{131, 0.2},
		{math.MaxInt, 0.2},
	} {
		if got := float64(s.LR(c.step)); math.Abs(got-c.want) > 1e-7 {
			t.Errorf("step %d: %g, want %g", c.step, got, c.want)
		}
	}
	for step := 10; step < 130; step++ {
		if s.LR(step+1) > s.LR(step) {
			t.Errorf("the rate rises at step %d", step)
		}
	}
}

func TestWarmupCosineAtItsEdges(t *testing.T) {
	if lr := (WarmupCosine{Peak: 3, Total: 2}).LR(0); lr != 3 {
		t.Errorf("without warm-up the first rate is %g", lr)
	}
	if lr := (WarmupCosine{Peak: 3, Floor: 1, Warmup: 4, Total: 4}).LR(4); lr != 1 {
		t.Errorf("all warm-up: %g", lr)
	}
	if lr := (WarmupCosine{Peak: 3, Floor: 1, Warmup: 4, Total: 2}).LR(3); lr != 3 {
		t.Errorf("warm-up longer than all: %g", lr)
	}
	if lr := (WarmupCosine{Peak: 3, Floor: 1}).LR(0); lr != 1 {
		t.Errorf("no steps at all: %g", lr)
	}
}
