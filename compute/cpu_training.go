package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

type adamWOp struct {
	set        kernel.Set
	p, m, v, g []float32
	k          kernel.AdamW
}

func (o *adamWOp) span(lo, hi, _ int) {
	o.set.AdamW(o.p[lo:hi], o.m[lo:hi], o.v[lo:hi], o.g[lo:hi], &o.k)
}

// constants are the numbers of a step of AdamW, each rounded once to float32.
func (o AdamWOptions) constants() kernel.AdamW {
	k := kernel.AdamW{
		LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay, GradScale: o.GradScale,
		Correction1: float32(1 / (1 - power(float64(o.Beta1), o.Step))),
		Correction2: float32(1 / (1 - power(float64(o.Beta2), o.Step))),
	}
	if k.GradScale == 0 {
		k.GradScale = 1
	}
	return k
}

// power is x^n by squaring, the same on every architecture, which math.Pow is not.
func power(x float64, n int) float64 {
	y := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			y = float64(y * x)
		}
		x = float64(x * x)
	}
	return y
}

func (b *cpuBackend) AdamW(p, m, v, g *Tensor, o AdamWOptions) {
	checkAdamW(b.dev, p, m, v, g, o)
	b.ops.adamW = adamWOp{b.set, p.Float32s(), m.Float32s(), v.Float32s(), g.Float32s(), o.constants()}
	b.all(&b.ops.adamW, p.len, 2)
}

// squaresBlock is the number of elements whose squares are summed at once; the
// sums of blocks are added in ascending order.
const squaresBlock = 65536

type squaresOp struct {
	set  kernel.Set
	x    []float32
	sums []float64
}

func (o *squaresOp) span(lo, hi, _ int) {
	for i := lo; i < hi; i++ {
		o.sums[i] = o.set.SumSquares64(o.x[i*squaresBlock : min((i+1)*squaresBlock, len(o.x))])
	}
}

func (b *cpuBackend) GlobalNorm(xs []*Tensor) float64 {
	checkNormOf(b.dev, xs)
	if !b.begin() {
		return 0
	}
	defer b.end()
	o := &b.ops.squares
	total := 0.0
	for _, x := range xs {
		blocks := (x.len + squaresBlock - 1) / squaresBlock
		if cap(o.sums) < blocks {
			o.sums = make([]float64, blocks)
		}
		o.set, o.x, o.sums = b.set, x.Float32s(), o.sums[:blocks]
		b.over(o, blocks, squaresBlock/2)
		for _, s := range o.sums {
			total += s
		}
	}
	if b.err != nil {
		return 0
	}
	return math.Sqrt(total)
}

type sampleOp struct {
	set    kernel.Set
	tokens []int32
	x      []float32
	n, k   int
	invT   float32
	opt    SampleOptions
	top    topKOp
	floors []float32
	best   []float32 // k a thread
	at     []int32   // k a thread
}

func (o *sampleOp) span(lo, hi, thread int) {
	var floors []float32
	if o.k > 0 {
		v, idx := o.best[thread*o.k:(thread+1)*o.k], o.at[thread*o.k:(thread+1)*o.k]
		for i := lo; i < hi; i++ {
			o.top.row(v, idx, o.x[i*o.n:(i+1)*o.n])
			o.floors[i] = v[o.k-1]
			if v[o.k-1] != v[o.k-1] { // fewer numbers than k
				o.floors[i] = float32(math.Inf(-1))
			}
		}
		floors = o.floors[lo:hi]
	}
	o.set.GumbelMax(o.tokens[lo:hi], o.x[lo*o.n:hi*o.n], o.n, o.invT, floors, halves(o.opt.Seed), o.opt.IDs[lo:hi], o.opt.Steps[lo:hi])
}

func (b *cpuBackend) Sample(tokens, x *Tensor, opt SampleOptions) {
	checkSample(b.dev, tokens, x, opt)
	if tokens.len == 0 {
		return
	}
	o := &b.ops.sample
	o.set, o.tokens, o.x, o.n, o.k, o.opt, o.invT = b.set, tokens.Int32s(), x.Float32s(), x.rowLen(), opt.TopK, opt, 0
	if opt.Temperature > 0 {
		o.invT = 1 / opt.Temperature
	}
	if o.k >= o.n {
		o.k = 0
	}
	if n := o.k * b.dev.team.size; len(o.best) < n {
		o.best, o.at = make([]float32, n), make([]int32, n)
	}
	if o.k > 0 && len(o.floors) < tokens.len {
		o.floors = make([]float32, tokens.len)
	}
	b.all(o, tokens.len, 8*o.n)
}
