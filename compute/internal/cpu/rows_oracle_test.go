//go:build cgo && unix

package cpu

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// oracle is the contract as plain loops over package exact. It embeds no set:
// a method that is missing here does not compile in its test.
type oracle struct{}

var negInf, nan32 = float32(math.Inf(-1)), float32(math.NaN())

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func unary(op kernel.UnaryOp, x float32) float32 {
	switch op {
	case kernel.Neg:
		return -x
	case kernel.Abs:
		return float32(math.Abs(float64(x)))
	case kernel.Square:
		return x * x
	case kernel.Sqrt:
		return sqrt32(x)
	case kernel.Reciprocal:
		return 1 / x
	case kernel.Exp:
		return exact.Exp(x)
	case kernel.Log:
		return exact.Log(x)
	case kernel.Tanh:
		return exact.Tanh(x)
	case kernel.Sigmoid:
		return exact.Sigmoid(x)
	case kernel.Softplus:
		return exact.Softplus(x)
	case kernel.ReLU:
		if x > 0 || x != x {
			return x
		}
		return 0
	case kernel.GELU:
		return exact.GELU(x)
	default:
		return exact.SiLU(x)
	}
}

func unaryGrad(op kernel.UnaryOp, dy, x, y float32) float32 {
	var d float32
	switch op {
	case kernel.Neg:
		d = -1
	case kernel.Abs:
		switch {
		case x > 0:
			d = 1
		case x < 0:
			d = -1
		case x != x:
			d = x
		}
	case kernel.Square:
		d = 2 * x
	case kernel.Sqrt:
		d = 0.5 / y
	case kernel.Reciprocal:
		d = float32(-y * y)
	case kernel.Exp:
		d = y
	case kernel.Log:
		d = 1 / x
	case kernel.Tanh:
		d = exact.FMA(-y, y, 1)
	case kernel.Sigmoid:
		d = float32(y * (1 - y))
	case kernel.Softplus:
		d = exact.Sigmoid(x)
	case kernel.ReLU:
		if !(x > 0 || x != x) {
			return 0
		}
		d = 1
	case kernel.GELU:
		d = exact.GELUGrad(x)
	case kernel.SiLU:
		d = exact.SiLUGrad(x)
	}
	return dy * d
}

func binary(op kernel.BinaryOp, a, b float32) float32 {
	switch op {
	case kernel.Add:
		return a + b
	case kernel.Sub:
		return a - b
	case kernel.Mul:
		return a * b
	case kernel.Div:
		return a / b
	}
	if a != a || b != b {
		return nan32
	}
	if op == kernel.Max && a > b || op == kernel.Min && a < b {
		return a
	}
	return b
}

func reduce(op kernel.ReduceOp, x []float32) float32 {
	switch op {
	case kernel.ReduceSum:
		return exact.Sum(x)
	case kernel.ReduceMax:
		return exact.Max(x)
	case kernel.ReduceMin:
		neg := make([]float32, len(x))
		for i, v := range x {
			neg[i] = -v
		}
		return -exact.Max(neg)
	default:
		return exact.Dot(x, x)
	}
}

// column gathers f(i) for i < m.
func column(m int, f func(i int) float32) []float32 {
	c := make([]float32, m)
	for i := range c {
		c[i] = f(i)
	}
	return c
}

func (oracle) Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, c2, c3 uint32) {
	for i := range x {
		b := base + uint64(i/4)
		w := exact.Philox(key, [4]uint32{uint32(b), uint32(b >> 32), c2, c3})
		dst[i] = 0
		if exact.Uniform(w[i%4]) >= p {
			dst[i] = x[i] * scale
		}
	}
}

func argMax(x []float32) int32 {
	best := -1
	for j, v := range x {
		if v == v && (best < 0 || v > x[best]) {
			best = j
		}
	}
	return int32(max(best, 0))
}

func nearest(x, centroids []float32, k, n int) (int32, float32) {
	at, least := int32(0), nan32
	for c := range k {
		d := column(n, func(j int) float32 { return x[j] - centroids[c*n+j] })
		if s := exact.Dot(d, d); s < least || least != least && s == s {
			at, least = int32(c), s
		}
	}
	return at, least
}

func (oracle) Gram(dst []float64, x []float32, m, n, i0, i1 int) {
	for i := i0; i < i1; i++ {
		for j := i; j < n; j++ {
			for r := range m {
				dst[i*n+j] += float64(float64(x[r*n+i]) * float64(x[r*n+j]))
			}
		}
	}
}

func (oracle) SumSquares64(x []float32) float64 {
	var p [8]float64
	for i, v := range x {
		p[i%8] += float64(float64(v) * float64(v))
	}
	for w := 4; w > 0; w /= 2 {
		for j := range w {
			p[j] += p[j+w]
		}
	}
	return p[0]
}

// in tells whether element i is in the row.
func in(mask []uint8, i int) bool { return mask == nil || mask[i] != 0 }

// shifted is exp(x-max), its sum and max over the elements that are in.
func shifted(x []float32, mask []uint8) (p []float32, sum, mx float32) {
	var kept []float32
	for j, v := range x {
		if in(mask, j) {
			kept = append(kept, v)
		}
	}
	mx = exact.Max(kept)
	p = make([]float32, len(x))
	for j, v := range x {
		if in(mask, j) {
			p[j] = exact.Exp(v - mx)
		}
	}
	return p, exact.Sum(p), mx
}

func rowMask(mask []uint8, i, n int) []uint8 {
	if mask == nil {
		return nil
	}
	return mask[i*n : i*n+n]
}

func (oracle) Softmax(dst, x []float32, n int, mask []uint8) {
	for i := range len(x) / n {
		row, k := x[i*n:i*n+n], rowMask(mask, i, n)
		p, sum, _ := shifted(row, k)
		for j := range row {
			dst[i*n+j] = 0
			if in(k, j) {
				dst[i*n+j] = p[j] / sum
			}
		}
	}
}

func (oracle) LogSoftmax(dst, x []float32, n int, mask []uint8) {
	for i := range len(x) / n {
		row, k := x[i*n:i*n+n], rowMask(mask, i, n)
		_, sum, mx := shifted(row, k)
		for j := range row {
			dst[i*n+j] = negInf
			if in(k, j) {
				dst[i*n+j] = float32(row[j]-mx) - exact.Log(sum)
			}
		}
	}
}

func (oracle) SoftmaxGrad(dx, dy, y []float32, n int) {
	for i := 0; i < len(y); i += n {
		d := exact.Dot(dy[i:i+n], y[i:i+n])
		for j := i; j < i+n; j++ {
			dx[j] = y[j] * (dy[j] - d)
		}
	}
}

func (oracle) LogSoftmaxGrad(dx, dy, y []float32, n int) {
	for i := 0; i < len(y); i += n {
		s := exact.Sum(dy[i : i+n])
		for j := i; j < i+n; j++ {
			dx[j] = exact.FMA(-exact.Exp(y[j]), s, dy[j])
			if y[j] == negInf {
				dx[j] = 0
			}
		}
	}
}

func (oracle) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32) {
	for i := range mean {
		row := x[i*n : i*n+n]
		mean[i] = exact.Sum(row) / float32(n)
		d := column(n, func(j int) float32 { return row[j] - mean[i] })
		rstd[i] = 1 / sqrt32(exact.Dot(d, d)/float32(n)+eps)
		for j := range d {
			dst[i*n+j] = exact.FMA(float32(d[j]*rstd[i]), gamma[j], beta[j])
		}
	}
}

func (oracle) LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int) {
	for i := range mean {
		g := column(n, func(j int) float32 { return dy[i*n+j] * gamma[j] })
		xhat := column(n, func(j int) float32 { return (x[i*n+j] - mean[i]) * rstd[i] })
		a, b := exact.Sum(g)/float32(n), exact.Dot(g, xhat)/float32(n)
		for j := range g {
			dx[i*n+j] = exact.FMA(-xhat[j], b, g[j]-a) * rstd[i]
		}
	}
}

func (oracle) LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int) {
	for j := j0; j < j1; j++ {
		d := column(m, func(i int) float32 { return dy[i*n+j] })
		xhat := column(m, func(i int) float32 { return (x[i*n+j] - mean[i]) * rstd[i] })
		dgamma[j-j0], dbeta[j-j0] = exact.Dot(d, xhat), exact.Sum(d)
	}
}

func (oracle) RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32) {
	for i := range rrms {
		row := x[i*n : i*n+n]
		rrms[i] = 1 / sqrt32(exact.Dot(row, row)/float32(n)+eps)
		for j, v := range row {
			dst[i*n+j] = float32(v*rrms[i]) * gamma[j]
		}
	}
}

func (oracle) RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int) {
	for i := range rrms {
		g := column(n, func(j int) float32 { return dy[i*n+j] * gamma[j] })
		xhat := column(n, func(j int) float32 { return x[i*n+j] * rrms[i] })
		b := exact.Dot(g, xhat) / float32(n)
		for j := range g {
			dx[i*n+j] = exact.FMA(-xhat[j], b, g[j]) * rrms[i]
		}
	}
}

func (oracle) RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int) {
	for j := j0; j < j1; j++ {
		d := column(m, func(i int) float32 { return dy[i*n+j] })
		dgamma[j-j0] = exact.Dot(d, column(m, func(i int) float32 { return x[i*n+j] * rrms[i] }))
	}
}

func (oracle) CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32) {
	for i, t := range target {
		row := x[i*n : i*n+n]
		p, sum, mx := shifted(row, nil)
		loss[i] = 0
		if t != ignore {
			loss[i] = float32(exact.Log(sum)+mx) - row[t]
		}
		for j := range row {
			if dx == nil {
				break
			}
			hot := float32(0)
			if int32(j) == t {
				hot = 1
			}
			dx[i*n+j] = float32(float32(p[j]/sum)-hot) * scale
			if t == ignore {
				dx[i*n+j] = 0
			}
		}
	}
}

func (oracle) SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32) {
	for i := range loss {
		row, weight := x[i*n:i*n+n], w[i*n:i*n+n]
		p, sum, mx := shifted(row, nil)
		lse, total := exact.Log(sum)+mx, exact.Sum(weight)
		loss[i] = exact.Dot(weight, column(n, func(j int) float32 { return lse - row[j] }))
		for j := range row {
			if dx != nil {
				dx[i*n+j] = exact.FMA(float32(p[j]/sum), total, -weight[j]) * scale
			}
		}
	}
}

// bracket is a[j]-b[j], 0 where the weight is.
func bracket(weight, a, b []float32) []float32 {
	return column(len(a), func(j int) float32 {
		if weight[j] == 0 {
			return 0
		}
		return a[j] - b[j]
	})
}

func (o oracle) Divergence(op kernel.DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32) {
	lq, lp := make([]float32, n), make([]float32, n)
	for i := range loss {
		o.LogSoftmax(lq, column(n, func(j int) float32 { return x[i*n+j] * invT }), n, nil)
		o.LogSoftmax(lp, column(n, func(j int) float32 { return y[i*n+j] * invT }), n, nil)
		q := column(n, func(j int) float32 { return exact.Exp(lq[j]) })
		p := column(n, func(j int) float32 { return exact.Exp(lp[j]) })
		var d []float32 // of the loss by x[j]*invT
		switch op {
		case kernel.ForwardKL:
			loss[i] = exact.Dot(p, bracket(p, lp, lq))
			d = column(n, func(j int) float32 { return q[j] - p[j] })
		case kernel.ReverseKL:
			r := bracket(q, lq, lp)
			loss[i] = exact.Dot(q, r)
			d = column(n, func(j int) float32 { return weighted(q[j], r[j]-loss[i]) })
		default:
			lm := column(n, func(j int) float32 { return exact.Log(float32(0.5 * (p[j] + q[j]))) })
			r := bracket(q, lq, lm)
			kq := exact.Dot(q, r)
			loss[i] = 0.5 * (exact.Dot(p, bracket(p, lp, lm)) + kq)
			d = column(n, func(j int) float32 { return weighted(0.5*q[j], r[j]-kq) })
		}
		for j := range d {
			if dx != nil {
				dx[i*n+j] = float32(d[j]*invT) * scale
			}
		}
	}
}

// weighted is w*x, +0 for no weight.
func weighted(w, x float32) float32 {
	if w == 0 {
		return 0
	}
	return w * x
}

func (oracle) SquaredError(loss, dx, x, y []float32, n int, scale float32) {
	for i := range loss {
		d := column(n, func(j int) float32 { return x[i*n+j] - y[i*n+j] })
		loss[i] = exact.Dot(d, d)
		for j := range d {
			if dx != nil {
				dx[i*n+j] = float32(2*d[j]) * scale
			}
		}
	}
}

func (oracle) AdamW(p, m, v, grad []float32, a *kernel.AdamW) {
	for i := range p {
		g := grad[i] * a.GradScale
		m[i] = exact.FMA(a.Beta1, m[i], float32(1-a.Beta1)*g)
		v[i] = exact.FMA(a.Beta2, v[i], float32(float32(1-a.Beta2)*g)*g)
		u := float32(m[i]*a.Correction1) / (sqrt32(v[i]*a.Correction2) + a.Eps)
		p[i] = exact.FMA(-a.LR, exact.FMA(a.WeightDecay, p[i], u), p[i])
	}
}

func (oracle) GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32) {
	for i := range tokens {
		score := column(n, func(j int) float32 {
			v := x[i*n+j]
			switch {
			case floor != nil && !(v >= floor[i]):
				return nan32
			case invT == 0:
				return v
			}
			w := exact.Philox(key, [4]uint32{uint32(ids[i]), uint32(ids[i] >> 32), step[i], uint32(j / 4)})
			return exact.FMA(v, invT, exact.Gumbel(w[j%4]))
		})
		tokens[i] = argMax(score)
	}
}
