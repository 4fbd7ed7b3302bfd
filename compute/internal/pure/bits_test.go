package pure

import (
	"encoding/binary"
	"hash/fnv"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// generator makes numbers that need no function of math: equal everywhere.
type generator uint32

func (g *generator) floats(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		*g = *g*1664525 + 1013904223
		x[i] = float32(int32(*g)>>8) * 0x1p-22
	}
	return x
}

// TestBits pins results to the bit. The other tests compare code with code of
// the same compiler; this one notices a compiler that fuses what it must not.
func TestBits(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(kernel.Set, *generator) [][]float32
		want uint64
	}{
		{"products", bitsOfProducts, 0x6e673276bee4baa1},
		{"attention", bitsOfAttention, 0x868d08b12d237357},
		{"rows", bitsOfRows, 0x3ab53af288734afc},
		{"losses", bitsOfLosses, 0x48adff44578d92e9},
		{"functions", bitsOfFunctions, 0x430f59257bede8ba},
		{"training", bitsOfTraining, 0x6c86df628dfb9f4f},
	} {
		for _, s := range exactSets() {
			g, h := generator(1), fnv.New64a()
			for _, x := range c.f(s, &g) {
				if err := binary.Write(h, binary.LittleEndian, x); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.Sum64(); got != c.want {
				t.Errorf("%s: the hash of %s is %#x, want %#x", s.Name(), c.name, got, c.want)
			}
		}
	}
}

func bitsOfProducts(s kernel.Set, g *generator) [][]float32 {
	const m, n, k = 14, 45, 300
	b, c := make([]float32, kernel.PackedLen(k, n)), make([]float32, m*n)
	s.Pack(b, g.floats(k*n), n, k, n, false, 0, kernel.Panels(n))
	s.Gemm(&kernel.Gemm{C: c, LDC: n, A: g.floats(m * k), LDA: k, B: b, Bias: g.floats(n), M: m, N: n, K: k, P1: kernel.Panels(n), Act: kernel.ActGELU})
	return [][]float32{c}
}

func bitsOfAttention(s kernel.Set, g *generator) [][]float32 {
	const n, d = 75, 40
	h := &kernel.Head{T: n, D: d, LD: d, LDO: d, Scale: 0.2, Causal: true, Scratch: make([]float32, kernel.AttentionScratch(n, d))}
	q, k, v, dout := g.floats(n*d), g.floats(n*d), g.floats(n*d), g.floats(n*d)
	out, lse, one := make([]float32, n*d), make([]float32, n), make([]float32, d)
	dq, dk, dv := make([]float32, n*d), make([]float32, n*d), make([]float32, n*d)
	s.Attend(out, lse, q, k, v, h)
	s.AttendGrad(dq, dk, dv, dout, out, lse, q, k, v, h)
	s.Decode(one, q, k, v, n, d, 0.2, h.Scratch)
	return [][]float32{out, lse, dq, dk, dv, one}
}

func bitsOfRows(s kernel.Set, g *generator) [][]float32 {
	const m, n = 4, 301
	x, dy, gamma, beta := g.floats(m*n), g.floats(m*n), g.floats(n), g.floats(n)
	var out [][]float32
	result := func(k int) []float32 {
		out = append(out, make([]float32, k))
		return out[len(out)-1]
	}
	mean, rstd, rrms := result(m), result(m), result(m)
	s.LayerNorm(result(m*n), mean, rstd, x, gamma, beta, n, 1e-5)
	s.LayerNormGrad(result(m*n), dy, x, mean, rstd, gamma, n)
	s.LayerNormParamGrad(result(n), result(n), dy, x, mean, rstd, m, n, 0, n)
	s.RMSNorm(result(m*n), rrms, x, gamma, n, 1e-5)
	s.RMSNormGrad(result(m*n), dy, x, rrms, gamma, n)
	s.RMSNormParamGrad(result(n), dy, x, rrms, m, n, 0, n)
	p := result(m * n)
	s.Softmax(p, x, n, nil)
	s.SoftmaxGrad(result(m*n), dy, p, n)
	l := result(m * n)
	s.LogSoftmax(l, x, n, nil)
	s.LogSoftmaxGrad(result(m*n), dy, l, n)
	for _, op := range []kernel.ReduceOp{kernel.ReduceSum, kernel.ReduceMax, kernel.ReduceMin, kernel.ReduceSumSquares} {
		s.RowReduce(op, result(m), x, n)
		s.ColReduce(op, result(n), x, m, n, 0, n)
	}
	s.NearestRow(make([]int32, m), result(m), x, dy, m, n)
	s.AXPBY(result(m*n), 0.3, x, 1.7, dy)
	return out
}

func bitsOfLosses(s kernel.Set, g *generator) [][]float32 {
	const m, n = 3, 301
	x, y := g.floats(m*n), g.floats(m*n)
	var out [][]float32
	result := func(k int) []float32 {
		out = append(out, make([]float32, k))
		return out[len(out)-1]
	}
	s.CrossEntropy(result(m), result(m*n), x, []int32{5, 300, 0}, n, -1, 0.3)
	s.SoftCrossEntropy(result(m), result(m*n), x, y, n, 0.3)
	s.SquaredError(result(m), result(m*n), x, y, n, 0.3)
	for _, op := range []kernel.DivergenceOp{kernel.ForwardKL, kernel.ReverseKL, kernel.JensenShannon} {
		s.Divergence(op, result(m), result(m*n), x, y, n, 0.7, 0.3)
	}
	return out
}

func bitsOfFunctions(s kernel.Set, g *generator) [][]float32 {
	const n = 5000
	x, dy := g.floats(n), g.floats(n)
	for i := range x {
		x[i] *= 7
	}
	var out [][]float32
	for _, op := range unaryOps {
		y, dx := make([]float32, n), make([]float32, n)
		s.Unary(op, y, x)
		s.UnaryGrad(op, dx, dy, x, y)
		for i := range y { // NaNs have no one payload
			if y[i] != y[i] {
				y[i], dx[i] = 0, 0
			}
		}
		out = append(out, y, dx)
	}
	return out
}

func bitsOfTraining(s kernel.Set, g *generator) [][]float32 {
	const n = 1003
	p, m, v, grad, x := g.floats(n), make([]float32, n), make([]float32, n), g.floats(n), make([]float32, n)
	a := &kernel.AdamW{LR: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, Correction1: 10, Correction2: 100, GradScale: 0.5}
	for range 3 {
		s.AdamW(p, m, v, grad, a)
	}
	s.Dropout(x, p, 0.1, 1/0.9, [2]uint32{1, 2}, 3, 4, 5)
	tokens := make([]int32, 17)
	s.GumbelMax(tokens, x, 59, 1.1, nil, [2]uint32{1, 2}, make([]uint64, 17), make([]uint32, 17))
	for i, token := range tokens {
		x[i] = float32(token)
	}
	return [][]float32{p, m, v, x}
}
