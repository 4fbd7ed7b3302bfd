package ref

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Unary is op of every element.
func Unary(op kernel.UnaryOp, x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = unary(op, v)
	}
	return y
}

// UnaryGrad is dy times the derivative of op at x.
func UnaryGrad(op kernel.UnaryOp, dy, x []float64) []float64 {
	dx := make([]float64, len(x))
	for i, v := range x {
		if op == kernel.ReLU && v <= 0 {
			continue // whatever dy is
		}
		dx[i] = dy[i] * derivative(op, v)
	}
	return dx
}

func unary(op kernel.UnaryOp, x float64) float64 {
	switch op {
	case kernel.Neg:
		return -x
	case kernel.Abs:
		return math.Abs(x)
	case kernel.Square:
		return x * x
	case kernel.Sqrt:
		return math.Sqrt(x)
	case kernel.Reciprocal:
		return 1 / x
	case kernel.Exp:
		return math.Exp(x)
	case kernel.Log:
		return math.Log(x)
	case kernel.Tanh:
		return math.Tanh(x)
	case kernel.Sigmoid:
		return sigmoid(x)
	case kernel.Softplus:
		return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case kernel.ReLU:
		return math.Max(x, 0)
	case kernel.GELU:
		return x / 2 * (1 + math.Tanh(geluInner(x)))
	case kernel.SiLU:
		return x * sigmoid(x)
	}
	panic("ref: unknown function of one variable")
}

func derivative(op kernel.UnaryOp, x float64) float64 {
	switch op {
	case kernel.Neg:
		return -1
	case kernel.Abs:
		return sign(x)
	case kernel.Square:
		return 2 * x
	case kernel.Sqrt:
		return 1 / (2 * math.Sqrt(x))
	case kernel.Reciprocal:
		return -1 / (x * x)
	case kernel.Exp:
		return math.Exp(x)
	case kernel.Log:
		return 1 / x
	case kernel.Tanh:
		t := math.Tanh(x)
		return 1 - t*t
	case kernel.Sigmoid:
		return sigmoid(x) * sigmoid(-x)
	case kernel.Softplus:
		return sigmoid(x)
	case kernel.ReLU:
		return 1 // of x <= 0 UnaryGrad takes care
	case kernel.GELU:
		t := math.Tanh(geluInner(x))
		return (1+t)/2 + x/2*(1-t*t)*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
	case kernel.SiLU:
		return sigmoid(x) * (1 + x*sigmoid(-x))
	}
	panic("ref: unknown function of one variable")
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// geluInner is the argument of the hyperbolic tangent in the tanh form of GELU,
// Hendrycks and Gimpel 2016.
func geluInner(x float64) float64 {
	return math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
}

// sign is 0 at 0, and NaN of NaN.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x * 0
}
