package exact

import "math"

// FMA is a*b+c in float32 with one rounding, without the help of hardware.
//
// The product of two float32 is exact in float64, so that the sum has been
// rounded once when it is rounded to float32 again.
func FMA(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if Ambiguous(s) {
		return roundOnce(float64(a)*float64(b), float64(c))
	}
	return float32(s)
}

// Ambiguous reports whether rounding a rounded sum s to float32 may differ from
// rounding the sum itself: where s lies halfway between two float32, which for
// results that are normal numbers shows in its last 29 bits. The rest, subnormal
// results and zeros, is ambiguous as well. Loops use it where calls of FMA cost.
func Ambiguous(s float64) bool {
	const leastNormal = 1023 - 126 // exponent of the least normal float32
	u := math.Float64bits(s) << 1
	return u<<34 == 1<<63 || u < leastNormal<<53
}

// roundOnce is p+q rounded to float32, for p of at most 48 bits and q of 24.
//
// The sum is rounded to odd in float64 (the last bit of an inexact result is
// set), after which rounding to float32 cannot go wrong: Boldo and Melquiond,
// "Emulation of a FMA and correctly rounded sums: proved algorithms using
// rounding to odd", 2008.
//
//go:noinline
func roundOnce(p, q float64) float32 {
	s := p + q
	// The error of the sum, exactly (Knuth's TwoSum).
	v := s - p
	e := (p - (s - v)) + (q - v)
	if e != 0 && e-e == 0 {
		bits := math.Float64bits(s)
		if bits&1 == 0 {
			if (e > 0) == (s > 0) {
				bits++
			} else {
				bits--
			}
			s = math.Float64frombits(bits)
		}
	}
	return float32(s)
}
