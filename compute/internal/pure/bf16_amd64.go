package pure

// The functions below take a multiple of 8 numbers.

//go:noescape
func widenAVX2(dst *float32, x *uint16, n int)

//go:noescape
func roundAVX2(dst, x *float32, n int)

//go:noescape
func narrowAVX2(dst *uint16, x *float32, n int)

// widenPairsAVX2 takes pairs of rows of a panel.
//
//go:noescape
func widenPairsAVX2(dst *float32, x *uint16, pairs int)

func widenAsm(dst []float32, x []uint16) int {
	n := len(dst) &^ 7
	if n > 0 {
		widenAVX2(&dst[0], &x[:n][0], n)
	}
	return n
}

func roundAsm(dst, x []float32) int {
	n := len(dst) &^ 7
	if n > 0 {
		roundAVX2(&dst[0], &x[:n][0], n)
	}
	return n
}

func narrowAsm(dst []uint16, x []float32) int {
	n := len(x) &^ 7
	if n > 0 {
		narrowAVX2(&dst[:n][0], &x[0], n)
	}
	return n
}

func widenPairsAsm(dst []float32, x []uint16) int {
	n := len(dst) / (2 * width)
	if n > 0 {
		widenPairsAVX2(&dst[0], &x[:2*width*n][0], n)
	}
	return 2 * width * n
}
