package pure

import "math"

// expPlain is e^x by the series of the exponential of the reduced argument in
// float64, with the limits of exact.Exp. Relative error below 7e-8.
func expPlain(x float32) float32 {
	const (
		log2E   = 1.44269504088896341
		ln2     = 0.693147180559945309
		rounder = 3 << 51 // x+rounder-rounder rounds x to an integer
	)
	switch {
	case x != x:
		return x
	case x > 88.72283905206835:
		return float32(math.Inf(1))
	case x < -87.33654475055310:
		return 0
	}
	v := float64(x)
	n := v*log2E + rounder - rounder
	r := v - n*ln2
	y := 1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24+r*(1.0/120+r*(1.0/720+r*(1.0/5040)))))))
	return float32(y * math.Float64frombits(uint64(int64(n)+1023)<<52))
}

// productPlain is productGo with products rounded.
func productPlain(t *tile) {
	for i := range t.m {
		var acc [width]float32
		sums, row := acc[:t.n], t.c[i*t.ldc:i*t.ldc+t.n]
		if t.add {
			copy(sums, row)
		}
		for l := range t.k {
			axpyPlain(sums, t.a[i*t.rs+l*t.ks], t.b[l*t.ldb:])
		}
		copy(row, sums)
	}
}
