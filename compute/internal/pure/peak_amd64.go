package pure

//go:noescape
func peakAVX512(rounds int) float32

//go:noescape
func peakAVX2(rounds int) float32

// peakLoop is the loop of [FMAPeak] and its operations a round.
func peakLoop(name string) (loop func(rounds int) float32, flops float64) {
	switch name {
	case set{avx512}.Name():
		return peakAVX512, 24 * 16 * 2
	case set{avx2}.Name():
		return peakAVX2, 12 * 8 * 2
	}
	return peakPlain, 8 * 2
}
