package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func losses(s *suite) {
	s.method("CrossEntropy", testCrossEntropy)
	s.method("SoftCrossEntropy", testSoftCrossEntropy)
	s.method("Divergence", testDivergence)
	s.method("SquaredError", testSquaredError)
}

// lossCall computes the losses of m rows of n, and their gradients if with is
// true. f is given the slices of the rows s, of dx nil if it is left out.
func lossCall(c *call, m, n int, with bool, f func(loss, dx []float32, s span)) {
	loss := write[float32](c, m)
	var dx []float32
	if with {
		dx = write[float32](c, m*n)
	}
	for _, s := range c.spans(m, 1) {
		f(loss[s.from:s.to], piece(dx, s.from*n, s.to*n), s)
	}
}

// bothLosses checks a loss with and without its gradient.
func (o *op) bothLosses(name string, want []Judge, run func(with bool) func(c *call)) {
	o.check(example{name: name, want: want, run: run(true)})
	if len(want) > 0 {
		want = want[:1]
	}
	o.check(example{name: name + ", no gradient", want: want, run: run(false)})
}

func (o *op) someLogits(n int) []float32 {
	x := Normal(o.Rand, n)
	scaled(x, []float32{1, 1, 10, 100}[o.IntN(4)])
	return x
}

// size of the greatest number, which bounds the error of a shifted logarithm.
func size(x []float32) float64 {
	most := 1.0
	for _, v := range x {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}

func testCrossEntropy(o *op) {
	for _, g := range o.rows() {
		m, n := g.from, g.to
		x, target, ignore, scale := o.someLogits(m*n), Indices(o.Rand, m, n), int32(-100), o.Float32()
		if o.chance() {
			ignore = 0
		}
		for i := range target {
			if o.IntN(4) == 0 {
				target[i] = ignore
			}
		}
		dx := ref.Scale(float64(scale), ref.CrossEntropyGrad(ref.Float64(x), target, n, ignore))
		want := []Judge{Near(ref.CrossEntropy(ref.Float64(x), target, n, ignore), 1e-6, size(x)), Near(dx, 1e-6, 1)}
		run := func(with bool) func(c *call) {
			return func(c *call) {
				x, target := read(c, x), read(c, target)
				lossCall(c, m, n, with, func(loss, dx []float32, s span) {
					c.CrossEntropy(loss, dx, x[s.from*n:s.to*n], target[s.from:s.to], n, ignore, scale)
				})
			}
		}
		name := fmt.Sprintf("%d by %d, ignore %d", m, n, ignore)
		o.bothLosses(name, want, run)
		x = Sprinkle(o.Rand, x, n+1)
		o.bothLosses("special numbers, "+name, nil, run)
	}
}

func testSoftCrossEntropy(o *op) {
	for _, g := range o.rows() {
		m, n := g.from, g.to
		x, scale := o.someLogits(m*n), o.Float32()
		w := ref.Float32(ref.Softmax(ref.Float64(Normal(o.Rand, m*n)), n, Mask(o.Rand, m*n)))
		dx := ref.Scale(float64(scale), ref.SoftCrossEntropyGrad(ref.Float64(x), ref.Float64(w), n))
		want := []Judge{Near(ref.SoftCrossEntropy(ref.Float64(x), ref.Float64(w), n), 1e-6, size(x)), Near(dx, 1e-6, 1)}
		run := func(with bool) func(c *call) {
			return func(c *call) {
				x, w := read(c, x), read(c, w)
				lossCall(c, m, n, with, func(loss, dx []float32, s span) {
					c.SoftCrossEntropy(loss, dx, x[s.from*n:s.to*n], w[s.from*n:s.to*n], n, scale)
				})
			}
		}
		name := fmt.Sprintf("%d by %d", m, n)
		o.bothLosses(name, want, run)
		x, w = Sprinkle(o.Rand, x, n+1), Sprinkle(o.Rand, w, n+1)
		o.bothLosses("special numbers, "+name, nil, run)
	}
}

func testDivergence(o *op) {
	for f := kernel.ForwardKL; f <= kernel.JensenShannon; f++ {
		for _, g := range o.rows() {
			m, n := g.from, g.to
			x, y, scale := o.someLogits(m*n), o.someLogits(m*n), o.Float32()
			invT := []float32{1, 0.5, 2}[o.IntN(3)]
			x64, y64 := ref.Float64(x), ref.Float64(y)
			dx := ref.Scale(float64(scale), ref.DivergenceGrad(f, x64, y64, n, 1/float64(invT)))
			terms := float64(invT) * max(size(x), size(y))
			want := []Judge{Near(ref.Divergence(f, x64, y64, n, 1/float64(invT)), 1e-6, terms), Near(dx, 1e-6, terms*terms)}
			run := func(with bool) func(c *call) {
				return func(c *call) {
					x, y := read(c, x), read(c, y)
					lossCall(c, m, n, with, func(loss, dx []float32, s span) {
						c.Divergence(f, loss, dx, x[s.from*n:s.to*n], y[s.from*n:s.to*n], n, invT, scale)
					})
				}
			}
			name := fmt.Sprintf("divergence %d of %d by %d, 1/T %v", f, m, n, invT)
			o.bothLosses(name, want, run)
			x, y = Sprinkle(o.Rand, x, n+1), Sprinkle(o.Rand, y, n+1)
			o.bothLosses("special numbers, "+name, nil, run)
		}
	}
}

func testSquaredError(o *op) {
	for _, g := range o.rows() {
		m, n := g.from, g.to
		x, y, scale := Normal(o.Rand, m*n), Normal(o.Rand, m*n), o.Float32()
		x64, y64 := ref.Float64(x), ref.Float64(y)
		dx := ref.Scale(float64(scale), ref.SquaredErrorGrad(x64, y64))
		want := []Judge{Near(ref.SquaredError(x64, y64, n), 1e-6, 0), Near(dx, 1e-6, 1)}
		run := func(with bool) func(c *call) {
			return func(c *call) {
				x, y := read(c, x), read(c, y)
				lossCall(c, m, n, with, func(loss, dx []float32, s span) {
					c.SquaredError(loss, dx, x[s.from*n:s.to*n], y[s.from*n:s.to*n], n, scale)
				})
			}
		}
		name := fmt.Sprintf("%d by %d", m, n)
		o.bothLosses(name, want, run)
		x, y = Sprinkle(o.Rand, x, n+1), Sprinkle(o.Rand, y, n+1)
		o.bothLosses("special numbers, "+name, nil, run)
	}
}
