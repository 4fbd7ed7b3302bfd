package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func elementwise(b *builder) {
	for f := compute.Neg; f <= compute.SiLU; f++ {
		for _, n := range []int{0, 1, 33, 40000} {
			b.unary(f, n)
		}
	}
	for f := compute.Add; f <= compute.Min; f++ {
		b.binary(f)
	}
	for _, n := range []int{0, 1, 33, 40000} {
		b.mixtures(n)
	}
}

// normal is n numbers, or with special some that are not.
func (b *builder) normal(n int, special bool) []float32 {
	x := conformance.Normal(b.Rand, n)
	if special {
		x = conformance.Sprinkle(b.Rand, x, 5)
	}
	return x
}

// nearUnless judges results of special operands by their bits alone.
func (b *builder) nearUnless(special bool, want []float64, scale float64) []conformance.Judge {
	if special {
		return nil
	}
	return []conformance.Judge{b.near(want, scale)}
}

func (b *builder) unary(f compute.UnaryOp, n int) {
	for _, special := range []bool{false, true} {
		x, dy := conformance.Away(b.Rand, n), b.normal(n, special)
		for i := range x {
			if f == compute.Sqrt || f == compute.Log {
				x[i] = float32(math.Abs(float64(x[i])))
			}
		}
		if special {
			x = conformance.Sprinkle(b.Rand, x, 3)
		}
		y := ref.Unary(f, ref.Float64(x))
		name := fmt.Sprintf("function %d of %d numbers, special %t", f, n, special)
		b.add(example{op: "Unary", name: name, inPlace: true, want: b.nearUnless(special, y, 1), run: func(e *env) {
			dst, in := e.over(x, n)
			for _, s := range e.spans(n) {
				e.Unary(f, s.rows(dst), s.rows(in))
			}
		}})
		grad := ref.UnaryGrad(f, ref.Float64(dy), ref.Float64(x))
		b.add(example{op: "UnaryGrad", name: name, inPlace: true, want: b.nearUnless(special, grad, 4), run: func(e *env) {
			dst, dy := e.over(dy, n)
			var xs, ys *compute.Tensor // what the derivative is a function of
			switch f {
			case compute.Sqrt, compute.Reciprocal, compute.Exp, compute.Tanh, compute.Sigmoid:
				ys = e.in(ref.Float32(y), n)
			default:
				xs = e.in(x, n)
			}
			for _, s := range e.spans(n) {
				e.UnaryGrad(f, s.rows(dst), s.rows(dy), s.rows(xs), s.rows(ys))
			}
		}})
	}
}

// binary has the second operand of the same shape, a row, a column, a scalar or
// the last axes.
func (b *builder) binary(f compute.BinaryOp) {
	const l, m, n = 3, 7, 33
	for _, shape := range [][]int{{l, m, n}, {n}, {m, n}, {l, m, 1}, {1}, {1, 1, 1}} {
		for _, special := range []bool{false, true} {
			x, y := b.normal(l*m*n, special), b.normal(product(shape), special)
			wide := make([]float64, l*m*n)
			for i := range wide {
				switch {
				case shape[len(shape)-1] != 1:
					wide[i] = float64(y[i%len(y)])
				case len(y) == 1:
					wide[i] = float64(y[0])
				default:
					wide[i] = float64(y[i/n])
				}
			}
			want := b.nearUnless(special, ref.Binary(f, ref.Float64(x), wide), 0)
			b.add(example{op: "Binary", name: fmt.Sprintf("function %d, %v, special %t", f, shape, special), want: want, inPlace: true,
				run: func(e *env) {
					dst, a := e.over(x, l, m, n)
					e.Binary(f, dst, a, e.in(y, shape...))
				}})
		}
	}
	x := b.normal(1000, false)
	want := ref.Binary(f, ref.Float64(x), ref.Columns([]float64{1.5}, 1000))
	b.add(example{op: "BinaryScalar", name: fmt.Sprintf("function %d", f), want: []conformance.Judge{b.near(want, 0)}, inPlace: true,
		run: func(e *env) {
			dst, a := e.over(x, 1000)
			for _, s := range e.spans(1000) {
				e.BinaryScalar(f, s.rows(dst), s.rows(a), 1.5)
			}
		}})
}

func (b *builder) mixtures(n int) {
	x, y, cond := b.normal(n, false), b.normal(n, false), conformance.Mask(b.Rand, n)
	name := fmt.Sprintf("%d numbers", n)
	want := ref.AXPBY(0.3, ref.Float64(x), -1.7, ref.Float64(y))
	b.add(example{op: "AXPBY", name: name, want: []conformance.Judge{b.near(want, 2)}, inPlace: true, run: func(e *env) {
		dst, x := e.over(x, n)
		y := e.in(y, n)
		for _, s := range e.spans(n) {
			e.AXPBY(s.rows(dst), 0.3, s.rows(x), -1.7, s.rows(y))
		}
	}})
	chosen := ref.Float32(ref.Where(cond, ref.Float64(x), ref.Float64(y)))
	b.add(example{op: "Where", name: name, want: []conformance.Judge{conformance.Exactly(chosen)}, inPlace: true, run: func(e *env) {
		dst, x := e.over(x, n)
		cond, y := e.in(cond, n), e.in(y, n)
		for _, s := range e.spans(n) {
			e.Where(s.rows(dst), s.rows(cond), s.rows(x), s.rows(y))
		}
	}})
	r := compute.Random{Seed: b.Uint64(), Counter: b.Uint64(), Offset: 1<<32 - 2}
	for _, p := range []float32{0, 0.1, 0.75} {
		kept := ref.Dropout(ref.Float64(x), float64(p), 1/(1-float64(p)), halves(r.Seed), r.Offset, halves(r.Counter)[0], halves(r.Counter)[1])
		b.add(example{op: "Dropout", name: fmt.Sprint(name, p), want: []conformance.Judge{b.near(kept, 1)}, inPlace: true, run: func(e *env) {
			dst, x := e.over(x, n)
			e.Dropout(dst, x, p, r)
		}})
	}
}

func halves(x uint64) [2]uint32 { return [2]uint32{uint32(x), uint32(x >> 32)} }
