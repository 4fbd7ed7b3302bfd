package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// matmul is batch products with all that goes with them.
type matmul struct {
	batch, m, n, k int
	batched        bool // b has a matrix for each of a
	packed         bool
	dtype          compute.DType // of a packed b
	o              compute.MatMulOptions
	a, b, c0, bias []float32
}

// triples are sizes m, n and k: odd, none, below and above tiles and blocks.
var triples = [][3]int{{1, 1, 1}, {3, 5, 7}, {13, 31, 17}, {14, 32, 64}, {15, 33, 65}, {1, 257, 100}, {33, 64, 300}, {70, 129, 33},
	{0, 3, 4}, {3, 0, 4}, {3, 4, 0}}

func products(b *builder) {
	for _, s := range triples {
		for kind := range 12 {
			p := matmul{batch: 1, m: s[0], n: s[1], k: s[2]}
			p.o = compute.MatMulOptions{TransA: kind&1 != 0, TransB: kind&2 != 0, Accumulate: b.IntN(2) == 0, Act: compute.Act(b.IntN(5))}
			switch kind / 4 {
			case 1:
				p.batch, p.batched = 3, true
			case 2:
				p.packed, p.o.TransA, p.o.TransB = true, false, false
				p.dtype = []compute.DType{compute.F32, compute.BF16}[kind&1]
				p.batch = 1 + 2*(kind/2%2)
			}
			b.matmul(p)
		}
	}
	b.matmul(matmul{batch: 2, m: 200, n: 300, k: 40, o: compute.MatMulOptions{TransB: true}}) // many cells
}

func (b *builder) matmul(p matmul) {
	weights := p.k * p.n
	if p.batched {
		weights *= p.batch
	}
	p.a, p.b, p.c0 = conformance.Normal(b.Rand, p.batch*p.m*p.k), conformance.Normal(b.Rand, weights), conformance.Normal(b.Rand, p.batch*p.m*p.n)
	if b.IntN(2) == 0 {
		p.bias = conformance.Normal(b.Rand, p.n)
	}
	name := fmt.Sprintf("%d of m %d n %d k %d, %+v, bias %t, batched %t, packed %t %v", p.batch, p.m, p.n, p.k, p.o, p.bias != nil, p.batched, p.packed, p.dtype)
	rel, scale := b.rel, math.Sqrt(float64(1+p.k))
	if p.dtype == compute.BF16 {
		rel = max(rel, 1e-5*scale)
	}
	fast := p.dtype == compute.BF16
	b.add(example{op: "MatMul", name: name, run: p.run, fast: fast, want: []conformance.Judge{conformance.Near(p.want(), rel, scale)}})
	if b.IntN(4) == 0 {
		p.a, p.b = conformance.Sprinkle(b.Rand, p.a, 50), conformance.Sprinkle(b.Rand, p.b, 50)
		b.add(example{op: "MatMul", name: "special numbers, " + name, run: p.run, fast: fast})
	}
}

func (p matmul) want() []float64 {
	var y []float64
	for i := range p.batch {
		a, b := p.a[i*p.m*p.k:(i+1)*p.m*p.k], p.b
		if p.batched {
			b = p.b[i*p.k*p.n : (i+1)*p.k*p.n]
		}
		y = append(y, ref.MatMul(p.rounded(a), p.rounded(b), p.m, p.n, p.k, p.o.TransA, p.o.TransB)...)
	}
	if p.o.Accumulate {
		y = ref.Binary(kernel.Add, y, ref.Float64(p.c0))
	}
	if p.bias != nil {
		y = ref.Binary(kernel.Add, y, ref.Rows(ref.Float64(p.bias), p.batch*p.m))
	}
	return ref.Activate(p.o.Act, y)
}

func (p matmul) rounded(x []float32) []float64 {
	y := ref.Float64(x)
	if p.dtype == compute.BF16 {
		for i, v := range x {
			y[i] = ref.FromBFloat16(ref.BFloat16(v))
		}
	}
	return y
}

// run: with a batch or rows in pieces, and weights transposed, batched or packed.
func (p matmul) run(e *env) {
	var dst *compute.Tensor
	if p.o.Accumulate {
		dst = e.change(p.c0, p.batch, p.m, p.n)
	} else {
		dst = e.out(p.batch, p.m, p.n)
	}
	aShape, bShape := []int{p.batch, p.m, p.k}, []int{p.k, p.n}
	if p.o.TransA {
		aShape = []int{p.batch, p.k, p.m}
	}
	if p.o.TransB {
		bShape = []int{p.n, p.k}
	}
	if p.batched {
		bShape = append([]int{p.batch}, bShape...)
	}
	a, o := e.in(p.a, aShape...), p.o
	var b *compute.Tensor
	if p.packed {
		b = e.packed(p.dtype, p.b, p.k, p.n, false)
	} else {
		b = e.in(p.b, bShape...)
	}
	o.Bias = e.maybe(p.bias, p.n)
	if !p.batched && !p.o.TransA { // leading axes are rows
		a, dst = a.View(p.batch*p.m, p.k), dst.View(p.batch*p.m, p.n)
	}
	for _, s := range e.spans(a.Dim(0)) {
		if p.batched {
			e.MatMul(s.rows(dst), s.rows(a), s.rows(b), o)
		} else {
			e.MatMul(s.rows(dst), s.rows(a), b, o)
		}
	}
}
