package ref

import (
	"math"
	"sort"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// CrossEntropy is -log softmax(x)[target] of each row of n logits; 0 where the
// target is ignore.
func CrossEntropy(x []float64, target []int32, n int, ignore int32) []float64 {
	lp := LogSoftmax(x, n, nil)
	loss := make([]float64, len(target))
	for i, t := range target {
		if t != ignore {
			loss[i] = -lp[i*n+int(t)]
		}
	}
	return loss
}

// CrossEntropyGrad is the gradient of the sum of the losses: softmax(x) minus the
// one-hot target.
func CrossEntropyGrad(x []float64, target []int32, n int, ignore int32) []float64 {
	p := Softmax(x, n, nil)
	dx := make([]float64, len(x))
	for i, t := range target {
		if t == ignore {
			continue
		}
		copy(dx[i*n:], p[i*n:(i+1)*n])
		dx[i*n+int(t)]--
	}
	return dx
}

// SoftCrossEntropy is -sum(w * log softmax(x)) of each row.
func SoftCrossEntropy(x, w []float64, n int) []float64 {
	loss := RowDot(w, LogSoftmax(x, n, nil), n)
	return Scale(-1, loss)
}

// SoftCrossEntropyGrad is softmax(x)*sum(w) - w.
func SoftCrossEntropyGrad(x, w []float64, n int) []float64 {
	p := Softmax(x, n, nil)
	sums := Columns(Reduce(kernel.ReduceSum, w, len(w)/n, n, 1), n)
	return Binary(kernel.Sub, Binary(kernel.Mul, p, sums), w)
}

// KL is sum(p * (log p - log q)) of distributions given by their logarithms;
// terms with p = 0 are 0.
func KL(lp, lq []float64) float64 {
	sum := 0.0
	for j := range lp {
		if p := math.Exp(lp[j]); p != 0 {
			sum += p * (lp[j] - lq[j])
		}
	}
	return sum
}

// Divergence is the divergence between q = softmax(x/temperature), the student,
// and p = softmax(y/temperature), the teacher, of each row.
func Divergence(op kernel.DivergenceOp, x, y []float64, n int, temperature float64) []float64 {
	lq := LogSoftmax(Scale(1/temperature, x), n, nil)
	lp := LogSoftmax(Scale(1/temperature, y), n, nil)
	var loss []float64
	for i := 0; i < len(x); i += n {
		p, q := lp[i:i+n], lq[i:i+n]
		m := logMean(p, q)
		switch op {
		case kernel.ForwardKL:
			loss = append(loss, KL(p, q))
		case kernel.ReverseKL:
			loss = append(loss, KL(q, p))
		case kernel.JensenShannon:
			loss = append(loss, (KL(p, m)+KL(q, m))/2)
		}
	}
	return loss
}

// logMean is the logarithm of the mean of two distributions.
func logMean(lp, lq []float64) []float64 {
	m := make([]float64, len(lp))
	for j := range lp {
		m[j] = LogSumExp([]float64{lp[j], lq[j]}) - math.Ln2
	}
	return m
}

// DivergenceGrad is the gradient of the sum of the losses with respect to x: of
// the forward divergence (q-p)/temperature; of the others the derivatives with
// respect to q, log(q/p)+1 and log(q/m)/2, go through the backward pass of the
// softmax and the temperature.
func DivergenceGrad(op kernel.DivergenceOp, x, y []float64, n int, temperature float64) []float64 {
	sx, sy := Scale(1/temperature, x), Scale(1/temperature, y)
	if op == kernel.ForwardKL {
		return Scale(1/temperature, Binary(kernel.Sub, Softmax(sx, n, nil), Softmax(sy, n, nil)))
	}
	lq, lp := LogSoftmax(sx, n, nil), LogSoftmax(sy, n, nil)
	dq := Binary(kernel.Sub, lq, lp)
	if op == kernel.JensenShannon {
		dq = Scale(0.5, Binary(kernel.Sub, lq, logMean(lp, lq)))
	}
	return Scale(1/temperature, SoftmaxGrad(dq, sx, n, nil))
}

// SquaredError is sum((x-y)^2) of each row.
func SquaredError(x, y []float64, n int) []float64 {
	d := Binary(kernel.Sub, x, y)
	return RowDot(d, d, n)
}

// SquaredErrorGrad is 2*(x-y).
func SquaredErrorGrad(x, y []float64) []float64 { return Scale(2, Binary(kernel.Sub, x, y)) }

// TwoHot spreads each number over the two neighbouring bins (ascending) so that
// the mean of the bins is the number; what is outside goes to the last bin.
// Bellemare, Dabney and Munos 2017; Schrittwieser et al. 2020.
func TwoHot(x, bins []float64) []float64 {
	n := len(bins)
	y := make([]float64, len(x)*n)
	for i, v := range x {
		row := y[i*n : (i+1)*n]
		above := sort.SearchFloat64s(bins, v)
		switch {
		case above == 0:
			row[0] = 1
		case above == n:
			row[n-1] = 1
		default:
			w := (v - bins[above-1]) / (bins[above] - bins[above-1])
			row[above-1], row[above] = 1-w, w
		}
	}
	return y
}

// TwoHotMean is the mean of the bins under each row of probabilities.
func TwoHotMean(p, bins []float64) []float64 {
	return MatMul(p, bins, len(p)/len(bins), 1, len(bins), false, false)
}
