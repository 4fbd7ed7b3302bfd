package ref

// Attention is scaled dot product attention of one head, Vaswani et al. 2017:
// softmax(q k^T * scale) v, for tq queries over tk keys and values of width d.
// If causal, query i sees the first i+1+tk-tq keys: the last query sees all. lse
// is the logarithm of the sum of the exponentials of each row of scores.
func Attention(q, k, v []float64, tq, tk, d int, scale float64, causal bool) (out, lse []float64) {
	p, lse := attentionWeights(q, k, tq, tk, d, scale, causal)
	return matMulSkippingZeros(p, v, tq, d, tk), lse
}

func attentionWeights(q, k []float64, tq, tk, d int, scale float64, causal bool) (p, lse []float64) {
	s := Scale(scale, MatMul(q, k, tq, tk, d, false, true))
	mask := make([]uint8, len(s))
	for i := range tq {
		seen := tk
		if causal {
			seen = i + 1 + tk - tq
		}
		for j := range seen {
			mask[i*tk+j] = 1
		}
		lse = append(lse, LogSumExp(s[i*tk:i*tk+seen]))
	}
	return Softmax(s, tk, mask), lse
}

// matMulSkippingZeros leaves out terms with a[i,l] = 0, so that a value that is
// not seen has no influence even if it is not finite.
func matMulSkippingZeros(a, b []float64, m, n, k int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for l := range k {
			if a[i*k+l] == 0 {
				continue
			}
			for j := range n {
				c[i*n+j] += a[i*k+l] * b[l*n+j]
			}
		}
	}
	return c
}

// AttentionGrad is the backward pass of [Attention]: with P the weights,
// dV = P^T dO, dP = dO V^T, dS = P*(dP - rowsum(dP*P)), dQ = dS K scale,
// dK = dS^T Q scale.
func AttentionGrad(dout, q, k, v []float64, tq, tk, d int, scale float64, causal bool) (dq, dk, dv []float64) {
	p, _ := attentionWeights(q, k, tq, tk, d, scale, causal)
	dv = MatMul(p, dout, tk, d, tq, true, false)
	dp := MatMul(dout, v, tq, tk, d, false, true)
	ds := make([]float64, len(p))
	for i := range tq {
		row := Dot(dp[i*tk:(i+1)*tk], p[i*tk:(i+1)*tk])
		for j := i * tk; j < (i+1)*tk; j++ {
			ds[j] = p[j] * (dp[j] - row)
		}
	}
	dq = Scale(scale, MatMul(ds, k, tq, d, tk, false, false))
	dk = Scale(scale, MatMul(ds, q, tk, d, tq, true, false))
	return dq, dk, dv
}
