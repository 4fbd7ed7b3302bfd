package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func training(s *suite) { s.method("AdamW", testAdamW) }

// adamw is the parameters and moments before a step.
type adamw struct{ p, m, v, grad []float32 }

func (a adamw) run(k kernel.AdamW) func(c *call) {
	return func(c *call) {
		p, m, v, grad := change(c, a.p), change(c, a.m), change(c, a.v), read(c, a.grad)
		for _, s := range c.spans(len(p), 1) {
			c.AdamW(p[s.from:s.to], m[s.from:s.to], v[s.from:s.to], grad[s.from:s.to], &k)
		}
	}
}

func testAdamW(o *op) {
	for _, n := range lengths {
		step := 1 + o.IntN(100)
		k := kernel.AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, GradScale: o.Float32()}
		k.Correction1 = float32(1 / (1 - math.Pow(float64(k.Beta1), float64(step))))
		k.Correction2 = float32(1 / (1 - math.Pow(float64(k.Beta2), float64(step))))
		a := adamw{Normal(o.Rand, n), Normal(o.Rand, n), Normal(o.Rand, n), Normal(o.Rand, n)}
		for i, v := range a.v {
			a.v[i] = v * v
		}
		hyper := ref.AdamW{LR: float64(k.LR), Beta1: float64(k.Beta1), Beta2: float64(k.Beta2), Eps: float64(k.Eps),
			WeightDecay: float64(k.WeightDecay), Step: step}
		p, m, v := hyper.Update(ref.Float64(a.p), ref.Float64(a.m), ref.Float64(a.v), ref.Scale(float64(k.GradScale), ref.Float64(a.grad)))
		name := fmt.Sprintf("%d numbers, step %d", n, step)
		o.check(example{name: name, run: a.run(k), want: []Judge{Near(p, 1e-6, 1), Near(m, 1e-6, 1), Near(v, 1e-6, 1)}})
		a = adamw{Sprinkle(o.Rand, a.p, 9), Sprinkle(o.Rand, a.m, 9), Sprinkle(o.Rand, a.v, 9), Sprinkle(o.Rand, a.grad, 9)}
		o.check(example{name: "special numbers, " + name, run: a.run(k)})
	}
}
