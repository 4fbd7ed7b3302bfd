package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// fmaOracle is a*b+c by big numbers for finite operands.
func fmaOracle(a, b, c float32) float32 {
	if p := float64(a) * float64(b); p == 0 || c == 0 { // signs of zeros, exact
		return float32(p + float64(c))
	}
	wide := func(x float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(x)) }
	s := new(big.Float).SetPrec(1000).Mul(wide(a), wide(b))
	r, _ := s.Add(s, wide(c)).Float32()
	return r
}

func checkFMA(t *testing.T, a, b, c float32) {
	t.Helper()
	got, want := FMA(a, b, c), fmaOracle(a, b, c)
	if math.Float32bits(got) != math.Float32bits(want) {
		t.Fatalf("FMA(%x, %x, %x) = %x, want %x", a, b, c, got, want)
	}
	// The way without a short cut gives the same.
	if slow := roundOnce(float64(a)*float64(b), float64(c)); math.Float32bits(slow) != math.Float32bits(want) {
		t.Fatalf("roundOnce(%x*%x, %x) = %x, want %x", a, b, c, slow, want)
	}
}

func finite(r *rand.Rand) float32 {
	for {
		if x := bits32(r.Uint32()); x-x == 0 {
			return x
		}
	}
}

func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	mantissa := func() float32 { return bits32(0x3f800000 | r.Uint32()>>9) }
	scale := func(x float32, from, to int) float32 {
		return float32(math.Ldexp(float64(x), from+r.IntN(to-from+1)))
	}
	for range 20000 {
		a, b := mantissa(), mantissa()
		checkFMA(t, finite(r), finite(r), finite(r))
		checkFMA(t, a, b, scale(mantissa(), -60, 60))
		checkFMA(t, a, b, -scale(mantissa(), -30, 30))
		p := float32(float64(a) * float64(b))
		checkFMA(t, a, b, -p) // cancellation: the error of the product
		checkFMA(t, a, b, bits32(math.Float32bits(-p)+r.Uint32N(5)-2))
		// Halves: sums of few bits, with a bit far below that decides.
		few := float32(1 + r.IntN(1<<12))
		checkFMA(t, few, float32(1+r.IntN(1<<12)), scale(1, 20, 30))
		checkFMA(t, 1+0x1p-23*float32(r.IntN(4)), scale(1, 0, 2)*(1+0x1p-23), scale(mantissa(), -26, -22))
		checkFMA(t, 1+0x1p-12, 1+0x1p-12, scale(1, 0, 2))
		// Subnormal results, and sums at the edge of the greatest number.
		checkFMA(t, scale(a, -75, -60), scale(b, -75, -60), scale(mantissa(), -149, -120))
		checkFMA(t, scale(a, -75, -60), -scale(b, -75, -60), scale(mantissa(), -149, -120))
		checkFMA(t, scale(a, 62, 64), scale(b, 62, 63), scale(mantissa(), 100, 127))
		checkFMA(t, math.MaxFloat32, 1, scale(mantissa(), 102, 103))
	}
	// A midpoint of float32 with an excess below the digits of float64.
	for _, c := range []struct{ a, b, c, want float32 }{
		{0x1p-60, 0x1p-60, 1 + 0x1p-23, 1 + 0x1p-23},
		{1 + 0x1p-23, 1 + 0x1p-23, 0x1p100, 0x1p100},
		{0x1p12 + 1, 0x1p12 + 1, 0x1p-60, 0x1p24 + 0x1p13 + 2}, // 2^24+2^13+1 is a midpoint, and a little more
		{0x1p12 + 1, 0x1p12 + 1, -0x1p-60, 0x1p24 + 0x1p13},
		{0x1p12 + 1, 0x1p12 + 1, 0, 0x1p24 + 0x1p13}, // to even
		{0x1p-75, 0x1p-75, 0, 0},                     // half the least number, to even
		{0x1p-75, 0x1p-75, 0x1p-149, 0x1p-148},       // one and a half, to even
		{0x1.000002p-75, 0x1p-75, 0, 0x1p-149},
		{math.MaxFloat32, 1, 0x1p103, inf},
		{math.MaxFloat32, 1, 0x1.fffffep102, math.MaxFloat32},
	} {
		if got := FMA(c.a, c.b, c.c); got != c.want {
			t.Errorf("FMA(%x, %x, %x) = %x, want %x", c.a, c.b, c.c, got, c.want)
		}
		checkFMA(t, c.a, c.b, c.c)
	}
}

func TestFMASpecial(t *testing.T) {
	nan := float32(math.NaN())
	special := []float32{0, minusNul, 1, -1, inf, -inf, nan, 1e-45, -1e-45, math.MaxFloat32, -math.MaxFloat32}
	for _, a := range special {
		for _, b := range special {
			for _, c := range special {
				got, want := FMA(a, b, c), float32(math.FMA(float64(a), float64(b), float64(c)))
				if a-a != 0 || b-b != 0 || c-c != 0 { // no rounding where one is not finite
					if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
						t.Errorf("FMA(%v, %v, %v) = %v, want %v", a, b, c, got, want)
					}
					continue
				}
				checkFMA(t, a, b, c)
			}
		}
	}
}

func FuzzFMA(f *testing.F) {
	f.Add(uint32(0x3f800001), uint32(0x3f800001), uint32(0x33800000))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		x, y, z := bits32(a), bits32(b), bits32(c)
		if x-x == 0 && y-y == 0 && z-z == 0 {
			checkFMA(t, x, y, z)
		}
	})
}
