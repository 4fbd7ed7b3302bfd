//go:build !amd64

package pure

// peakLoop is the loop of [FMAPeak] and its operations a round.
func peakLoop(string) (loop func(rounds int) float32, flops float64) { return peakPlain, 8 * 2 }
