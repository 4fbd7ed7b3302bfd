package pure

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// exp64 is e^x for |x| < 700 by the series of the exponential of the reduced
// argument. Relative error below 6e-9.
func exp64(x float64) float64 {
	const (
		log2E   = 1.44269504088896341
		ln2     = 0.693147180559945309
		rounder = 3 << 51 // x+rounder-rounder rounds x to an integer
	)
	n := float64(x*log2E) + rounder - rounder
	r := x - n*ln2
	y := 1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24+r*(1.0/120+r*(1.0/720+r*(1.0/5040)))))))
	return y * math.Float64frombits(uint64(int64(n)+1023)<<52)
}

// expPlain is e^x with the limits of exact.Exp. Relative error below 7e-8.
func expPlain(x float32) float32 {
	switch {
	case x != x:
		return x
	case x > exact.ExpMax:
		return float32(math.Inf(1))
	case x < exact.ExpMin:
		return 0
	}
	return float32(exp64(float64(x)))
}

// tanh64 is the hyperbolic tangent.
func tanh64(x float64) float64 {
	switch a := math.Abs(x); {
	case a < 1e-5:
		return x
	case a > 20:
		return math.Copysign(1, x)
	}
	return 1 - 2/(exp64(2*x)+1)
}

// sigmoid64 is 1/(1+e^-x), 0 and 1 in the limits.
func sigmoid64(x float64) float64 {
	if x < -600 {
		return 0
	}
	return 1 / (1 + exp64(-min(x, 600)))
}

// geluTanh64 is the hyperbolic tangent in GELU.
func geluTanh64(x float64) float64 { return tanh64(exact.GELUC * (x + exact.GELUK*x*x*x)) }

// plainFunctions are the functions that are much faster where the result is the
// only number that is rounded to float32.
var plainFunctions = [...]func(float32) float32{
	kernel.Exp:     expPlain,
	kernel.Tanh:    func(x float32) float32 { return float32(tanh64(float64(x))) },
	kernel.Sigmoid: func(x float32) float32 { return float32(sigmoid64(float64(x))) },
	kernel.GELU:    func(x float32) float32 { return float32(0.5 * float64(x) * (1 + geluTanh64(float64(x)))) },
	kernel.SiLU:    func(x float32) float32 { return float32(float64(x) * sigmoid64(float64(x))) },
}

// geluGradPlain is the derivative of GELU.
func geluGradPlain(x float32) float32 {
	v := float64(x)
	t := geluTanh64(v)
	s := 1 - t*t
	if s == 0 {
		return float32(0.5 * (1 + t))
	}
	return float32(0.5*(1+t) + 0.5*v*s*exact.GELUC*(1+3*exact.GELUK*v*v))
}

// productPlain is productGo with products rounded: 8 sums at a time stay in
// registers.
func productPlain(t *tile) {
	for i := range t.m {
		row, a := t.c[i*t.ldc:][:t.n], t.a[min(i*t.rs, len(t.a)):]
		if !t.add {
			clear(row)
		}
		for j := 0; j < t.n; j += 8 {
			if sums := row[j:]; len(sums) >= 8 {
				eightSums((*[8]float32)(sums), a, t.b[min(j, len(t.b)):], t.ks, t.ldb, t.k)
			} else {
				for l := range t.k {
					axpyPlain(sums, a[l*t.ks], t.b[l*t.ldb+j:])
				}
			}
		}
	}
}

// eightSums: c[j] += a[l*ks]*b[l*ldb+j] for l < k, in ascending order of l.
func eightSums(c *[8]float32, a, b []float32, ks, ldb, k int) {
	c0, c1, c2, c3, c4, c5, c6, c7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	for l := range k {
		x, r := a[l*ks], (*[8]float32)(b[l*ldb:])
		c0 += float32(x * r[0])
		c1 += float32(x * r[1])
		c2 += float32(x * r[2])
		c3 += float32(x * r[3])
		c4 += float32(x * r[4])
		c5 += float32(x * r[5])
		c6 += float32(x * r[6])
		c7 += float32(x * r[7])
	}
	*c = [8]float32{c0, c1, c2, c3, c4, c5, c6, c7}
}
