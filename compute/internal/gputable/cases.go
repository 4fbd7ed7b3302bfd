package main

import "github.com/chimera-1/chimera/compute"

// cases are the operations of the table.
func cases() []bench {
	var all []bench
	all = append(all, products()...)
	all = append(all, streams()...)
	all = append(all, rowsAndLosses()...)
	return append(all, attention()...)
}

func matMul(name string, fast bool, dtype compute.DType, shapes ...[]int) []bench {
	var all []bench
	for _, s := range shapes {
		all = append(all, bench{name: name, small: []int{65, 70, 33}, large: s, fast: fast, setup: func(m *maker, s []int) task {
			a, w, y := m.random(s[0], s[2]), m.random(s[2], s[1]), m.zeros(s[0], s[1])
			p := m.keep(m.d.NewPacked(dtype, s[2], s[1]))
			pack := m.d.Backend(ctx)
			pack.Pack(p, w, false)
			return task{
				run: func(b compute.Backend) { b.MatMul(y, a, p, compute.MatMulOptions{}) },
				out: y, flops: 2 * float64(s[0]) * float64(s[1]) * float64(s[2]),
			}
		}})
	}
	return all
}

func products() []bench {
	// Decode of 128 sequences, of 1024; square.
	shapes := [][]int{{128, 512, 512}, {128, 2048, 512}, {1024, 2048, 512}, {4096, 4096, 4096}}
	all := matMul("product float32", false, compute.F32, shapes...)
	all = append(all, matMul("product TF32", true, compute.F32, shapes...)...)
	return append(all, matMul("product bfloat16", true, compute.BF16, shapes...)...)
}

// stream is an operation bound by memory over n elements with so many operands.
func stream(name string, operands int, op func(b compute.Backend, x []*compute.Tensor)) bench {
	return bench{name: name, small: []int{1000}, large: []int{1 << 26}, setup: func(m *maker, s []int) task {
		x := make([]*compute.Tensor, operands)
		for i := range x {
			x[i] = m.random(s...)
		}
		return task{run: func(b compute.Backend) { op(b, x) }, out: x[0], bytes: float64(operands) * 4 * float64(s[0])}
	}}
}

func streams() []bench {
	adamW := stream("AdamW", 4, func(b compute.Backend, x []*compute.Tensor) {
		b.AdamW(x[0], x[1], x[2], x[3], compute.AdamWOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1, Step: 1})
	})
	inner := adamW.setup
	adamW.setup = func(m *maker, s []int) task {
		t := inner(m, s)
		t.bytes *= 7.0 / 4 // three of the four are written too
		// The second moment is no square root of a negative number.
		m.d.Backend(ctx).Unary(compute.Square, m.made[2], m.made[2])
		return t
	}
	return []bench{
		stream("copy", 2, func(b compute.Backend, x []*compute.Tensor) { b.Copy(x[0], x[1]) }),
		stream("add", 3, func(b compute.Backend, x []*compute.Tensor) { b.Binary(compute.Add, x[0], x[1], x[2]) }),
		stream("GELU", 2, func(b compute.Backend, x []*compute.Tensor) { b.Unary(compute.GELU, x[0], x[1]) }),
		adamW,
		{name: "permute", small: []int{5, 33, 65}, large: []int{64, 1024, 1024}, setup: func(m *maker, s []int) task {
			x, y := m.random(s...), m.zeros(s[0], s[2], s[1])
			axes := []int{0, 2, 1}
			return task{run: func(b compute.Backend) { b.Permute(y, x, axes) }, out: y, bytes: 8 * float64(product(s))}
		}},
	}
}

// rowWise is an operation over rows [m,n] that reads and writes so many times
// the elements.
func rowWise(name string, passes float64, op func(m *maker, x, y *compute.Tensor) (func(b compute.Backend), *compute.Tensor)) bench {
	return bench{name: name, small: []int{37, 130}, large: []int{16384, 1024}, setup: func(m *maker, s []int) task {
		run, out := op(m, m.random(s...), m.random(s...))
		return task{run: run, out: out, bytes: passes * 4 * float64(product(s))}
	}}
}

func rowsAndLosses() []bench {
	return []bench{
		rowWise("softmax", 2, func(_ *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			return func(b compute.Backend) { b.Softmax(y, x, nil) }, y
		}),
		rowWise("layer norm", 2, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			mean, rstd, gamma, beta := m.zeros(x.Dim(0)), m.zeros(x.Dim(0)), m.random(x.Dim(1)), m.random(x.Dim(1))
			return func(b compute.Backend) { b.LayerNorm(y, mean, rstd, x, gamma, beta, 1e-5) }, y
		}),
		rowWise("layer norm gradient", 5, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			mean, rstd, gamma := m.random(x.Dim(0)), m.random(x.Dim(0)), m.random(x.Dim(1))
			dx, dgamma, dbeta := m.zeros(x.Shape()...), m.zeros(x.Dim(1)), m.zeros(x.Dim(1))
			return func(b compute.Backend) { b.LayerNormGrad(dx, dgamma, dbeta, y, x, mean, rstd, gamma) }, dgamma
		}),
		rowWise("sum of columns", 1, func(m *maker, x, _ *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			sum := m.zeros(x.Dim(1))
			return func(b compute.Backend) { b.Reduce(compute.ReduceSum, sum, x, 0) }, sum
		}),
		rowWise("cross-entropy with gradient", 2, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			target, loss := m.indices(x.Dim(1), x.Dim(0)), m.zeros(x.Dim(0))
			return func(b compute.Backend) { b.CrossEntropy(loss, y, x, target, -1, 1) }, y
		}),
		rowWise("KL with gradient", 3, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			dx, loss := m.zeros(x.Shape()...), m.zeros(x.Dim(0))
			return func(b compute.Backend) { b.Divergence(compute.ForwardKL, loss, dx, x, y, 2, 1) }, dx
		}),
		rowWise("top 40", 1, func(m *maker, x, _ *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			v, idx := m.zeros(x.Dim(0), 40), m.indices(1, x.Dim(0), 40)
			return func(b compute.Backend) { b.TopK(v, idx, x) }, idx
		}),
		rowWise("sample", 1, func(m *maker, x, _ *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			n := x.Dim(0)
			tokens := m.indices(1, n)
			o := compute.SampleOptions{Temperature: 1, Seed: 3, IDs: make([]uint64, n), Steps: make([]uint32, n)}
			for i := range o.IDs {
				o.IDs[i] = uint64(i)
			}
			return func(b compute.Backend) { b.Sample(tokens, x, o) }, tokens
		}),
		rowWise("gather", 2, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			idx := m.indices(x.Dim(0), x.Dim(0))
			return func(b compute.Backend) { b.Gather(y, x, idx) }, y
		}),
		rowWise("scatter-add", 3, func(m *maker, x, y *compute.Tensor) (func(compute.Backend), *compute.Tensor) {
			idx := m.indices(y.Dim(0), x.Dim(0))
			return func(b compute.Backend) { b.ScatterAdd(y, idx, x) }, y
		}),
		{name: "Gram", small: []int{70, 33}, large: []int{8192, 1024}, setup: func(m *maker, s []int) task {
			x, g := m.random(s...), m.keep(m.d.New(compute.F64, s[1], s[1]))
			return task{run: func(b compute.Backend) { b.Gram(g, x, false) }, out: g, flops: float64(s[0]) * float64(s[1]) * float64(s[1])}
		}},
		{name: "k-means assignment", small: []int{70, 33, 5}, large: []int{65536, 128, 256}, setup: func(m *maker, s []int) task {
			x, c, idx, dist := m.random(s[0], s[1]), m.random(s[2], s[1]), m.indices(1, s[0]), m.zeros(s[0])
			return task{run: func(b compute.Backend) { b.KMeansAssign(idx, dist, x, c) }, out: dist, flops: 3 * float64(product(s))}
		}},
	}
}
