package ref

import "math"

// BFloat16 is the bfloat16 number nearest to x, of two the even one; what is at
// least half a unit above the greatest is infinite. A NaN becomes the quiet one
// of its sign.
func BFloat16(x float32) uint16 {
	below := uint16(math.Float32bits(x) >> 16) // towards zero
	switch down := float64(x) - FromBFloat16(below); {
	case x != x:
		return below&0x8000 | 0x7fc0
	case down == 0 || math.IsInf(float64(x), 0):
		return below
	default:
		// The spacing above a number is that of the next one, which past the
		// greatest would be 2^128.
		up := math.Abs(FromBFloat16(below+1)) - math.Abs(float64(x))
		if math.IsInf(up, 1) {
			up = math.Ldexp(1, 128) - math.Abs(float64(x))
		}
		if down = math.Abs(down); down < up || down == up && below&1 == 0 {
			return below
		}
		return below + 1
	}
}

// FromBFloat16 is its value.
func FromBFloat16(b uint16) float64 { return float64(math.Float32frombits(uint32(b) << 16)) }
