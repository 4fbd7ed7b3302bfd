package safetensors

import (
	"math"
	"sync"
)

// f16ToF32 widens an IEEE 754 binary16: 5 bits of exponent with bias 15, 10 of
// mantissa. Weights are nearly all normal numbers, so these come first: the sign
// is extended to where it belongs, exponent and mantissa move along.
func f16ToF32(h uint16) float32 {
	if h&0x7c00-0x400 < 0x7800 { // neither the least exponent nor the greatest
		return math.Float32frombits(uint32(int16(h))<<13&0x8fffe000 + (127-15)<<23)
	}
	return f16Special(h)
}

// f16Special widens zeros and subnormals, which are multiples of 2^-24, and
// infinities and NaN, whose mantissa is kept.
func f16Special(h uint16) float32 {
	sign, mantissa := uint32(h&0x8000)<<16, uint32(h&0x3ff)
	if h&0x7c00 == 0 {
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)*0x1p-24))
	}
	return math.Float32frombits(sign | 0x7f800000 | mantissa<<13)
}

// bf16ToF32 widens the upper half of a float32.
func bf16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// smallFloat describes a type of eight bits: a sign, exponent and mantissa.
type smallFloat struct {
	mantissa uint // bits
	bias     int
	special  func(b byte) (float32, bool) // values that are not numbers of the scheme
}

// decode gives the value of one byte. The product is exact: a float32 holds any
// mantissa of these types with any of their exponents.
func (t smallFloat) decode(b byte) float32 {
	if v, ok := t.special(b); ok {
		return v
	}
	exponent := int(b & 0x7f >> t.mantissa)
	fraction := int(b & (1<<t.mantissa - 1))
	if exponent == 0 {
		exponent = 1 // subnormal: no leading one
	} else {
		fraction |= 1 << t.mantissa
	}
	v := float32(fraction) * pow2(exponent-t.bias-int(t.mantissa))
	if b&0x80 != 0 {
		v = -v
	}
	return v
}

// pow2 is 2 to the power of e, for the exponents of float32's normal numbers.
func pow2(e int) float32 { return math.Float32frombits(uint32(e+127) << 23) }

var nan32 = float32(math.NaN())

var (
	f8E4M3 = smallFloat{mantissa: 3, bias: 7, special: func(b byte) (float32, bool) {
		return nan32, b&0x7f == 0x7f
	}}
	f8E5M2 = smallFloat{mantissa: 2, bias: 15, special: func(b byte) (float32, bool) {
		switch {
		case b == 0x7c:
			return float32(math.Inf(1)), true
		case b == 0xfc:
			return float32(math.Inf(-1)), true
		}
		return nan32, b&0x7f > 0x7c
	}}
	// The FNUZ types use the pattern of a negative zero for their only NaN.
	f8E4M3FNUZ = smallFloat{mantissa: 3, bias: 8, special: negativeZeroIsNaN}
	f8E5M2FNUZ = smallFloat{mantissa: 2, bias: 16, special: negativeZeroIsNaN}
)

func negativeZeroIsNaN(b byte) (float32, bool) { return nan32, b == 0x80 }

// f8E8M0ToF32 gives 2^(b-127); 0xff is NaN. The least, 2^-127, is subnormal.
func f8E8M0ToF32(b byte) float32 {
	switch b {
	case 0:
		return math.Float32frombits(1 << 22)
	case 0xff:
		return nan32
	}
	return math.Float32frombits(uint32(b) << 23)
}

// tables holds the values of all bytes for the types of eight bits.
var tables = sync.OnceValue(func() map[DType]*[256]float32 {
	m := map[DType]*[256]float32{}
	for dtype, decode := range map[DType]func(byte) float32{
		F8E4M3: f8E4M3.decode, F8E5M2: f8E5M2.decode, F8E8M0: f8E8M0ToF32,
		F8E4M3FNUZ: f8E4M3FNUZ.decode, F8E5M2FNUZ: f8E5M2FNUZ.decode,
	} {
		var t [256]float32
		for b := range t {
			t[b] = decode(byte(b))
		}
		m[dtype] = &t
	}
	return m
})
