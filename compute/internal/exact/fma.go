package exact

import "math"

// FMA is a*b+c in float32 with one rounding, without the help of hardware.
//
// The product of two float32 is exact in float64, so that the sum has been
// rounded once when it is rounded to float32 again. That second rounding can go
// wrong only where the sum lies halfway between two float32 after the first,
// which for results that are normal numbers shows in its last 29 bits.
func FMA(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if u := math.Float64bits(s); u&(1<<29-1) == 1<<28 || u<<1 < leastNormal<<53 {
		return roundOnce(float64(a)*float64(b), float64(c))
	}
	return float32(s)
}

// leastNormal is the biased exponent in float64 of the least normal float32.
const leastNormal = 1023 - 126

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
