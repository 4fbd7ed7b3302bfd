package ref

// Gradient is the gradient of f at x by central differences,
// (f(x+h)-f(x-h))/2h in each coordinate. The error is about h^2 of the third
// derivative plus 1e-16/h of the value: 1e-5 suits functions of order one.
func Gradient(f func(x []float64) float64, x []float64, h float64) []float64 {
	at := append([]float64(nil), x...)
	g := make([]float64, len(x))
	for i := range x {
		at[i] = x[i] + h
		up := f(at)
		at[i] = x[i] - h
		down := f(at)
		at[i] = x[i]
		g[i] = (up - down) / (2 * h)
	}
	return g
}

// Float64 widens.
func Float64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// Float32 rounds.
func Float32(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// Dot is the inner product.
func Dot(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

// Scale is alpha*x.
func Scale(alpha float64, x []float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = alpha * x[i]
	}
	return y
}
