package ref

import "math"

// Softmax is exp(x)/sum(exp(x)) of each row of n numbers, over those whose mask
// is not 0 (all if mask is nil). The others are 0.
func Softmax(x []float64, n int, mask []uint8) []float64 {
	y := LogSoftmax(x, n, mask)
	for i := range y {
		y[i] = math.Exp(y[i])
	}
	return y
}

// LogSoftmax is x - log(sum(exp(x))) in the same way; what is masked is -Inf.
func LogSoftmax(x []float64, n int, mask []uint8) []float64 {
	y := make([]float64, len(x))
	for i := 0; i < len(x); i += n {
		var in []float64
		for j := i; j < i+n; j++ {
			if mask == nil || mask[j] != 0 {
				in = append(in, x[j])
			}
		}
		top, logSum := logSum(in)
		for j := i; j < i+n; j++ {
			y[j] = x[j] - top - logSum
			if mask != nil && mask[j] == 0 {
				y[j] = math.Inf(-1)
			}
		}
	}
	return y
}

// LogSumExp is log(sum(exp(x))); NaN if the greatest is infinite.
func LogSumExp(x []float64) float64 {
	top, rest := logSum(x)
	return top + rest
}

// logSum is the greatest number and log(sum(exp(x-greatest))), apart so that
// huge numbers do not swallow the latter.
func logSum(x []float64) (top, rest float64) {
	top = math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top, math.Log(sum)
}

// SoftmaxGrad is dx = y*(dy - sum(dy*y)) with y = Softmax(x).
func SoftmaxGrad(dy, x []float64, n int, mask []uint8) []float64 {
	y := Softmax(x, n, mask)
	dx := make([]float64, len(x))
	for i := 0; i < len(x); i += n {
		mean := Dot(dy[i:i+n], y[i:i+n])
		for j := i; j < i+n; j++ {
			dx[j] = y[j] * (dy[j] - mean)
		}
	}
	return dx
}

// LogSoftmaxGrad is dx = dy - softmax(x)*sum(dy), over what is not masked.
func LogSoftmaxGrad(dy, x []float64, n int, mask []uint8) []float64 {
	p := Softmax(x, n, mask)
	dx := make([]float64, len(x))
	for i := 0; i < len(x); i += n {
		sum := 0.0
		for j := i; j < i+n; j++ {
			if mask == nil || mask[j] != 0 {
				sum += dy[j]
			}
		}
		for j := i; j < i+n; j++ {
			if mask == nil || mask[j] != 0 {
				dx[j] = dy[j] - p[j]*sum
			}
		}
	}
	return dx
}
