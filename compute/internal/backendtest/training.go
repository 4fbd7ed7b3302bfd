package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func training(b *builder) {
	for _, n := range []int{0, 1, 33, 40000} {
		for _, scale := range []float32{0, 0.5} {
			b.adamW(n, scale)
		}
	}
	for _, sizes := range [][]int{nil, {1}, {33, 0, 7}, {70000, 5, 1000}} {
		b.globalNorm(sizes)
	}
	for _, g := range grids {
		for _, temperature := range []float32{0, 1, 0.7} {
			for _, k := range []int{0, 1, 3} {
				b.sample(g[0], g[1], temperature, k)
			}
		}
	}
}

func (b *builder) adamW(n int, gradScale float32) {
	p, m, v, g := b.normal(n, false), b.normal(n, false), b.normal(n, false), b.normal(n, false)
	for i := range v {
		v[i] *= v[i]
	}
	o := compute.AdamWOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, Step: 1 + b.IntN(50), GradScale: gradScale}
	hyper := ref.AdamW{LR: float64(o.LR), Beta1: float64(o.Beta1), Beta2: float64(o.Beta2), Eps: float64(o.Eps),
		WeightDecay: float64(o.WeightDecay), Step: o.Step}
	scaled := ref.Float64(g)
	if gradScale != 0 {
		scaled = ref.Scale(float64(gradScale), scaled)
	}
	wantP, wantM, wantV := hyper.Update(ref.Float64(p), ref.Float64(m), ref.Float64(v), scaled)
	b.add(example{op: "AdamW", name: fmt.Sprintf("%d numbers, scale %v", n, gradScale), run: func(e *env) {
		p, m, v, g := e.change(p, n), e.change(m, n), e.change(v, n), e.in(g, n)
		for _, s := range e.spans(n) {
			e.AdamW(s.rows(p), s.rows(m), s.rows(v), s.rows(g), o)
		}
	}, want: []conformance.Judge{b.near(wantP, 1), b.near(wantM, 1), b.near(wantV, 1)}})
}

func (b *builder) globalNorm(sizes []int) {
	var xs [][]float32
	var wide [][]float64
	for _, n := range sizes {
		x := b.normal(n, false)
		xs, wide = append(xs, x), append(wide, ref.Float64(x))
	}
	want := []float64{ref.GlobalNorm(wide...)}
	b.add(example{op: "GlobalNorm", name: fmt.Sprint(sizes), want: []conformance.Judge{conformance.Near(want, max(b.rel/1e6, 1e-13), 0)}, run: func(e *env) {
		norm := e.outOf(compute.F64, 1)
		var ts []*compute.Tensor
		for _, x := range xs {
			ts = append(ts, e.in(x, len(x)))
		}
		if err := norm.CopyFrom([]float64{e.GlobalNorm(ts)}); err != nil {
			panic(err)
		}
	}})
}

// sample: a token may be another one whose score is as good as the best to the
// rounding of float32, if it is among the k greatest logits.
func (b *builder) sample(m, n int, temperature float32, k int) {
	x := b.normal(m*n, false)
	o := compute.SampleOptions{Temperature: temperature, TopK: k, Seed: b.Uint64()}
	for range m {
		o.IDs, o.Steps = append(o.IDs, b.Uint64()), append(o.Steps, b.Uint32())
	}
	invT := 0.0
	if temperature > 0 {
		invT = 1 / float64(temperature)
	}
	judge := func(got any) error {
		for i, token := range got.([]int32) {
			row := ref.Float64(x[i*n : (i+1)*n])
			scores := ref.GumbelScores(row, invT, ref.Draw{Key: halves(o.Seed), ID: o.IDs[i], Step: o.Steps[i]})
			candidates := repeat(true, n)
			if k > 0 {
				candidates = make([]bool, n)
				for _, j := range ref.TopK(row, n, k)[0] {
					candidates[j] = true
				}
			}
			top := math.Inf(-1)
			for j, s := range scores {
				if candidates[j] {
					top = max(top, s)
				}
			}
			if token < 0 || int(token) >= n || !candidates[token] || scores[token] < top-1e-5*(1+math.Abs(top)) {
				return fmt.Errorf("row %d: token %d is not the best", i, token)
			}
		}
		return nil
	}
	b.add(example{op: "Sample", name: fmt.Sprintf("%d by %d, temperature %v, top %d", m, n, temperature, k), want: []conformance.Judge{judge}, run: func(e *env) {
		tokens, x := e.outOf(compute.I32, m), e.in(x, m, n)
		for _, s := range e.spans(m) {
			o := o
			o.IDs, o.Steps = o.IDs[s.from:s.to], o.Steps[s.from:s.to]
			e.Sample(s.rows(tokens), s.rows(x), o)
		}
	}})
}
