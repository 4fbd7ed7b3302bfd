package pure

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

var (
	negInf = float32(math.Inf(-1))
	nan    = float32(math.NaN())
)

// functions are the functions of one variable and functions of package exact.
var functions = [...]func(float32) float32{
	kernel.Neg:        func(x float32) float32 { return -x },
	kernel.Abs:        abs,
	kernel.Square:     func(x float32) float32 { return x * x },
	kernel.Sqrt:       sqrt,
	kernel.Reciprocal: func(x float32) float32 { return 1 / x },
	kernel.Exp:        exact.Exp,
	kernel.Log:        exact.Log,
	kernel.Tanh:       exact.Tanh,
	kernel.Sigmoid:    exact.Sigmoid,
	kernel.Softplus:   exact.Softplus,
	kernel.ReLU: func(x float32) float32 {
		if x <= 0 {
			return 0
		}
		return x
	},
	kernel.GELU: exact.GELU,
	kernel.SiLU: exact.SiLU,
}

// derivatives are the derivatives at x, where y is the function of x.
var derivatives = [...]func(x, y float32) float32{
	kernel.Neg:        func(_, _ float32) float32 { return -1 },
	kernel.Abs:        func(x, _ float32) float32 { return sign(x) },
	kernel.Square:     func(x, _ float32) float32 { return 2 * x },
	kernel.Sqrt:       func(_, y float32) float32 { return 0.5 / y },
	kernel.Reciprocal: func(_, y float32) float32 { return -y * y },
	kernel.Exp:        func(_, y float32) float32 { return y },
	kernel.Log:        func(x, _ float32) float32 { return 1 / x },
	kernel.Tanh:       func(_, y float32) float32 { return exact.FMA(-y, y, 1) },
	kernel.Sigmoid:    func(_, y float32) float32 { return y * (1 - y) },
	kernel.Softplus:   func(x, _ float32) float32 { return exact.Sigmoid(x) },
	kernel.GELU:       func(x, _ float32) float32 { return exact.GELUGrad(x) },
	kernel.SiLU:       func(x, _ float32) float32 { return exact.SiLUGrad(x) },
}

// sign is 0 at 0 and NaN of NaN.
func sign(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	case x == 0:
		return 0
	}
	return x
}

// Unary applies a function.
func (s set) Unary(op kernel.UnaryOp, dst, x []float32) {
	dst = dst[:len(x)]
	if s.arithmetic >= avx2 {
		n := unaryAsm(op, dst, x)
		dst, x = dst[n:], x[n:]
	}
	f := functions[op]
	if int(op) < len(plainFunctions) && plainFunctions[op] != nil && s.arithmetic == plain {
		f = plainFunctions[op]
	}
	for i, v := range x {
		dst[i] = f(v)
	}
}

// UnaryGrad multiplies by a derivative.
func (s set) UnaryGrad(op kernel.UnaryOp, dx, dy, x, y []float32) {
	dy, x, y = dy[:len(dx)], x[:len(dx)], y[:len(dx)]
	if op == kernel.ReLU { // +0 even where dy is NaN
		for i, v := range x {
			if v <= 0 {
				dx[i] = 0
			} else {
				dx[i] = dy[i]
			}
		}
		return
	}
	if s.arithmetic >= avx2 {
		n := unaryGradAsm(op, dx, dy, x)
		dx, dy, x, y = dx[n:], dy[n:], x[n:], y[n:]
	}
	f := derivatives[op]
	if op == kernel.GELU && s.arithmetic == plain {
		f = func(x, _ float32) float32 { return geluGradPlain(x) }
	}
	for i := range dx {
		dx[i] = dy[i] * f(x[i], y[i])
	}
}

// Binary applies a function of two variables.
func (set) Binary(op kernel.BinaryOp, dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	switch op {
	case kernel.Add:
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	case kernel.Sub:
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	case kernel.Mul:
		for i := range dst {
			dst[i] = a[i] * b[i]
		}
	case kernel.Div:
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	case kernel.Max:
		for i := range dst {
			dst[i] = greater(a[i], b[i])
		}
	case kernel.Min:
		for i := range dst {
			dst[i] = less(a[i], b[i])
		}
	}
}

func greater(a, b float32) float32 {
	if a > b || a != a {
		return a
	}
	return b
}

func less(a, b float32) float32 {
	if a < b || a != a {
		return a
	}
	return b
}

// BinaryRow combines every row with b.
func (s set) BinaryRow(op kernel.BinaryOp, dst, a, b []float32) {
	for i, n := 0, len(b); i+n <= len(dst) && n > 0; i += n {
		s.Binary(op, dst[i:i+n], a[i:i+n], b)
	}
}

// BinaryCol combines row i with b[i].
func (s set) BinaryCol(op kernel.BinaryOp, dst, a, b []float32) {
	if len(b) == 0 {
		return
	}
	n := len(a) / len(b)
	for i, v := range b {
		s.BinaryScalar(op, dst[i*n:i*n+n], a[i*n:i*n+n], v)
	}
}

// BinaryScalar combines every element with b.
func (set) BinaryScalar(op kernel.BinaryOp, dst, a []float32, b float32) {
	dst = dst[:len(a)]
	switch op {
	case kernel.Add:
		for i, v := range a {
			dst[i] = v + b
		}
	case kernel.Sub:
		for i, v := range a {
			dst[i] = v - b
		}
	case kernel.Mul:
		for i, v := range a {
			dst[i] = v * b
		}
	case kernel.Div:
		for i, v := range a {
			dst[i] = v / b
		}
	case kernel.Max:
		for i, v := range a {
			dst[i] = greater(v, b)
		}
	case kernel.Min:
		for i, v := range a {
			dst[i] = less(v, b)
		}
	}
}

// AXPBY is a linear combination.
func (set) AXPBY(dst []float32, alpha float32, x []float32, beta float32, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = exact.FMA(alpha, x[i], float32(beta*y[i]))
	}
}

// Where chooses.
func (set) Where(dst []float32, cond []uint8, a, b []float32) {
	cond, a, b = cond[:len(dst)], a[:len(dst)], b[:len(dst)]
	for i, c := range cond {
		if c != 0 {
			dst[i] = a[i]
		} else {
			dst[i] = b[i]
		}
	}
}
