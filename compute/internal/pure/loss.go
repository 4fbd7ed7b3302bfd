package pure

import (
	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// CrossEntropy is the loss of one target a row.
func (s set) CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32) {
	for i, t := range target {
		row := x[i*n : i*n+n]
		if t == ignore {
			loss[i] = 0
			if dx != nil {
				clear(dx[i*n : i*n+n])
			}
			continue
		}
		m, l := s.expSum(row)
		loss[i] = (exact.Log(l) + m) - row[t]
		if dx == nil {
			continue
		}
		out := dx[i*n : i*n+n]
		s.exp(out, row, m)
		for j := range out {
			p := out[j] / l
			if j == int(t) {
				p -= 1
			}
			out[j] = p * scale
		}
	}
}

// expSum is the maximum of x and the sum of exp(x-max).
func (s set) expSum(x []float32) (m, l float32) {
	var buf [chunk]float32
	m = s.max(x)
	var p lanes
	for ; len(x) > 0; x = x[min(chunk, len(x)):] {
		e := buf[:min(chunk, len(x))]
		s.exp(e, x[:len(e)], m)
		s.addSum(&p, e)
	}
	return m, p.total()
}

// SoftCrossEntropy is the loss of a row of weights a row.
func (s set) SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32) {
	var buf [chunk]float32
	for i := range loss {
		row, weights := x[i*n:i*n+n], w[i*n:i*n+n]
		m, l := s.expSum(row)
		top := exact.Log(l) + m
		var p lanes
		for j := 0; j < n; j += chunk {
			d := buf[:min(chunk, n-j)]
			for k, v := range row[j:][:len(d)] {
				d[k] = top - v
			}
			s.addDot(&p, weights[j:j+len(d)], d)
		}
		loss[i] = p.total()
		if dx == nil {
			continue
		}
		total := s.sum(weights)
		for j := 0; j < n; j += chunk {
			e := buf[:min(chunk, n-j)]
			s.exp(e, row[j:j+len(e)], m)
			for k, v := range e {
				dx[i*n+j+k] = exact.FMA(v/l, total, -weights[j+k]) * scale
			}
		}
	}
}

// SquaredError is the loss of the squared distance.
func (s set) SquaredError(loss, dx, x, y []float32, n int, scale float32) {
	for i := range loss {
		a, b := x[i*n:i*n+n], y[i*n:i*n+n]
		loss[i] = s.distance(a, b)
		if dx == nil {
			continue
		}
		for j, v := range a {
			dx[i*n+j] = float32(2*(v-b[j])) * scale
		}
	}
}

// Divergence compares the distributions of two rows of logits.
func (s set) Divergence(op kernel.DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32) {
	var d divergence
	for i := range loss {
		row, teacher := x[i*n:i*n+n], y[i*n:i*n+n]
		d.mq, d.lq = s.logSum(row, invT)
		d.mp, d.lp = s.logSum(teacher, invT)
		var sp, sq lanes
		for j := 0; j < n; j += chunk {
			c := d.fill(s, row[j:], teacher[j:], invT)
			d.terms(op, c)
			s.addDot(&sp, d.p[:c], d.dp[:c])
			s.addDot(&sq, d.q[:c], d.dq[:c])
		}
		p, q := sp.total(), sq.total()
		loss[i] = [...]float32{kernel.ForwardKL: p, kernel.ReverseKL: q, kernel.JensenShannon: 0.5 * (p + q)}[op]
		for j := 0; j < n && dx != nil; j += chunk {
			c := d.fill(s, row[j:], teacher[j:], invT)
			d.terms(op, c)
			d.grad(op, dx[i*n+j:][:c], q, invT, scale)
		}
	}
}

// divergence is a chunk of two distributions with their logarithms, and the
// maxima and logarithms of sums of their rows.
type divergence struct {
	mp, lp, mq, lq   float32
	p, q, logP, logQ [chunk]float32
	dp, dq           [chunk]float32 // what p and q are multiplied with in the loss
}

// fill computes the first chunk of the distributions and returns its length.
func (d *divergence) fill(s set, x, y []float32, invT float32) int {
	c := min(chunk, len(x))
	for j := range c {
		d.logQ[j] = (float32(x[j]*invT) - d.mq) - d.lq
		d.logP[j] = (float32(y[j]*invT) - d.mp) - d.lp
	}
	s.exp(d.q[:c], d.logQ[:c], 0)
	s.exp(d.p[:c], d.logP[:c], 0)
	return c
}

// terms computes the differences of logarithms, 0 where their weight is.
func (d *divergence) terms(op kernel.DivergenceOp, c int) {
	for j := range c {
		lp, lq := d.logP[j], d.logQ[j]
		d.dp[j], d.dq[j] = lp-lq, lq-lp
		if op == kernel.JensenShannon {
			lm := exact.Log(0.5 * (d.p[j] + d.q[j]))
			d.dp[j], d.dq[j] = lp-lm, lq-lm
		}
		if d.p[j] == 0 {
			d.dp[j] = 0
		}
		if d.q[j] == 0 {
			d.dq[j] = 0
		}
	}
}

// grad computes the gradient; sum is the dot product of q and dq over the row.
func (d *divergence) grad(op kernel.DivergenceOp, dx []float32, sum, invT, scale float32) {
	for j := range dx {
		q, g := d.q[j], float32(0)
		switch {
		case op == kernel.ForwardKL:
			g = q - d.p[j]
		case q == 0:
		case op == kernel.ReverseKL:
			g = q * (d.dq[j] - sum)
		default:
			g = float32(0.5*q) * (d.dq[j] - sum)
		}
		dx[j] = float32(g*invT) * scale
	}
}
