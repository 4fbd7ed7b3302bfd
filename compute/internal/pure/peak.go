package pure

import "time"

// FMAPeak measures the fastest that a core does the multiplications and additions
// that the set of the name is made of, in GFLOP/s: a loop without memory, run for
// about so many seconds. Of slices of a hundredth of that the fastest counts.
func FMAPeak(name string, seconds float64) float64 {
	loop, flops := peakLoop(name)
	best, rounds := 0.0, 1000
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); ; {
		start := time.Now()
		loop(rounds)
		took := time.Since(start).Seconds()
		best = max(best, flops*float64(rounds)/took/1e9)
		switch {
		case !time.Now().Before(end):
			return best
		case took < seconds/200:
			rounds *= 2
		}
	}
}

// peakPlain multiplies and adds with sums in variables; 16 operations a round.
//
//go:noinline
func peakPlain(rounds int) float32 {
	const x = 0.999
	var c0, c1, c2, c3, c4, c5, c6, c7 float32 = 1, 2, 3, 4, 5, 6, 7, 8
	for range rounds {
		c0 = c0*x + x
		c1 = c1*x + x
		c2 = c2*x + x
		c3 = c3*x + x
		c4 = c4*x + x
		c5 = c5*x + x
		c6 = c6*x + x
		c7 = c7*x + x
	}
	return c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7
}
