package pure

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
)

// lanes are the partial sums of a sum along an axis that is taken chunk by
// chunk. A chunk begins at a multiple of exact.Lanes.
type lanes [exact.Lanes]float32

// chunk is the number of elements a temporary on the stack holds.
const chunk = 256

// total adds the partial sums pairwise.
func (p *lanes) total() float32 {
	for w := len(p) / 2; w > 0; w /= 2 {
		for j := range w {
			p[j] += p[j+w]
		}
	}
	return p[0]
}

// add adds x to the partial sums.
func (p *lanes) add(x []float32) {
	for ; len(x) >= len(p); x = x[len(p):] {
		for j, v := range x[:len(p)] {
			p[j] += v
		}
	}
	for j, v := range x {
		p[j] += v
	}
}

// dot adds the products of x and y to the partial sums.
func (p *lanes) dot(x, y []float32) {
	y = y[:len(x)]
	for i := range x {
		j := i % len(p)
		s := float64(x[i])*float64(y[i]) + float64(p[j])
		if exact.Ambiguous(s) {
			p[j] = exact.FMA(x[i], y[i], p[j])
		} else {
			p[j] = float32(s)
		}
	}
}

// dotPlain is dot with products rounded.
func (p *lanes) dotPlain(x, y []float32) {
	for ; len(x) >= len(p) && len(y) >= len(p); x, y = x[len(p):], y[len(p):] {
		a, b := x[:len(p)], y[:len(p)]
		for j := range a {
			p[j] += float32(a[j] * b[j])
		}
	}
	for j, v := range x {
		p[j] += float32(v * y[j])
	}
}

// axpy: dst[i] = fma(a, x[i], dst[i]).
func axpy(dst []float32, a float32, x []float32) {
	x = x[:len(dst)]
	for i, c := range dst {
		s := float64(a)*float64(x[i]) + float64(c)
		if exact.Ambiguous(s) {
			dst[i] = exact.FMA(a, x[i], c)
		} else {
			dst[i] = float32(s)
		}
	}
}

// axpyPlain is axpy with products rounded.
func axpyPlain(dst []float32, a float32, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += float32(a * x[i])
	}
}

// maximum is exact.Max of what x is, continued from m.
func maximum(m float32, x []float32) float32 {
	for _, v := range x {
		if v != v {
			return v
		}
		if v > m {
			m = v
		}
	}
	return m
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// sqrt is correctly rounded, as float64 has more than twice the digits.
func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
