package nn

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
)

// normal is a stream of standard normal numbers: word i%4 of the Philox block of
// counter {i/4, stream} under the seed, put through the inverse of the
// distribution function. The numbers are the same on every machine.
type normal struct {
	seed, stream uint64
	i            uint64
	words        [4]uint32
}

func (r *normal) next() float32 {
	if r.i%4 == 0 {
		b := r.i / 4
		r.words = exact.Philox([2]uint32{uint32(r.seed), uint32(r.seed >> 32)},
			[4]uint32{uint32(b), uint32(b >> 32), uint32(r.stream), uint32(r.stream >> 32)})
	}
	w := r.words[r.i%4]
	r.i++
	return float32(quantile((float64(w) + 0.5) / (1 << 32)))
}

// quantile is the inverse of the standard normal distribution function for
// 0 < p < 1, by the rational approximation of Acklam (2003): relative error
// below 1.2e-9, far below what float32 shows.
func quantile(p float64) float64 {
	const low = 0.02425
	switch {
	case p < low:
		return tail(p)
	case p > 1-low:
		return -tail(1 - p)
	}
	q := p - 0.5
	r := float64(q * q)
	num := poly(r, -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00)
	den := poly(r, -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01, 1)
	return float64(num*q) / den
}

// tail is quantile of small p. The logarithm is the one of package exact, since
// math.Log is not the same on every architecture.
func tail(p float64) float64 {
	q := math.Sqrt(-2 * float64(exact.Log(float32(p))))
	num := poly(q, -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00)
	den := poly(q, 7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1)
	return num / den
}

// poly is a polynomial, highest power first. The conversion keeps compilers from
// fusing the product and the sum.
func poly(x float64, c ...float64) float64 {
	y := 0.0
	for _, k := range c {
		y = float64(y*x) + k
	}
	return y
}
