package pure

import "github.com/chimera-1/chimera/compute/internal/kernel"

// The loops below take a multiple of 32 elements, adamAVX2 and fmaAVX2 of 8.

//go:noescape
func sumAVX2(p *lanes, x *float32, n int)

//go:noescape
func dotAVX2(p *lanes, x, y *float32, n int)

//go:noescape
func maxAVX2(m float32, x *float32, n int) float32

//go:noescape
func fmaAVX2(dst, x, y, z *float32, n int)

//go:noescape
func adamAVX2(p, m, v, grad *float32, n int, a *kernel.AdamW, c1, c2 float32)

//go:noescape
func dotRowsAVX2(dst, x, y *float32, n, rows int)

// dotRowsAsm takes rows of a multiple of 32 numbers.
func dotRowsAsm(dst, x, y []float32) int {
	n, rows := len(x), len(dst)
	if n == 0 || n%32 != 0 || rows == 0 {
		return 0
	}
	dotRowsAVX2(&dst[0], &x[0], &y[:n*rows][0], n, rows)
	return rows
}

func sumAsm(p *lanes, x []float32) int {
	n := len(x) &^ 31
	if n > 0 {
		sumAVX2(p, &x[0], n)
	}
	return n
}

func dotAsm(p *lanes, x, y []float32) int {
	n := len(x) &^ 31
	if n > 0 {
		dotAVX2(p, &x[0], &y[:n][0], n)
	}
	return n
}

func maxAsm(m float32, x []float32) (float32, int) {
	n := len(x) &^ 31
	if n > 0 {
		m = maxAVX2(m, &x[0], n)
	}
	return m, n
}

func fmaAsm(dst, x, y, z []float32) int {
	n := len(dst) &^ 7
	if n > 0 {
		fmaAVX2(&dst[0], &x[:n][0], &y[:n][0], &z[:n][0], n)
	}
	return n
}

func adamAsm(p, m, v, grad []float32, a *kernel.AdamW) int {
	n := len(p) &^ 7
	if n > 0 {
		adamAVX2(&p[0], &m[:n][0], &v[:n][0], &grad[:n][0], n, a, 1-a.Beta1, 1-a.Beta2)
	}
	return n
}
