package ref

import "math"

// LayerNorm is (x-mean)/sqrt(var+eps)*gamma + beta of each row of n numbers, with
// the biased variance; Ba, Kiros and Hinton 2016. It returns the means and the
// reciprocal standard deviations as well.
func LayerNorm(x, gamma, beta []float64, n int, eps float64) (y, mean, rstd []float64) {
	y = make([]float64, len(x))
	for i := 0; i < len(x); i += n {
		mu, variance := 0.0, 0.0
		for _, v := range x[i : i+n] {
			mu += v / float64(n)
		}
		for _, v := range x[i : i+n] {
			variance += (v - mu) * (v - mu) / float64(n)
		}
		r := 1 / math.Sqrt(variance+eps)
		for j := range n {
			y[i+j] = (x[i+j]-mu)*r*gamma[j] + beta[j]
		}
		mean, rstd = append(mean, mu), append(rstd, r)
	}
	return y, mean, rstd
}

// LayerNormGrad is the backward pass of [LayerNorm].
func LayerNormGrad(dy, x, gamma []float64, n int, eps float64) (dx, dgamma, dbeta []float64) {
	dx, dgamma, dbeta = make([]float64, len(x)), make([]float64, n), make([]float64, n)
	_, mean, rstd := LayerNorm(x, gamma, make([]float64, n), n, eps)
	for r := range mean {
		i := r * n
		meanG, meanGX := 0.0, 0.0
		for j := range n {
			xhat := (x[i+j] - mean[r]) * rstd[r]
			g := dy[i+j] * gamma[j]
			dgamma[j] += dy[i+j] * xhat
			dbeta[j] += dy[i+j]
			meanG += g / float64(n)
			meanGX += g * xhat / float64(n)
		}
		for j := range n {
			xhat := (x[i+j] - mean[r]) * rstd[r]
			dx[i+j] = rstd[r] * (dy[i+j]*gamma[j] - meanG - xhat*meanGX)
		}
	}
	return dx, dgamma, dbeta
}

// RMSNorm is x/sqrt(mean(x^2)+eps)*gamma of each row, Zhang and Sennrich 2019,
// and the reciprocal roots.
func RMSNorm(x, gamma []float64, n int, eps float64) (y, rrms []float64) {
	y = make([]float64, len(x))
	for i := 0; i < len(x); i += n {
		r := 1 / math.Sqrt(Dot(x[i:i+n], x[i:i+n])/float64(n)+eps)
		for j := range n {
			y[i+j] = x[i+j] * r * gamma[j]
		}
		rrms = append(rrms, r)
	}
	return y, rrms
}

// RMSNormGrad is the backward pass of [RMSNorm].
func RMSNormGrad(dy, x, gamma []float64, n int, eps float64) (dx, dgamma []float64) {
	dx, dgamma = make([]float64, len(x)), make([]float64, n)
	_, rrms := RMSNorm(x, gamma, n, eps)
	for r := range rrms {
		i := r * n
		meanGX := 0.0
		for j := range n {
			xhat := x[i+j] * rrms[r]
			dgamma[j] += dy[i+j] * xhat
			meanGX += dy[i+j] * gamma[j] * xhat / float64(n)
		}
		for j := range n {
			dx[i+j] = rrms[r] * (dy[i+j]*gamma[j] - x[i+j]*rrms[r]*meanGX)
		}
	}
	return dx, dgamma
}
