package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func losses(b *builder) {
	for _, g := range grids {
		for _, special := range []bool{false, true} {
			b.crossEntropy(g[0], g[1], special)
			b.softCrossEntropy(g[0], g[1], special)
			for f := compute.ForwardKL; f <= compute.JensenShannon; f++ {
				b.divergence(f, g[0], g[1], special)
			}
			b.squaredError(g[0], g[1], special)
		}
		b.twoHot(g[0], g[1])
	}
}

// loss adds examples with and without the gradient. f computes those of the rows
// s of the operands.
func (b *builder) loss(op, name string, m, n int, want []conformance.Judge, start func(e *env) func(s span, loss, dx *compute.Tensor)) {
	b.add(example{op: op, name: name, want: want, run: func(e *env) {
		loss, dx, f := e.out(m), e.out(m, n), start(e)
		for _, s := range e.spans(m) {
			f(s, s.rows(loss), s.rows(dx))
		}
	}})
	b.add(example{op: op, name: name + ", no gradient", want: want[:min(1, len(want))], run: func(e *env) {
		loss, f := e.out(m), start(e)
		for _, s := range e.spans(m) {
			f(s, s.rows(loss), nil)
		}
	}})
}

const lossScale = 0.25

func (b *builder) lossJudges(special bool, loss, dx []float64, size float64) []conformance.Judge {
	if special {
		return nil
	}
	return []conformance.Judge{b.near(loss, size), b.near(ref.Scale(lossScale, dx), size)}
}

func lossName(m, n int, special bool) string {
	return fmt.Sprintf("%d by %d, special %t", m, n, special)
}

func (b *builder) crossEntropy(m, n int, special bool) {
	x, target := b.normal(m*n, special), conformance.Indices(b.Rand, m, n)
	ignore := -1
	for i := range target {
		if b.IntN(4) == 0 {
			target[i] = int32(ignore)
		}
	}
	loss, dx := ref.CrossEntropy(ref.Float64(x), target, n, int32(ignore)), ref.CrossEntropyGrad(ref.Float64(x), target, n, int32(ignore))
	want := b.lossJudges(special, loss, dx, 4)
	b.loss("CrossEntropy", lossName(m, n, special), m, n, want, func(e *env) func(s span, loss, dx *compute.Tensor) {
		x, target := e.in(x, m, n), e.in(target, m)
		return func(s span, loss, dx *compute.Tensor) {
			e.CrossEntropy(loss, dx, s.rows(x), s.rows(target), ignore, lossScale)
		}
	})
	b.add(example{op: "CrossEntropy", name: "over the logits, " + lossName(m, n, special), want: want, run: func(e *env) {
		loss, x := e.out(m), e.change(x, m, n)
		e.CrossEntropy(loss, x, x, e.in(target, m), ignore, lossScale)
	}})
}

func (b *builder) softCrossEntropy(m, n int, special bool) {
	x := b.normal(m*n, special)
	w := ref.Float32(ref.Softmax(ref.Float64(b.normal(m*n, false)), n, nil))
	loss, dx := ref.SoftCrossEntropy(ref.Float64(x), ref.Float64(w), n), ref.SoftCrossEntropyGrad(ref.Float64(x), ref.Float64(w), n)
	b.loss("SoftCrossEntropy", lossName(m, n, special), m, n, b.lossJudges(special, loss, dx, 4), func(e *env) func(s span, loss, dx *compute.Tensor) {
		x, w := e.in(x, m, n), e.in(w, m, n)
		return func(s span, loss, dx *compute.Tensor) { e.SoftCrossEntropy(loss, dx, s.rows(x), s.rows(w), lossScale) }
	})
}

func (b *builder) divergence(f compute.DivergenceOp, m, n int, special bool) {
	x, y := b.normal(m*n, special), b.normal(m*n, special)
	temperature := []float32{1, 2, 0.5}[b.IntN(3)]
	x64, y64, t64 := ref.Float64(x), ref.Float64(y), float64(temperature)
	want := b.lossJudges(special, ref.Divergence(f, x64, y64, n, t64), ref.DivergenceGrad(f, x64, y64, n, t64), 8)
	b.loss("Divergence", fmt.Sprintf("%d, %s", f, lossName(m, n, special)), m, n, want, func(e *env) func(s span, loss, dx *compute.Tensor) {
		x, y := e.in(x, m, n), e.in(y, m, n)
		return func(s span, loss, dx *compute.Tensor) {
			e.Divergence(f, loss, dx, s.rows(x), s.rows(y), temperature, lossScale)
		}
	})
}

func (b *builder) squaredError(m, n int, special bool) {
	x, y := b.normal(m*n, special), b.normal(m*n, special)
	loss, dx := ref.SquaredError(ref.Float64(x), ref.Float64(y), n), ref.SquaredErrorGrad(ref.Float64(x), ref.Float64(y))
	b.loss("SquaredError", lossName(m, n, special), m, n, b.lossJudges(special, loss, dx, 2), func(e *env) func(s span, loss, dx *compute.Tensor) {
		x, y := e.in(x, m, n), e.in(y, m, n)
		return func(s span, loss, dx *compute.Tensor) { e.SquaredError(loss, dx, s.rows(x), s.rows(y), lossScale) }
	})
}

// twoHot: bins a little apart, values within, outside, on them and no number.
func (b *builder) twoHot(m, n int) {
	bins, values := make([]float32, n), b.normal(m, false)
	for j := range bins {
		bins[j] = float32(j-n/2) * 0.37
	}
	for i := range values {
		switch b.IntN(4) {
		case 0:
			values[i] = bins[b.IntN(n)]
		case 1:
			values[i] *= 1e6
		}
	}
	want := ref.TwoHot(ref.Float64(values), ref.Float64(bins))
	if m > 1 {
		values[1] = float32(math.NaN())
		copy(want[n:2*n], repeat(math.NaN(), n))
	}
	b.add(example{op: "TwoHot", name: fmt.Sprintf("%d values, %d bins", m, n), want: []conformance.Judge{b.near(want, 4+float64(n)/8)}, run: func(e *env) {
		dst, values, bins := e.out(m, n), e.in(values, m), e.in(bins, n)
		for _, s := range e.spans(m) {
			e.TwoHot(s.rows(dst), s.rows(values), bins)
		}
	}})
}
