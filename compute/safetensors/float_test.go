package safetensors

import (
	"encoding/binary"
	"math"
	"testing"
)

// byScheme is the value of a pattern by the textbook: a sign, an exponent with a
// bias and a fraction, multiplied out in float64 by math.Ldexp.
func byScheme(pattern uint64, exponentBits, mantissaBits, bias int) float64 {
	sign := 1.0
	if pattern>>(exponentBits+mantissaBits)&1 == 1 {
		sign = -1
	}
	exponent := int(pattern >> mantissaBits & (1<<exponentBits - 1))
	fraction := float64(pattern & (1<<mantissaBits - 1))
	if exponent == 0 {
		return sign * math.Ldexp(fraction, 1-bias-mantissaBits)
	}
	return sign * math.Ldexp(fraction+math.Ldexp(1, mantissaBits), exponent-bias-mantissaBits)
}

// ieee adds infinities and NaN: the highest exponent has no numbers.
func ieee(exponentBits, mantissaBits int) func(uint64) float64 {
	return func(p uint64) float64 {
		v := byScheme(p, exponentBits, mantissaBits, 1<<(exponentBits-1)-1)
		if p>>mantissaBits&(1<<exponentBits-1) == 1<<exponentBits-1 {
			if p&(1<<mantissaBits-1) != 0 {
				return math.NaN()
			}
			return math.Copysign(math.Inf(1), v)
		}
		return v
	}
}

func fnuz(exponentBits, mantissaBits int) func(uint64) float64 {
	return func(p uint64) float64 {
		if p == 0x80 {
			return math.NaN()
		}
		return byScheme(p, exponentBits, mantissaBits, 1<<(exponentBits-1))
	}
}

var schemes = map[DType]func(uint64) float64{
	F16:    ieee(5, 10),
	BF16:   ieee(8, 7),
	F8E5M2: ieee(5, 2),
	F8E4M3: func(p uint64) float64 {
		if p&0x7f == 0x7f {
			return math.NaN()
		}
		return byScheme(p, 4, 3, 7)
	},
	F8E4M3FNUZ: fnuz(4, 3),
	F8E5M2FNUZ: fnuz(5, 2),
	F8E8M0: func(p uint64) float64 {
		if p == 255 {
			return math.NaN()
		}
		return math.Ldexp(1, int(p)-127)
	},
}

// patterns is a tensor of every bit pattern of a type.
func patterns(d DType) View {
	n := 1 << d.Bits()
	v := View{Name: d.String(), DType: d, Shape: []int{n}}
	for i := range n {
		if d.Bits() == 8 {
			v.Data = append(v.Data, byte(i))
		} else {
			v.Data = binary.LittleEndian.AppendUint16(v.Data, uint16(i))
		}
	}
	return v
}

// sameFloat: the same bits, or both NaN.
func sameFloat(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func TestEveryValue(t *testing.T) {
	for dtype, want := range schemes {
		got, err := patterns(dtype).Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for p, v := range got {
			w := want(uint64(p))
			if !sameFloat(v, float32(w)) || w == w && float64(v) != w {
				t.Errorf("%v %#x = %v, want %v", dtype, p, v, w)
			}
		}
	}
}

// TestLandmarks: the values by which the types are known.
func TestLandmarks(t *testing.T) {
	for _, c := range []struct {
		dtype   DType
		pattern uint64
		want    float64
	}{
		{F8E4M3, 0x7e, 448}, {F8E4M3, 0x01, 0x1p-9}, {F8E4M3, 0x08, 0x1p-6}, {F8E4M3, 0xff, math.NaN()},
		{F8E5M2, 0x7b, 57344}, {F8E5M2, 0x7c, math.Inf(1)}, {F8E5M2, 0x01, 0x1p-16}, {F8E5M2, 0xfd, math.NaN()},
		{F8E4M3FNUZ, 0x7f, 240}, {F8E4M3FNUZ, 0x01, 0x1p-10}, {F8E4M3FNUZ, 0x80, math.NaN()},
		{F8E5M2FNUZ, 0x7f, 57344}, {F8E5M2FNUZ, 0x01, 0x1p-17}, {F8E5M2FNUZ, 0x80, math.NaN()},
		{F8E8M0, 0, 0x1p-127}, {F8E8M0, 127, 1}, {F8E8M0, 254, 0x1p127}, {F8E8M0, 255, math.NaN()},
		{F16, 0x7bff, 65504}, {F16, 0x0001, 0x1p-24}, {F16, 0x3555, 0.333251953125}, {F16, 0xfc00, math.Inf(-1)},
		{BF16, 0x3f80, 1}, {BF16, 0x0001, 0x1p-133}, {BF16, 0x7f7f, 3.3895313892515355e+38},
	} {
		all, err := patterns(c.dtype).Float32s()
		if err != nil {
			t.Fatal(err)
		}
		if got := all[c.pattern]; !sameFloat(got, float32(c.want)) {
			t.Errorf("%v %#x = %v, want %v", c.dtype, c.pattern, got, c.want)
		}
	}
}

// TestFloat64Rounds: ties go to even, beyond the range is infinite, and what is
// too small becomes zero with its sign.
func TestFloat64Rounds(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want float32
	}{
		{1 + 0x1p-24, 1}, {1 + 0x3p-24, 1 + 0x1p-22}, {0.1, 0.1}, {1e300, float32(math.Inf(1))},
		{-1e-300, float32(math.Copysign(0, -1))}, {math.MaxFloat32, math.MaxFloat32}, {0x1p-149, 0x1p-149},
	} {
		v := View{DType: F64, Shape: []int{1}, Data: binary.LittleEndian.AppendUint64(nil, math.Float64bits(c.in))}
		got, err := v.Float32s()
		if err != nil || !sameFloat(got[0], c.want) {
			t.Errorf("%v = %v, %v; want %v", c.in, got, err, c.want)
		}
	}
}
