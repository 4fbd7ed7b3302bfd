package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// grids are rows and columns.
var grids = [][2]int{{1, 1}, {3, 2}, {7, 31}, {5, 32}, {9, 33}, {40, 65}, {2, 1000}, {600, 64}, {0, 5}}

func reductions(b *builder) {
	for _, shape := range [][]int{{1}, {7, 33}, {40, 3}, {3, 5, 33}, {2, 100, 70}, {3, 0, 2}, {0, 3}} {
		for axis := range shape {
			for f := compute.ReduceSum; f <= compute.ReduceSumSquares; f++ {
				for _, special := range []bool{false, true} {
					b.reduce(f, shape, axis, special)
				}
			}
		}
	}
	for _, g := range grids {
		m, n := g[0], g[1]
		for _, special := range []bool{false, true} {
			x := b.normal(m*n, special)
			for i := range x {
				if b.IntN(3) == 0 {
					x[i] = x[0] // ties
				}
			}
			b.searches(x, m, n)
		}
	}
}

func (b *builder) reduce(f compute.ReduceOp, shape []int, axis int, special bool) {
	outer, n, inner := product(shape[:axis]), shape[axis], product(shape[axis+1:])
	x := b.normal(product(shape), special)
	want := ref.Reduce(reduceOps[f], ref.Float64(x), outer, n, inner)
	if f == compute.ReduceMean {
		for i := range want {
			want[i] /= float64(n)
		}
	}
	without := append(append([]int(nil), shape[:axis]...), shape[axis+1:]...)
	b.add(example{op: "Reduce", name: fmt.Sprintf("%d along axis %d of %v, special %t", f, axis, shape, special),
		want: b.nearUnless(special, want, math.Sqrt(float64(n))), run: func(e *env) {
			dst, x := e.out(without...), e.in(x, shape...)
			if axis == 0 {
				e.Reduce(f, dst, x, axis)
				return
			}
			for _, s := range e.spans(shape[0]) {
				e.Reduce(f, s.rows(dst), s.rows(x), axis-len(shape))
			}
		}})
}

func (b *builder) searches(x []float32, m, n int) {
	name := fmt.Sprintf("%d by %d", m, n)
	want := append([]int32{}, ref.ArgMax(ref.Float64(x), n)...)
	b.add(example{op: "ArgMax", name: name, want: []conformance.Judge{conformance.Exactly(want)}, run: func(e *env) {
		dst, x := e.outOf(compute.I32, m), e.in(x, m, n)
		for _, s := range e.spans(m) {
			e.ArgMax(s.rows(dst), s.rows(x))
		}
	}})
	for _, k := range []int{1, min(n, 5), n} {
		var values []float32
		idx := []int32{}
		for i, row := range ref.TopK(ref.Float64(x), n, k) {
			for _, j := range row {
				idx, values = append(idx, j), append(values, x[i*n+int(j)])
			}
		}
		b.add(example{op: "TopK", name: fmt.Sprintf("%d of %s", k, name), run: func(e *env) {
			values, idx, x := e.out(m, k), e.outOf(compute.I32, m, k), e.in(x, m, n)
			for _, s := range e.spans(m) {
				e.TopK(s.rows(values), s.rows(idx), s.rows(x))
			}
		}, want: []conformance.Judge{conformance.Exactly(values), conformance.Exactly(idx)}})
	}
}

func normalisers(b *builder) {
	for _, g := range append(grids, [2]int{3, 0}) {
		for _, special := range []bool{false, true} {
			for _, masked := range []bool{false, true} {
				b.softmax(g[0], g[1], special, masked)
			}
			b.layerNorm(g[0], g[1], special)
			b.rmsNorm(g[0], g[1], special)
		}
	}
}

func (b *builder) softmax(m, n int, special, masked bool) {
	x, dy := b.normal(m*n, special), b.normal(m*n, special)
	var mask []uint8
	if masked {
		mask = conformance.Mask(b.Rand, m*n)
		clear(mask[:min(len(mask), n)]) // a row that is left out whole
	}
	x64, dy64 := ref.Float64(x), ref.Float64(dy)
	for i := range dy {
		if masked && mask[i] == 0 {
			dy[i], dy64[i] = 0, 0 // of the logarithm -Inf nothing depends
		}
	}
	name := fmt.Sprintf("%d by %d, special %t, mask %t", m, n, special, masked)
	for _, f := range []struct {
		op       string
		forward  func([]float64, int, []uint8) []float64
		backward func(dy, x []float64, n int, mask []uint8) []float64
		run      func(e *env, dst, x, mask *compute.Tensor)
		grad     func(e *env, dx, dy, y *compute.Tensor)
	}{
		{"Softmax", ref.Softmax, ref.SoftmaxGrad,
			func(e *env, dst, x, mask *compute.Tensor) { e.Softmax(dst, x, mask) },
			func(e *env, dx, dy, y *compute.Tensor) { e.SoftmaxGrad(dx, dy, y) }},
		{"LogSoftmax", ref.LogSoftmax, ref.LogSoftmaxGrad,
			func(e *env, dst, x, mask *compute.Tensor) { e.LogSoftmax(dst, x, mask) },
			func(e *env, dx, dy, y *compute.Tensor) { e.LogSoftmaxGrad(dx, dy, y) }},
	} {
		var y, grad []float64
		if n > 0 {
			y, grad = f.forward(x64, n, mask), f.backward(dy64, x64, n, mask)
		}
		b.add(example{op: f.op, name: name, inPlace: true, want: b.nearUnless(special, y, 1), run: func(e *env) {
			dst, x := e.over(x, m, n)
			mask := e.mask(mask, m, n)
			for _, s := range e.spans(m) {
				f.run(e, s.rows(dst), s.rows(x), s.rows(mask))
			}
		}})
		b.add(example{op: f.op + "Grad", name: name, inPlace: true, want: b.nearUnless(special, grad, math.Sqrt(float64(n))), run: func(e *env) {
			dx, dy := e.over(dy, m, n)
			y := e.in(ref.Float32(y), m, n)
			for _, s := range e.spans(m) {
				f.grad(e, s.rows(dx), s.rows(dy), s.rows(y))
			}
		}})
	}
}

const eps = 1e-5

// norm is the operands of a norm and its backward pass.
type norm struct {
	m, n                           int
	x, dy, gamma, beta, mean, rstd []float32
}

func (b *builder) norm(m, n int, special bool) norm {
	x := norm{m: m, n: n, x: conformance.Away(b.Rand, m*n), dy: b.normal(m*n, special), gamma: b.normal(n, special), beta: b.normal(n, special)}
	if special {
		x.x = conformance.Sprinkle(b.Rand, x.x, n+1)
	}
	return x
}

// gradScale: a row of one number has no variance; what cancels is multiplied by
// 1/sqrt(eps).
func (x norm) gradScale() float64 {
	if x.n == 1 {
		return 300
	}
	return 1
}

func (b *builder) layerNorm(m, n int, special bool) {
	x := b.norm(m, n, special)
	name := fmt.Sprintf("%d by %d, special %t", m, n, special)
	var y, mean, rstd, dx, dgamma, dbeta []float64
	if n > 0 {
		y, mean, rstd = ref.LayerNorm(ref.Float64(x.x), ref.Float64(x.gamma), ref.Float64(x.beta), n, eps)
		dx, dgamma, dbeta = ref.LayerNormGrad(ref.Float64(x.dy), ref.Float64(x.x), ref.Float64(x.gamma), n, eps)
	}
	x.mean, x.rstd = fit(ref.Float32(mean), m), fit(ref.Float32(rstd), m)
	var want, grads []conformance.Judge
	if !special && n > 0 {
		scale := math.Sqrt(float64(1 + m))
		want = []conformance.Judge{b.near(y, 1), b.near(mean, 1), b.near(rstd, 0)}
		grads = []conformance.Judge{b.near(dx, x.gradScale()), b.near(dgamma, scale), b.near(dbeta, scale)}
	}
	b.add(example{op: "LayerNorm", name: name, want: want, inPlace: true, run: x.layerNorm})
	b.add(example{op: "LayerNormGrad", name: name, want: grads, run: x.layerNormGrad})
}

// fit makes x as long as n.
func fit(x []float32, n int) []float32 { return append(x, make([]float32, n-len(x))...) }

func (x norm) layerNorm(e *env) {
	dst, in := e.over(x.x, x.m, x.n)
	mean, rstd, gamma, beta := e.out(x.m), e.out(x.m), e.in(x.gamma, x.n), e.in(x.beta, x.n)
	for _, s := range e.spans(x.m) {
		e.LayerNorm(s.rows(dst), s.rows(mean), s.rows(rstd), s.rows(in), gamma, beta, eps)
	}
}

// layerNormGrad computes the gradients of the operand in pieces and those of the
// parameters at once: they are sums over the rows.
func (x norm) layerNormGrad(e *env) {
	dx, dgamma, dbeta, dy, in := e.out(x.m, x.n), e.out(x.n), e.out(x.n), e.in(x.dy, x.m, x.n), e.in(x.x, x.m, x.n)
	mean, rstd, gamma := e.in(x.mean, x.m), e.in(x.rstd, x.m), e.in(x.gamma, x.n)
	if !e.pieces {
		e.LayerNormGrad(dx, dgamma, dbeta, dy, in, mean, rstd, gamma)
		return
	}
	e.LayerNormGrad(nil, dgamma, dbeta, dy, in, mean, rstd, gamma)
	for _, s := range e.spans(x.m) {
		e.LayerNormGrad(s.rows(dx), nil, nil, s.rows(dy), s.rows(in), s.rows(mean), s.rows(rstd), gamma)
	}
}

func (b *builder) rmsNorm(m, n int, special bool) {
	x := b.norm(m, n, special)
	name := fmt.Sprintf("%d by %d, special %t", m, n, special)
	var y, rrms, dx, dgamma []float64
	if n > 0 {
		y, rrms = ref.RMSNorm(ref.Float64(x.x), ref.Float64(x.gamma), n, eps)
		dx, dgamma = ref.RMSNormGrad(ref.Float64(x.dy), ref.Float64(x.x), ref.Float64(x.gamma), n, eps)
	}
	x.rstd = fit(ref.Float32(rrms), m)
	var want, grads []conformance.Judge
	if !special && n > 0 {
		want = []conformance.Judge{b.near(y, 1), b.near(rrms, 0)}
		grads = []conformance.Judge{b.near(dx, 1), b.near(dgamma, math.Sqrt(float64(1+m)))}
	}
	b.add(example{op: "RMSNorm", name: name, want: want, inPlace: true, run: x.rmsNorm})
	b.add(example{op: "RMSNormGrad", name: name, want: grads, run: x.rmsNormGrad})
}

func (x norm) rmsNorm(e *env) {
	dst, in := e.over(x.x, x.m, x.n)
	rrms, gamma := e.out(x.m), e.in(x.gamma, x.n)
	for _, s := range e.spans(x.m) {
		e.RMSNorm(s.rows(dst), s.rows(rrms), s.rows(in), gamma, eps)
	}
}

func (x norm) rmsNormGrad(e *env) {
	dx, dgamma, dy, in := e.out(x.m, x.n), e.out(x.n), e.in(x.dy, x.m, x.n), e.in(x.x, x.m, x.n)
	rrms, gamma := e.in(x.rstd, x.m), e.in(x.gamma, x.n)
	if !e.pieces {
		e.RMSNormGrad(dx, dgamma, dy, in, rrms, gamma)
		return
	}
	e.RMSNormGrad(nil, dgamma, dy, in, rrms, gamma)
	for _, s := range e.spans(x.m) {
		e.RMSNormGrad(s.rows(dx), nil, s.rows(dy), s.rows(in), s.rows(rrms), gamma)
	}
}
