package ref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// A scalar function of x is made of any function by an inner product with fixed
// random weights; its gradient is the backward pass of those weights.
func checkGradient(t *testing.T, name string, x []float64, size int, f func(x []float64) []float64, grad func(dy, x []float64) []float64) {
	t.Helper()
	w := normal(rand.New(rand.NewPCG(uint64(len(x)), 99)), size)
	want := Gradient(func(x []float64) float64 { return Dot(w, f(x)) }, x, 1e-5)
	got := grad(w, x)
	var diff, scale float64
	for i := range want {
		diff += (got[i] - want[i]) * (got[i] - want[i])
		scale += want[i] * want[i]
	}
	if len(got) != len(want) || !(math.Sqrt(diff) <= 1e-6*math.Sqrt(scale)) {
		t.Errorf("%s: gradient %v, by central differences %v", name, got, want)
	}
}

func normal(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// away is like normal, but 0.1 away from 0, where some derivatives jump.
func away(r *rand.Rand, n int) []float64 {
	x := normal(r, n)
	for i, v := range x {
		x[i] = v + math.Copysign(0.1, v)
	}
	return x
}

func positive(r *rand.Rand, n int) []float64 {
	x := away(r, n)
	for i, v := range x {
		x[i] = math.Abs(v)
	}
	return x
}

func TestUnaryGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for op := kernel.Neg; op <= kernel.SiLU; op++ {
		x := away(r, 20)
		if op == kernel.Sqrt || op == kernel.Log {
			x = positive(r, 20)
		}
		checkGradient(t, name("unary", op), x, 20,
			func(x []float64) []float64 { return Unary(op, x) },
			func(dy, x []float64) []float64 { return UnaryGrad(op, dy, x) })
	}
}

func TestBinaryGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for op := kernel.Add; op <= kernel.Min; op++ {
		a, b := away(r, 20), away(r, 20)
		checkGradient(t, name("binary a", op), a, 20,
			func(x []float64) []float64 { return Binary(op, x, b) },
			func(dy, x []float64) []float64 { da, _ := BinaryGrad(op, dy, x, b); return da })
		checkGradient(t, name("binary b", op), b, 20,
			func(x []float64) []float64 { return Binary(op, a, x) },
			func(dy, x []float64) []float64 { _, db := BinaryGrad(op, dy, a, x); return db })
	}
}

func TestMatMulGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	const m, n, k = 3, 4, 5
	for kind := range 4 {
		transA, transB := kind&1 != 0, kind&2 != 0
		a, b := normal(r, m*k), normal(r, k*n)
		checkGradient(t, name("matmul a", kind), a, m*n,
			func(x []float64) []float64 { return MatMul(x, b, m, n, k, transA, transB) },
			func(dy, x []float64) []float64 { da, _ := MatMulGrad(dy, x, b, m, n, k, transA, transB); return da })
		checkGradient(t, name("matmul b", kind), b, m*n,
			func(x []float64) []float64 { return MatMul(a, x, m, n, k, transA, transB) },
			func(dy, x []float64) []float64 { _, db := MatMulGrad(dy, a, x, m, n, k, transA, transB); return db })
	}
}

func TestReduceGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	const outer, n, inner = 2, 5, 3
	for op := kernel.ReduceSum; op <= kernel.ReduceSumSquares; op++ {
		checkGradient(t, name("reduce", op), normal(r, outer*n*inner), outer*inner,
			func(x []float64) []float64 { return Reduce(op, x, outer, n, inner) },
			func(dy, x []float64) []float64 { return ReduceGrad(op, dy, x, outer, n, inner) })
	}
}

func TestSoftmaxGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	const n = 5
	for _, mask := range [][]uint8{nil, {1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1}} {
		x := normal(r, 3*n)
		checkGradient(t, name("softmax", mask), x, len(x),
			func(x []float64) []float64 { return Softmax(x, n, mask) },
			func(dy, x []float64) []float64 { return SoftmaxGrad(dy, x, n, mask) })
		finite := func(x []float64) []float64 { // what is masked is -Inf, and no function of x
			y := LogSoftmax(x, n, mask)
			for i := range y {
				if math.IsInf(y[i], -1) {
					y[i] = 0
				}
			}
			return y
		}
		checkGradient(t, name("log-softmax", mask), x, len(x), finite,
			func(dy, x []float64) []float64 { return LogSoftmaxGrad(dy, x, n, mask) })
	}
}

func TestNormGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	const m, n, eps = 3, 7, 1e-5
	x, gamma, beta := normal(r, m*n), normal(r, n), normal(r, n)
	layer := func(x, gamma, beta []float64) []float64 { y, _, _ := LayerNorm(x, gamma, beta, n, eps); return y }
	checkGradient(t, "layer norm x", x, m*n,
		func(x []float64) []float64 { return layer(x, gamma, beta) },
		func(dy, x []float64) []float64 { dx, _, _ := LayerNormGrad(dy, x, gamma, n, eps); return dx })
	checkGradient(t, "layer norm gamma", gamma, m*n,
		func(g []float64) []float64 { return layer(x, g, beta) },
		func(dy, g []float64) []float64 { _, dg, _ := LayerNormGrad(dy, x, g, n, eps); return dg })
	checkGradient(t, "layer norm beta", beta, m*n,
		func(b []float64) []float64 { return layer(x, gamma, b) },
		func(dy, _ []float64) []float64 { _, _, db := LayerNormGrad(dy, x, gamma, n, eps); return db })
	checkGradient(t, "rms norm x", x, m*n,
		func(x []float64) []float64 { y, _ := RMSNorm(x, gamma, n, eps); return y },
		func(dy, x []float64) []float64 { dx, _ := RMSNormGrad(dy, x, gamma, n, eps); return dx })
	checkGradient(t, "rms norm gamma", gamma, m*n,
		func(g []float64) []float64 { y, _ := RMSNorm(x, g, n, eps); return y },
		func(dy, g []float64) []float64 { _, dg := RMSNormGrad(dy, x, g, n, eps); return dg })
}

func TestAttentionGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	const d, scale = 3, 0.7
	for _, shape := range []struct {
		tq, tk int
		causal bool
	}{{1, 1, true}, {4, 4, false}, {4, 4, true}, {2, 5, false}, {2, 5, true}} {
		tq, tk := shape.tq, shape.tk
		q, k, v := normal(r, tq*d), normal(r, tk*d), normal(r, tk*d)
		out := func(q, k, v []float64) []float64 {
			y, _ := Attention(q, k, v, tq, tk, d, scale, shape.causal)
			return y
		}
		grads := func(dy, q, k, v []float64) [3][]float64 {
			dq, dk, dv := AttentionGrad(dy, q, k, v, tq, tk, d, scale, shape.causal)
			return [3][]float64{dq, dk, dv}
		}
		if tk > 1 { // the softmax over one key is constant
			checkGradient(t, name("attention q", shape), q, tq*d,
				func(x []float64) []float64 { return out(x, k, v) },
				func(dy, x []float64) []float64 { return grads(dy, x, k, v)[0] })
			checkGradient(t, name("attention k", shape), k, tq*d,
				func(x []float64) []float64 { return out(q, x, v) },
				func(dy, x []float64) []float64 { return grads(dy, q, x, v)[1] })
		}
		checkGradient(t, name("attention v", shape), v, tq*d,
			func(x []float64) []float64 { return out(q, k, x) },
			func(dy, x []float64) []float64 { return grads(dy, q, k, x)[2] })
	}
}

func TestLossGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	const m, n, temperature = 4, 6, 1.7
	x, y := normal(r, m*n), normal(r, m*n)
	target := []int32{3, -1, 0, 5}
	checkGradient(t, "cross-entropy", x, m,
		func(x []float64) []float64 { return CrossEntropy(x, target, n, -1) },
		func(dy, x []float64) []float64 { return perRow(dy, CrossEntropyGrad(x, target, n, -1)) })
	w := positive(r, m*n)
	checkGradient(t, "soft cross-entropy", x, m,
		func(x []float64) []float64 { return SoftCrossEntropy(x, w, n) },
		func(dy, x []float64) []float64 { return perRow(dy, SoftCrossEntropyGrad(x, w, n)) })
	for op := kernel.ForwardKL; op <= kernel.JensenShannon; op++ {
		checkGradient(t, name("divergence", op), x, m,
			func(x []float64) []float64 { return Divergence(op, x, y, n, temperature) },
			func(dy, x []float64) []float64 { return perRow(dy, DivergenceGrad(op, x, y, n, temperature)) })
	}
	checkGradient(t, "squared error", x, m,
		func(x []float64) []float64 { return SquaredError(x, y, n) },
		func(dy, x []float64) []float64 { return perRow(dy, SquaredErrorGrad(x, y)) })
}

// perRow scales each row of a gradient of the sum of losses by that of its loss.
func perRow(dy, dx []float64) []float64 {
	return Binary(kernel.Mul, dx, Columns(dy, len(dx)/len(dy)))
}

func TestGatherGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	const rows, d = 4, 3
	ids := []int32{2, 0, 2, 3}
	checkGradient(t, "gather", normal(r, rows*d), len(ids)*d,
		func(x []float64) []float64 { return Gather(x, ids, d) },
		func(dy, _ []float64) []float64 { return ScatterAdd(make([]float64, rows*d), dy, ids, d) })
}
