package linalg

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// ErrNotFinite says that a matrix holds NaN or Inf.
var ErrNotFinite = errors.New("matrix with NaN or Inf")

// errNoConvergence cannot happen for finite input: the shifts of Wilkinson take
// fewer than three iterations an eigenvalue.
var errNoConvergence = errors.New("no convergence")

const (
	maxIterations = 60       // an eigenvalue
	epsilon       = 0x1p-52  // distance from 1 to the next number
	negligible    = 0x1p-200 // beside a matrix whose greatest element is about 1
)

// scale is the power of two that makes the greatest element of a one between 1/2
// and 1, so that no square overflows or is lost. It is 1 for zeros.
func scale(a []float64) (float64, error) {
	top := 0.0
	for _, v := range a {
		if v-v != 0 {
			return 0, ErrNotFinite
		}
		top = max(top, math.Abs(v))
	}
	if top == 0 {
		return 1, nil
	}
	_, e := math.Frexp(top)
	return math.Ldexp(1, -min(max(e, -1022), 1022)), nil
}

// dot is the sum of products, in four partial sums.
func dot(x, y []float64) float64 {
	var a, b, c, d float64
	for len(x) >= 4 && len(y) >= 4 {
		a += float64(x[0] * y[0])
		b += float64(x[1] * y[1])
		c += float64(x[2] * y[2])
		d += float64(x[3] * y[3])
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		a += float64(v * y[i])
	}
	return (a + b) + (c + d)
}

// axpy: y += c*x.
func axpy(y []float64, c float64, x []float64) {
	x = x[:len(y)]
	for i := range y {
		y[i] += float64(c * x[i])
	}
}

// rotate: x, y = c*x+s*y, c*y-s*x.
func rotate(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for i, a := range x {
		b := y[i]
		x[i], y[i] = float64(c*a)+float64(s*b), float64(c*b)-float64(s*a)
	}
}

// hypot is the length of (a, b). math.Hypot differs between architectures.
func hypot(a, b float64) float64 {
	a, b = math.Abs(a), math.Abs(b)
	if a < b {
		a, b = b, a
	}
	if a == 0 {
		return 0
	}
	r := b / a
	return float64(a * math.Sqrt(1+float64(r*r)))
}

// givens is the rotation that turns (f, g) into (r, 0).
func givens(f, g float64) (c, s, r float64) {
	r = hypot(f, g)
	if r == 0 {
		return 1, 0, 0
	}
	return f / r, g / r, r
}

// reflector makes x the vector u of a Householder reflection I-tau*u*u' that maps
// the old x to (r, 0, ..., 0). u[0] is 1; tau is 0 where x is that already.
func reflector(x []float64) (tau, r float64) {
	if len(x) == 0 {
		return 0, 0
	}
	r = x[0]
	tail := x[1:]
	if rest := dot(tail, tail); rest > 0 {
		r = -math.Copysign(math.Sqrt(float64(x[0]*x[0])+rest), x[0])
		tau = (r - x[0]) / r
		inverse := 1 / (x[0] - r)
		for i := range tail {
			tail[i] *= inverse
		}
	}
	x[0] = 1
	return tau, r
}

// canonicalSign is the sign of the component of greatest magnitude, the first of
// equals.
func canonicalSign(x []float64) float64 {
	best, sign := 0.0, 1.0
	for _, v := range x {
		if math.Abs(v) > best {
			best, sign = math.Abs(v), math.Copysign(1, v)
		}
	}
	return sign
}

// descending sorts indices of values, the greatest first and equal ones as they
// are.
func descending(order []int, values []float64) {
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[j], values[i]) })
}

// columns writes the rows of rows (of width stride, the first n of which count)
// as columns of dst, in the given order and times the given signs.
func columns(dst, rows []float64, n, stride int, order []int, signs []float64) {
	r := len(order)
	for c, i := range order {
		for k, v := range rows[i*stride:][:n] {
			dst[k*r+c] = signs[c] * v
		}
	}
}
