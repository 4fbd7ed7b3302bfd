package exact

import "math"

// Constants of the functions of one variable. The polynomials are those of the
// single precision functions of Moshier's Cephes library, whose maximal errors
// over their reduced ranges are below 1e-7 relative. They are exported for
// implementations.
const (
	Log2E  = 1.44269504088896341
	Ln2Hi  = 0.693359375    // 9 bits, so that n*Ln2Hi is exact
	Ln2Lo  = -2.12194440e-4 // ln 2 - Ln2Hi
	ExpMax = 88.72283905206835
	ExpMin = -87.33654475055310 // ln of the least normal number
	// Rounder is 1.5*2^23: x+Rounder-Rounder rounds |x| < 2^22 to an integer.
	Rounder = 12582912
)

// ExpPoly has the coefficients of (e^r-1-r)/r^2, the highest power first.
var ExpPoly = [...]float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// LogPoly has the coefficients of (log(1+f)-f+f^2/2)/f^3.
var LogPoly = [...]float32{7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
	-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1}

// TanhPoly has the coefficients of (tanh(x)-x)/x^3 in powers of x^2.
var TanhPoly = [...]float32{-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1}

// horner is the polynomial with the given coefficients, highest power first.
func horner(x float32, c []float32) float32 {
	y := c[0]
	for _, k := range c[1:] {
		y = FMA(y, x, k)
	}
	return y
}

func pow2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// Exp is e^x. Results below the least normal number are 0, above the greatest
// +Inf; Exp(NaN) is NaN. Relative error below 1.2e-7.
func Exp(x float32) float32 {
	switch {
	case x != x:
		return x
	case x > ExpMax:
		return float32(math.Inf(1))
	case x < ExpMin:
		return 0
	}
	n := float32(FMA(x, Log2E, Rounder) - Rounder)
	r := FMA(n, -Ln2Hi, x)
	r = FMA(n, -Ln2Lo, r)
	y := FMA(horner(r, ExpPoly[:]), float32(r*r), r) + 1
	half := int32(n) >> 1 // two factors, as 2^128 is none
	return float32(float32(y*pow2(half)) * pow2(int32(n)-half))
}

// Log is the natural logarithm: -Inf for 0, NaN for negative numbers and NaN.
// Relative error below 1.2e-7, subnormal arguments included.
func Log(x float32) float32 {
	bits := math.Float32bits(x)
	switch {
	case x != x || x < 0:
		return float32(math.NaN())
	case x == 0:
		return float32(math.Inf(-1))
	case bits == 0x7f800000:
		return x
	}
	e := float32(0)
	if bits < 0x00800000 {
		bits = math.Float32bits(x * 8388608)
		e = -23
	}
	k := int32(bits-0x3f3504f3) >> 23 // x = 2^k f, f from sqrt(1/2) to sqrt(2)
	f := math.Float32frombits(bits-uint32(k)<<23) - 1
	e += float32(k)
	z := float32(f * f)
	y := float32(horner(f, LogPoly[:]) * float32(f*z))
	y = FMA(e, Ln2Lo, y)
	y = FMA(-0.5, z, y)
	return FMA(e, Ln2Hi, f+y)
}

// Tanh is the hyperbolic tangent, computed of |x| and given the sign of x, so
// that Tanh(-0) is -0. Relative error below 1.5e-7.
func Tanh(x float32) float32 {
	sign := math.Float32bits(x) & (1 << 31)
	a := math.Float32frombits(math.Float32bits(x) ^ sign) // |x|
	var y float32
	if a >= 0.625 {
		y = 1 - 2/(Exp(a+a)+1)
	} else {
		z := float32(a * a)
		y = FMA(float32(horner(z, TanhPoly[:])*z), a, a)
	}
	return math.Float32frombits(math.Float32bits(y) | sign)
}

// Sigmoid is 1/(1+e^-x).
func Sigmoid(x float32) float32 { return 1 / (1 + Exp(-x)) }

// Softplus is log(1+e^x), as max(x,0) + log1p(e^-|x|) with Kahan's log1p.
func Softplus(x float32) float32 {
	if x != x {
		return x
	}
	a := math.Float32frombits(math.Float32bits(x) | 1<<31) // -|x|
	e := Exp(a)
	u := 1 + e
	l := e
	if u != 1 {
		l = float32(Log(u)*e) / (u - 1)
	}
	return max(x, 0) + l
}

// SiLU is x*sigmoid(x). SiLU(-Inf) is NaN.
func SiLU(x float32) float32 { return float32(x * Sigmoid(x)) }

// SiLUGrad is the derivative of SiLU: s*(1+x*(1-s)), s = sigmoid(x). It is NaN
// at the infinities.
func SiLUGrad(x float32) float32 {
	s := Sigmoid(x)
	return float32(s * FMA(x, 1-s, 1))
}

// Constants of [GELU].
const (
	GELUC = 0.7978845608028654 // sqrt(2/pi)
	GELUK = 0.044715
)

// GELU is the tanh form of the Gaussian error linear unit: x/2*(1+tanh(
// sqrt(2/pi)*(x+0.044715x^3))), Hendrycks and Gimpel 2016. GELU(-Inf) is NaN.
func GELU(x float32) float32 {
	return float32(float32(0.5*x) * (1 + geluTanh(x)))
}

func geluTanh(x float32) float32 {
	x3 := float32(float32(x*x) * x)
	return Tanh(float32(GELUC * FMA(GELUK, x3, x)))
}

// GELUGrad is the derivative of GELU: h + (x/2)*(1-t^2)*(C*(1+3K*x^2)), with
// h = (1+t)/2 and t the hyperbolic tangent in GELU; h alone where 1-t^2 is 0, as
// x^2 may be infinite there.
func GELUGrad(x float32) float32 {
	t := geluTanh(x)
	h := float32(0.5 * (1 + t))
	s := FMA(-t, t, 1)
	if s == 0 {
		return h
	}
	d := float32(GELUC * FMA(3*GELUK, float32(x*x), 1))
	return FMA(float32(float32(0.5*x)*s), d, h)
}
