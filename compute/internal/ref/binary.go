package ref

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Binary is op of a and b, which are of one shape.
func Binary(op kernel.BinaryOp, a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range a {
		y[i] = binary(op, a[i], b[i])
	}
	return y
}

// BinaryGrad is the backward pass of [Binary]. Of equal operands of Max and Min
// the second gets the gradient, as it is the one returned.
func BinaryGrad(op kernel.BinaryOp, dy, a, b []float64) (da, db []float64) {
	da, db = make([]float64, len(a)), make([]float64, len(a))
	for i := range a {
		switch op {
		case kernel.Add:
			da[i], db[i] = dy[i], dy[i]
		case kernel.Sub:
			da[i], db[i] = dy[i], -dy[i]
		case kernel.Mul:
			da[i], db[i] = dy[i]*b[i], dy[i]*a[i]
		case kernel.Div:
			da[i], db[i] = dy[i]/b[i], -dy[i]*a[i]/(b[i]*b[i])
		case kernel.Max:
			da[i], db[i] = either(a[i] > b[i], dy[i])
		case kernel.Min:
			da[i], db[i] = either(a[i] < b[i], dy[i])
		}
	}
	return da, db
}

func either(first bool, v float64) (a, b float64) {
	if first {
		return v, 0
	}
	return 0, v
}

func binary(op kernel.BinaryOp, a, b float64) float64 {
	switch op {
	case kernel.Add:
		return a + b
	case kernel.Sub:
		return a - b
	case kernel.Mul:
		return a * b
	case kernel.Div:
		return a / b
	case kernel.Max:
		return greater(a, b)
	case kernel.Min:
		return -greater(-a, -b)
	}
	panic("ref: unknown function of two variables")
}

// greater is NaN if either is; math.Max prefers +Inf.
func greater(a, b float64) float64 {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.NaN()
	}
	return math.Max(a, b)
}

// Rows repeats b, one number a column, for each of m rows.
func Rows(b []float64, m int) []float64 {
	y := make([]float64, 0, m*len(b))
	for range m {
		y = append(y, b...)
	}
	return y
}

// Columns repeats b, one number a row, for each of n columns.
func Columns(b []float64, n int) []float64 {
	y := make([]float64, 0, len(b)*n)
	for _, v := range b {
		for range n {
			y = append(y, v)
		}
	}
	return y
}

// AXPBY is alpha*x + beta*y.
func AXPBY(alpha float64, x []float64, beta float64, y []float64) []float64 {
	z := make([]float64, len(x))
	for i := range x {
		z[i] = alpha*x[i] + beta*y[i]
	}
	return z
}

// Where is a where cond is not 0, else b.
func Where(cond []uint8, a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range a {
		y[i] = b[i]
		if cond[i] != 0 {
			y[i] = a[i]
		}
	}
	return y
}
