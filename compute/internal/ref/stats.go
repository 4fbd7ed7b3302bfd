package ref

import "math"

// Gram is X^T X of the m-by-n matrix x.
func Gram(x []float64, m, n int) []float64 { return MatMul(x, x, n, n, m, true, false) }

// Mean is the mean of each column of the m-by-n matrix x.
func Mean(x []float64, m, n int) []float64 {
	mean := make([]float64, n)
	for i := range m {
		for j := range n {
			mean[j] += x[i*n+j] / float64(m)
		}
	}
	return mean
}

// Covariance is the unbiased covariance of the columns of the m-by-n matrix x:
// the Gram matrix of the deviations from the mean over m-1.
func Covariance(x []float64, m, n int) []float64 {
	mean := Mean(x, m, n)
	dev := make([]float64, len(x))
	for i := range x {
		dev[i] = x[i] - mean[i%n]
	}
	return Scale(1/float64(m-1), Gram(dev, m, n))
}

// Norm is the Euclidean norm.
func Norm(x []float64) float64 { return math.Sqrt(Dot(x, x)) }

// GlobalNorm is the norm of all the arrays as one vector.
func GlobalNorm(xs ...[]float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += Dot(x, x)
	}
	return math.Sqrt(sum)
}

// ClipGlobalNorm scales the arrays so that their global norm is at most limit,
// Pascanu, Mikolov and Bengio 2013.
func ClipGlobalNorm(limit float64, xs ...[]float64) (clipped [][]float64, norm float64) {
	norm = GlobalNorm(xs...)
	scale := 1.0
	if norm > limit {
		scale = limit / norm
	}
	for _, x := range xs {
		clipped = append(clipped, Scale(scale, x))
	}
	return clipped, norm
}
