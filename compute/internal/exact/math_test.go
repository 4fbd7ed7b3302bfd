package exact

import (
	"flag"
	"math"
	"testing"
)

// stride is the distance in bits between the arguments tested. 1 is every
// float32, which takes minutes a function: go test -stride 1 -run Functions.
var stride = flag.Uint("stride", 4999, "test every n-th float32")

func bits32(u uint32) float32 { return math.Float32frombits(u) }

var (
	inf      = float32(math.Inf(1))
	minusNul = float32(math.Copysign(0, -1))
)

// everyFloat calls f with each stride-th float32, NaNs aside.
func everyFloat(f func(x float32)) {
	for u := uint64(0); u < 1<<32; u += uint64(*stride) {
		if x := bits32(uint32(u)); x == x {
			f(x)
		}
	}
}

func TestFunctions(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	softplus := func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
	gelu := func(x float64) float64 {
		// x times a sigmoid is the tanh form without its cancellation.
		return x * sigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
	}
	geluGrad := func(x float64) float64 {
		u, du := math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x), math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
		s := sigmoid(2 * u)
		if s == 0 || s == 1 {
			return s
		}
		return s + x*2*s*(1-s)*du
	}
	siluGrad := func(x float64) float64 {
		s := sigmoid(x)
		if s == 0 {
			return 0
		}
		return s * (1 + x*sigmoid(-x))
	}
	for _, c := range []struct {
		name     string
		got      func(float32) float32
		want     func(float64) float64
		relative float64
		absolute float64 // where the relative error is above
		from, to float32
	}{
		{"exp", Exp, math.Exp, 1.2e-7, 0x1p-126, -inf, inf},
		{"log", Log, math.Log, 1.2e-7, 0, 0, inf},
		{"tanh", Tanh, math.Tanh, 1.5e-7, 0, -inf, inf},
		{"sigmoid", Sigmoid, sigmoid, 2.5e-7, 0x1p-126, -inf, inf},
		{"softplus", Softplus, softplus, 4e-7, 0x1p-126, -inf, inf},
		{"silu", SiLU, func(x float64) float64 { return x * sigmoid(x) }, 3e-7, 0x1p-119, -math.MaxFloat32, inf},
		{"silu'", SiLUGrad, siluGrad, 1e-6, 3e-7, -math.MaxFloat32, math.MaxFloat32},
		{"gelu", GELU, gelu, 3e-7, 5e-7, -math.MaxFloat32, inf},
		{"gelu'", GELUGrad, geluGrad, 3e-7, 2e-6, -math.MaxFloat32, math.MaxFloat32},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyFloat(func(x float32) {
				if x < c.from || x > c.to {
					return
				}
				got, want := float64(c.got(x)), c.want(float64(x))
				if math.Abs(want) > math.MaxFloat32 {
					want = math.Copysign(math.Inf(1), want)
				}
				if got == want {
					return
				}
				e := math.Abs(got - want)
				if e > c.relative*math.Abs(want) && !(e <= c.absolute) {
					t.Fatalf("%s(%v) = %v (%08x), want %v", c.name, x, got, math.Float32bits(x), want)
				}
			})
		})
	}
}

func TestLimits(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name    string
		f       func(float32) float32
		x, want float32
	}{
		{"exp", Exp, 0, 1}, {"exp", Exp, minusNul, 1}, {"exp", Exp, inf, inf}, {"exp", Exp, -inf, 0}, {"exp", Exp, nan, nan},
		{"exp", Exp, 88.72283, 3.4027985e38}, {"exp", Exp, 88.73, inf}, {"exp", Exp, -87.3365, 1.1755e-38}, {"exp", Exp, -87.34, 0},
		{"exp", Exp, 1e-40, 1}, {"exp", Exp, -1e-40, 1}, {"exp", Exp, 3e38, inf}, {"exp", Exp, -3e38, 0},
		{"log", Log, 1, 0}, {"log", Log, 0, -inf}, {"log", Log, minusNul, -inf}, {"log", Log, inf, inf}, {"log", Log, -inf, nan},
		{"log", Log, -1, nan}, {"log", Log, -1e-45, nan}, {"log", Log, nan, nan}, {"log", Log, 1e-45, -103.27893},
		{"tanh", Tanh, 0, 0}, {"tanh", Tanh, minusNul, minusNul}, {"tanh", Tanh, inf, 1}, {"tanh", Tanh, -inf, -1}, {"tanh", Tanh, nan, nan},
		{"tanh", Tanh, 1e-45, 1e-45}, {"tanh", Tanh, -1e-45, -1e-45},
		{"sigmoid", Sigmoid, 0, 0.5}, {"sigmoid", Sigmoid, inf, 1}, {"sigmoid", Sigmoid, -inf, 0}, {"sigmoid", Sigmoid, nan, nan},
		{"softplus", Softplus, inf, inf}, {"softplus", Softplus, -inf, 0}, {"softplus", Softplus, nan, nan}, {"softplus", Softplus, 1000, 1000},
		{"silu", SiLU, 0, 0}, {"silu", SiLU, minusNul, minusNul}, {"silu", SiLU, inf, inf}, {"silu", SiLU, -inf, nan}, {"silu", SiLU, nan, nan},
		{"gelu", GELU, 0, 0}, {"gelu", GELU, minusNul, minusNul}, {"gelu", GELU, inf, inf}, {"gelu", GELU, -inf, nan}, {"gelu", GELU, nan, nan},
		{"gelu", GELU, 1e30, 1e30}, {"gelu", GELU, -1e30, minusNul},
		{"silu'", SiLUGrad, 0, 0.5}, {"silu'", SiLUGrad, inf, nan}, {"silu'", SiLUGrad, -inf, nan}, {"silu'", SiLUGrad, 1e30, 1}, {"silu'", SiLUGrad, nan, nan},
		{"gelu'", GELUGrad, 0, 0.5}, {"gelu'", GELUGrad, 1e30, 1}, {"gelu'", GELUGrad, -1e30, 0}, {"gelu'", GELUGrad, inf, 1}, {"gelu'", GELUGrad, -inf, 0}, {"gelu'", GELUGrad, nan, nan},
	} {
		got := c.f(c.x)
		equal := math.Float32bits(got) == math.Float32bits(c.want) || got != got && c.want != c.want
		if near := math.Abs(float64(got)/float64(c.want)-1) < 1e-4; !equal && !(near && c.want != 1) {
			t.Errorf("%s(%v) = %v, want %v", c.name, c.x, got, c.want)
		}
	}
}

func TestReductions(t *testing.T) {
	// Partial sums: 2^24 absorbs the ones that share its lane and no other.
	x := make([]float32, 96)
	x[0] = 1 << 24
	for i := 1; i < len(x); i++ {
		x[i] = 1
	}
	if got := Sum(x); got != 1<<24+94 { // 2^24+3 is rounded to 2^24+4
		t.Errorf("sum = %v, want 2^24+94", got)
	}
	// The order of the last additions: lanes 0 and 16 meet first.
	y := make([]float32, 32)
	y[0], y[16], y[8] = 1e8, -1e8, 1
	if got := Sum(y); got != 1 {
		t.Errorf("sum = %v, want 1", got)
	}
	y[0], y[16], y[8], y[1] = 1e8, 1, 0, -1e8
	if got := Sum(y); got != 0 { // lane 16 is lost in lane 0 first
		t.Errorf("sum = %v, want 0", got)
	}
	// A product rounded once: (1+2^-12)^2-(1+2^-11) is 2^-24.
	d := make([]float32, 33)
	e := make([]float32, 33)
	d[0], e[0], d[32], e[32] = -1-0x1p-11, 1, 1+0x1p-12, 1+0x1p-12
	if got := Dot(d, e); got != 0x1p-24 {
		t.Errorf("dot = %v, want 2^-24", got)
	}
	if Sum(nil) != 0 || Dot(nil, nil) != 0 || Max(nil) != -inf {
		t.Error("sums of nothing are not 0, or its maximum is not -Inf")
	}
	if got := Max([]float32{minusNul, minusNul}); math.Signbit(float64(got)) {
		t.Error("the maximum of negative zeros is negative")
	}
	if got := Max([]float32{1, float32(math.NaN()), 2}); got == got {
		t.Error("the maximum of a NaN is none")
	}
	if got := Max([]float32{-3, -1, -2}); got != -1 {
		t.Errorf("max = %v, want -1", got)
	}
}
