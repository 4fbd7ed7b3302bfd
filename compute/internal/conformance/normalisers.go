package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/ref"
)

const eps = 1e-5

func normalisers(s *suite) {
	s.method("Softmax", func(o *op) { testSoftmax(o, false) })
	s.method("LogSoftmax", func(o *op) { testSoftmax(o, true) })
	s.method("SoftmaxGrad", func(o *op) { testSoftmaxGrad(o, false) })
	s.method("LogSoftmaxGrad", func(o *op) { testSoftmaxGrad(o, true) })
	s.method("LayerNorm", testLayerNorm)
	s.method("LayerNormGrad", testLayerNormGrad)
	s.method("LayerNormParamGrad", testLayerNormParamGrad)
	s.method("RMSNorm", testRMSNorm)
	s.method("RMSNormGrad", testRMSNormGrad)
	s.method("RMSNormParamGrad", testRMSNormParamGrad)
}

// rows are shapes of at least one column.
func (o *op) rows() []span { return o.grids()[1:] }

// logits are rows of n, of which some are huge, not finite or all equal, and
// their mask, or nil.
func (o *op) logits(m, n int) (x []float32, mask []uint8) {
	x = Normal(o.Rand, m*n)
	for i := range m {
		row := x[i*n : (i+1)*n]
		switch o.IntN(6) {
		case 0:
			scaled(row, 1e30)
		case 1:
			scaled(row, 40)
		case 2:
			copy(row, Sprinkle(o.Rand, row, 1+n/2))
		case 3:
			scaled(row, 0)
		}
	}
	if o.chance() {
		mask = Mask(o.Rand, m*n)
		clear(mask[:n*o.IntN(2)]) // a row without any
	}
	return x, mask
}

func scaled(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}

func testSoftmax(o *op, logarithm bool) {
	for _, g := range append(o.rows(), o.rows()...) {
		m, n := g.from, g.to
		x, mask := o.logits(m, n)
		f, want := (*call).softmax, ref.Softmax
		if logarithm {
			f, want = (*call).logSoftmax, ref.LogSoftmax
		}
		o.check(example{name: fmt.Sprintf("%d by %d, mask %t", m, n, mask != nil), inPlace: true,
			want: []Judge{logitsNear(want(ref.Float64(x), n, mask))},
			run: func(c *call) {
				dst, in := over(c, x)
				mask := readOrNil(c, mask)
				for _, s := range c.spans(m, 1) {
					f(c, dst[s.from*n:s.to*n], in[0][s.from*n:s.to*n], n, piece(mask, s.from*n, s.to*n))
				}
			}})
	}
}

func (c *call) softmax(dst, x []float32, n int, mask []uint8)    { c.Softmax(dst, x, n, mask) }
func (c *call) logSoftmax(dst, x []float32, n int, mask []uint8) { c.LogSoftmax(dst, x, n, mask) }

// piece of a slice that may be nil.
func piece[T any](x []T, from, to int) []T {
	if x == nil {
		return nil
	}
	return x[from:to]
}

// logitsNear is near for each element: huge ones say nothing of the others.
func logitsNear(want []float64) Judge {
	return func(got any) error {
		for i, g := range got.([]float32) {
			if err := Within([]float64{float64(g)}, want[i:i+1], 1e-6, 1, math.MaxFloat32); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	}
}

func testSoftmaxGrad(o *op, logarithm bool) {
	for _, g := range o.rows() {
		m, n := g.from, g.to
		x, dy := Normal(o.Rand, m*n), Normal(o.Rand, m*n)
		var mask []uint8
		if o.chance() {
			mask = Mask(o.Rand, m*n)
		}
		forward, backward, scale := ref.Softmax, ref.SoftmaxGrad, 1.0
		if logarithm {
			forward, backward, scale = ref.LogSoftmax, ref.LogSoftmaxGrad, math.Sqrt(float64(n))
			for i := range dy { // sum(dy) is over what is in
				if mask != nil && mask[i] == 0 {
					dy[i] = 0
				}
			}
		}
		y := ref.Float32(forward(ref.Float64(x), n, mask))
		want := []Judge{Near(backward(ref.Float64(dy), ref.Float64(x), n, mask), 1e-6, scale)}
		name := fmt.Sprintf("%d by %d, mask %t", m, n, mask != nil)
		run := func(c *call) {
			dx, dy, y := write[float32](c, m*n), read(c, dy), read(c, y)
			for _, s := range c.spans(m, 1) {
				from, to := s.from*n, s.to*n
				if logarithm {
					c.LogSoftmaxGrad(dx[from:to], dy[from:to], y[from:to], n)
				} else {
					c.SoftmaxGrad(dx[from:to], dy[from:to], y[from:to], n)
				}
			}
		}
		o.check(example{name: name, want: want, run: run})
		dy, y = Sprinkle(o.Rand, dy, n+1), Sprinkle(o.Rand, y, n+1)
		o.check(example{name: "special numbers, " + name, run: run})
	}
}

// normInputs are rows for a norm and its backward pass.
type normInputs struct {
	m, n               int
	x, dy, gamma, beta []float32
}

func (o *op) normInputs(g span) normInputs {
	m, n := g.from, g.to
	return normInputs{m, n, Away(o.Rand, m*n), Normal(o.Rand, m*n), Normal(o.Rand, n), Normal(o.Rand, n)}
}

func (in normInputs) String() string { return fmt.Sprintf("%d by %d", in.m, in.n) }

// scale of the backward pass: a row of one number has no variance, and what
// cancels is multiplied by 1/sqrt(eps).
func (in normInputs) scale() float64 {
	if in.n == 1 {
		return 300
	}
	return 1
}

func (o *op) special(in normInputs) normInputs {
	in.x, in.dy = Sprinkle(o.Rand, in.x, in.n+1), Sprinkle(o.Rand, in.dy, in.n+1)
	in.gamma, in.beta = Sprinkle(o.Rand, in.gamma, 9), Sprinkle(o.Rand, in.beta, 9)
	return in
}

func testLayerNorm(o *op) {
	for _, g := range o.rows() {
		in := o.normInputs(g)
		y, mean, rstd := ref.LayerNorm(ref.Float64(in.x), ref.Float64(in.gamma), ref.Float64(in.beta), in.n, eps)
		o.check(example{name: in.String(), run: in.layerNorm, inPlace: true,
			want: []Judge{Near(y, 1e-6, 1), Near(mean, 1e-6, 1), Near(rstd, 1e-6, 0)}})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.layerNorm, inPlace: true})
	}
}

func (in normInputs) layerNorm(c *call) {
	n := in.n
	dst, x := over(c, in.x)
	mean, rstd, gamma, beta := write[float32](c, in.m), write[float32](c, in.m), read(c, in.gamma), read(c, in.beta)
	for _, s := range c.spans(in.m, 1) {
		c.LayerNorm(dst[s.from*n:s.to*n], mean[s.from:s.to], rstd[s.from:s.to], x[0][s.from*n:s.to*n], gamma, beta, n, eps)
	}
}

func testLayerNormGrad(o *op) {
	for _, g := range o.rows() {
		in := o.normInputs(g)
		_, mean, rstd := ref.LayerNorm(ref.Float64(in.x), ref.Float64(in.gamma), ref.Float64(in.beta), in.n, eps)
		want, _, _ := ref.LayerNormGrad(ref.Float64(in.dy), ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		o.check(example{name: in.String(), want: []Judge{Near(want, 1e-6, in.scale())},
			run: in.layerNormGrad(ref.Float32(mean), ref.Float32(rstd))})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.layerNormGrad(ref.Float32(mean), ref.Float32(rstd))})
	}
}

func (in normInputs) layerNormGrad(mean, rstd []float32) func(c *call) {
	n := in.n
	return func(c *call) {
		dx, dy, x := write[float32](c, in.m*n), read(c, in.dy), read(c, in.x)
		mean, rstd, gamma := read(c, mean), read(c, rstd), read(c, in.gamma)
		for _, s := range c.spans(in.m, 1) {
			from, to := s.from*n, s.to*n
			c.LayerNormGrad(dx[from:to], dy[from:to], x[from:to], mean[s.from:s.to], rstd[s.from:s.to], gamma, n)
		}
	}
}

func testLayerNormParamGrad(o *op) {
	for _, g := range append(o.rows(), span{31, 40}, span{32, 40}, span{33, 64}, span{257, 100}) {
		in := o.normInputs(g)
		_, mean, rstd := ref.LayerNorm(ref.Float64(in.x), ref.Float64(in.gamma), ref.Float64(in.beta), in.n, eps)
		_, dgamma, dbeta := ref.LayerNormGrad(ref.Float64(in.dy), ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		scale := math.Sqrt(float64(in.m))
		o.check(example{name: in.String(), want: []Judge{Near(dgamma, 1e-6, scale), Near(dbeta, 1e-6, scale)},
			run: in.layerNormParamGrad(ref.Float32(mean), ref.Float32(rstd))})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.layerNormParamGrad(ref.Float32(mean), ref.Float32(rstd))})
	}
}

func (in normInputs) layerNormParamGrad(mean, rstd []float32) func(c *call) {
	return func(c *call) {
		dgamma, dbeta, dy, x := write[float32](c, in.n), write[float32](c, in.n), read(c, in.dy), read(c, in.x)
		mean, rstd := read(c, mean), read(c, rstd)
		for _, s := range c.spans(in.n, 1) {
			c.LayerNormParamGrad(dgamma[s.from:s.to], dbeta[s.from:s.to], dy, x, mean, rstd, in.m, in.n, s.from, s.to)
		}
	}
}

func testRMSNorm(o *op) {
	for _, g := range o.rows() {
		in := o.normInputs(g)
		y, rrms := ref.RMSNorm(ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		o.check(example{name: in.String(), run: in.rmsNorm, inPlace: true, want: []Judge{Near(y, 1e-6, 1), Near(rrms, 1e-6, 0)}})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.rmsNorm, inPlace: true})
	}
}

func (in normInputs) rmsNorm(c *call) {
	n := in.n
	dst, x := over(c, in.x)
	rrms, gamma := write[float32](c, in.m), read(c, in.gamma)
	for _, s := range c.spans(in.m, 1) {
		c.RMSNorm(dst[s.from*n:s.to*n], rrms[s.from:s.to], x[0][s.from*n:s.to*n], gamma, n, eps)
	}
}

func testRMSNormGrad(o *op) {
	for _, g := range o.rows() {
		in := o.normInputs(g)
		_, rrms := ref.RMSNorm(ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		want, _ := ref.RMSNormGrad(ref.Float64(in.dy), ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		o.check(example{name: in.String(), run: in.rmsNormGrad(ref.Float32(rrms)), want: []Judge{Near(want, 1e-6, 1)}})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.rmsNormGrad(ref.Float32(rrms))})
	}
}

func (in normInputs) rmsNormGrad(rrms []float32) func(c *call) {
	n := in.n
	return func(c *call) {
		dx, dy, x, rrms, gamma := write[float32](c, in.m*n), read(c, in.dy), read(c, in.x), read(c, rrms), read(c, in.gamma)
		for _, s := range c.spans(in.m, 1) {
			from, to := s.from*n, s.to*n
			c.RMSNormGrad(dx[from:to], dy[from:to], x[from:to], rrms[s.from:s.to], gamma, n)
		}
	}
}

func testRMSNormParamGrad(o *op) {
	for _, g := range append(o.rows(), span{31, 40}, span{32, 40}, span{33, 64}, span{257, 100}) {
		in := o.normInputs(g)
		_, rrms := ref.RMSNorm(ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		_, dgamma := ref.RMSNormGrad(ref.Float64(in.dy), ref.Float64(in.x), ref.Float64(in.gamma), in.n, eps)
		o.check(example{name: in.String(), run: in.rmsNormParamGrad(ref.Float32(rrms)),
			want: []Judge{Near(dgamma, 1e-6, math.Sqrt(float64(in.m)))}})
		in = o.special(in)
		o.check(example{name: "special numbers, " + in.String(), run: in.rmsNormParamGrad(ref.Float32(rrms))})
	}
}

func (in normInputs) rmsNormParamGrad(rrms []float32) func(c *call) {
	return func(c *call) {
		dgamma, dy, x, rrms := write[float32](c, in.n), read(c, in.dy), read(c, in.x), read(c, rrms)
		for _, s := range c.spans(in.n, 1) {
			c.RMSNormParamGrad(dgamma[s.from:s.to], dy, x, rrms, in.m, in.n, s.from, s.to)
		}
	}
}
