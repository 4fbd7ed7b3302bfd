package exact

import "math"

// FMA is a*b+c in float32 with one rounding, without the help of hardware.
//
// The product of two float32 is exact in float64. The sum is rounded to odd
// (the last bit of an inexact result is set), after which rounding to float32
// cannot go wrong: Boldo and Melquiond, "Emulation of a FMA and correctly
// rounded sums: proved algorithms using rounding to odd", 2008.
func FMA(a, b, c float32) float32 {
	p, q := float64(a)*float64(b), float64(c)
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
