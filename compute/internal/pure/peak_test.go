package pure

import "testing"

// TestPeakLoops holds the loops to their limit: from 0 or a few the sums go to
// the fixed point of s = s*x + x, which is x/(1-x).
func TestPeakLoops(t *testing.T) {
	for _, s := range Assembly() {
		loop, flops := peakLoop(s.Name())
		if got := loop(200); got != 1 {
			t.Errorf("%s: sum %v after 200 rounds, want 1", s.Name(), got)
		}
		if flops <= 16 {
			t.Errorf("%s: %v operations a round", s.Name(), flops)
		}
	}
	if got := FMAPeak("purego", 1e-9); got <= 0 {
		t.Errorf("peak %v", got)
	}
}
