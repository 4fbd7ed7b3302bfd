package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// sizes are those of one axis: none, one, below, at and above the tiles of the
// implementations (14 rows, 16 and 32 columns, blocks of 64 and 256).
var sizes = []int{0, 1, 2, 3, 7, 13, 14, 15, 16, 17, 27, 28, 29, 31, 32, 33, 63, 64, 65, 100, 128, 129, 257}

func products(s *suite) {
	s.method("Pack", testPack)
	s.method("PackBF16", testPackBF16)
	s.method("Gemm", testGemm)
	s.method("GemmBF16", testGemmBF16)
}

// triple is a shape of a matrix product.
type triple struct{ m, n, k int }

// triples has every size on every axis, the others at random and small enough to
// stay below a number of operations.
func (o *op) triples() []triple {
	var t []triple
	budget := o.short(1<<17, 1<<21)
	for axis := range 3 {
		for _, size := range sizes {
			for range o.short(1, 6) {
				d := [3]int{o.size(), o.size(), o.size()}
				d[axis] = size
				for d[0]*d[1]*d[2] > budget {
					d[(axis+1)%3], d[(axis+2)%3] = o.size(), o.size()
				}
				t = append(t, triple{d[0], d[1], d[2]})
			}
		}
	}
	// Beyond the blocks of 256 along k, and many tiles each way.
	return append(t, triple{3, 5, 1000}, triple{o.short(29, 129), 65, o.short(100, 515)}, triple{o.short(33, 300), o.short(40, 290), 31})
}

func (o *op) size() int { return sizes[o.IntN(len(sizes))] }

func (o *op) chance() bool { return o.IntN(2) == 0 }

// gap is what a leading dimension has over its row.
func (o *op) gap() int { return max(0, o.IntN(10)-4) }

// spread is the operand of a matrix product: rows by cols, with gaps.
type spread struct {
	x              []float32
	rows, cols, ld int
}

func (o *op) matrix(rows, cols int, trans bool) spread {
	if trans {
		rows, cols = cols, rows
	}
	return spread{Normal(o.Rand, rows*cols), rows, cols, cols + o.gap()}
}

func (m spread) read(c *call) []float32 { return lend(c, input, m.x, m.rows, m.cols, m.ld) }

// element (i, j) of the matrix that is stored, transposed or not.
func (m spread) element(i, j int, trans bool) float32 {
	if trans {
		i, j = j, i
	}
	return m.x[i*m.cols+j]
}

func testPack(o *op) {
	for _, s := range o.triples() {
		trans := o.chance()
		b := o.matrix(s.k, s.n, trans)
		if o.chance() {
			b.x = Sprinkle(o.Rand, b.x, 9)
		}
		var want []float32
		for p := range kernel.Panels(s.n) {
			for l := range s.k {
				for j := p * kernel.PanelWidth; j < (p+1)*kernel.PanelWidth; j++ {
					v := float32(0)
					if j < s.n {
						v = b.element(l, j, trans)
					}
					want = append(want, v)
				}
			}
		}
		o.check(example{
			name: fmt.Sprintf("k %d n %d ld %d trans %t", s.k, s.n, b.ld, trans),
			run: func(c *call) {
				dst := write[float32](c, kernel.PackedLen(s.k, s.n))
				in := b.read(c)
				for _, p := range c.spans(kernel.Panels(s.n), 1) {
					c.Pack(dst, in, b.ld, s.k, s.n, trans, p.from, p.to)
				}
			},
			want: []Judge{Exactly(want)},
		})
	}
}

// packBF16 is the packed matrix by its definition.
func packBF16(b spread, k, n int, trans bool) []uint16 {
	var want []uint16
	for p := range kernel.Panels(n) {
		for l := 0; l < k; l += 2 {
			for j := p * kernel.PanelWidth; j < (p+1)*kernel.PanelWidth; j++ {
				for row := l; row < l+2; row++ {
					v := uint16(0)
					if row < k && j < n {
						v = ref.BFloat16(b.element(row, j, trans))
					}
					want = append(want, v)
				}
			}
		}
	}
	return want
}

func testPackBF16(o *op) {
	for _, s := range o.triples() {
		trans := o.chance()
		b := o.matrix(s.k, s.n, trans)
		if o.chance() {
			b.x = Sprinkle(o.Rand, b.x, 9)
		}
		o.check(example{
			name: fmt.Sprintf("k %d n %d ld %d trans %t", s.k, s.n, b.ld, trans),
			run: func(c *call) {
				dst := write[uint16](c, kernel.PackedLen(s.k+s.k%2, s.n))
				in := b.read(c)
				for _, p := range c.spans(kernel.Panels(s.n), 1) {
					c.PackBF16(dst, in, b.ld, s.k, s.n, trans, p.from, p.to)
				}
			},
			want: []Judge{Exactly(packBF16(b, s.k, s.n, trans))},
		})
	}
}

// gemm is a product with all that goes with it.
type gemm struct {
	triple
	a, c0      spread
	b          []float32 // k by n
	bias       []float32
	transA     bool
	accumulate bool
	act        kernel.Act
}

func (o *op) gemm(s triple) gemm {
	g := gemm{triple: s, transA: o.chance(), accumulate: o.chance(), act: kernel.Act(o.IntN(5))}
	g.a, g.b, g.c0 = o.matrix(s.m, s.k, g.transA), Normal(o.Rand, s.k*s.n), o.matrix(s.m, s.n, false)
	if o.chance() {
		g.bias = Normal(o.Rand, s.n)
	}
	return g
}

func (g gemm) String() string {
	return fmt.Sprintf("m %d n %d k %d lda %d ldc %d transA %t accumulate %t bias %t act %d",
		g.m, g.n, g.k, g.a.ld, g.c0.ld, g.transA, g.accumulate, g.bias != nil, g.act)
}

// run makes the calls, a grid of pieces of rows and panels; fill gives the packed
// operand to the arguments.
func (g gemm) run(c *call, fill func(args *kernel.Gemm), product func(args *kernel.Gemm)) {
	role, before := output, []float32(nil)
	if g.accumulate {
		role, before = update, g.c0.x
	}
	dst := lend(c, role, before, g.m, g.n, g.c0.ld)
	a, bias := g.a.read(c), readOrNil(c, g.bias)
	args := kernel.Gemm{LDC: g.c0.ld, LDA: g.a.ld, Bias: bias, N: g.n, K: g.k, TransA: g.transA, Accumulate: g.accumulate, Act: g.act}
	fill(&args)
	for _, rows := range c.spans(g.m, 1) {
		args.M, args.C, args.A = rows.to-rows.from, dst, a
		if args.M > 0 && args.M < g.m {
			args.C = dst[rows.from*g.c0.ld : (rows.to-1)*g.c0.ld+g.n]
			if g.transA && g.k > 0 {
				args.A = a[rows.from : (g.k-1)*g.a.ld+rows.to]
			} else if g.k > 0 {
				args.A = a[rows.from*g.a.ld : (rows.to-1)*g.a.ld+g.k]
			}
		}
		for _, p := range c.spans(kernel.Panels(g.n), 1) {
			args.P0, args.P1 = p.from, p.to
			copied := args // a kernel may not count on its arguments staying
			product(&copied)
		}
	}
}

// want is the result in float64, of the operands after round.
func (g gemm) want(round func([]float32) []float64) []float64 {
	y := ref.MatMul(round(g.a.x), round(g.b), g.m, g.n, g.k, g.transA, false)
	if g.accumulate {
		y = ref.Binary(kernel.Add, y, ref.Float64(g.c0.x))
	}
	if g.bias != nil {
		y = ref.Binary(kernel.Add, y, ref.Rows(ref.Float64(g.bias), g.m))
	}
	return ref.Activate(g.act, y)
}

func testGemm(o *op) {
	for _, s := range o.triples() {
		g := o.gemm(s)
		e := example{name: g.String(), run: g.exact, fast: o.suite.Inexact,
			want: []Judge{Near(g.want(ref.Float64), 1e-6, math.Sqrt(float64(1+g.k)))}}
		o.check(e)
		if o.IntN(3) == 0 {
			g.a.x, g.b, g.bias = Sprinkle(o.Rand, g.a.x, 50), Sprinkle(o.Rand, g.b, 50), Sprinkle(o.Rand, g.bias, 20)
			o.check(example{name: "special numbers, " + g.String(), run: g.exact, fast: o.suite.Inexact})
		}
	}
	// An epilogue without a product, where values of C that are not numbers stay.
	g := o.gemm(triple{5, 40, 0})
	g.accumulate, g.act, g.bias = true, kernel.ActNone, nil
	g.c0.x = Sprinkle(o.Rand, g.c0.x, 2)
	o.check(example{name: g.String(), run: g.exact, want: []Judge{Exactly(g.c0.x)}})
}

// exact is the call of Gemm; the operand is packed by the same set.
func (g gemm) exact(c *call) {
	g.run(c, func(args *kernel.Gemm) {
		packed := make([]float32, kernel.PackedLen(g.k, g.n))
		c.Pack(packed, g.b, g.n, g.k, g.n, false, 0, kernel.Panels(g.n))
		args.B = read(c, packed)
	}, c.Gemm)
}

func testGemmBF16(o *op) {
	for _, s := range o.triples() {
		g := o.gemm(s)
		// The gate of the contract, and that of what comes after the product.
		rel := max(1e-6, 1e-5*math.Sqrt(float64(g.k)))
		o.check(example{name: g.String(), run: g.bf16, fast: true,
			want: []Judge{Near(g.want(throughBF16), rel, math.Sqrt(float64(1+g.k)))}})
	}
}

func (g gemm) bf16(c *call) {
	g.run(c, func(args *kernel.Gemm) {
		args.BF16 = read(c, packBF16(spread{x: g.b, rows: g.k, cols: g.n}, g.k, g.n, false))
	}, c.GemmBF16)
}

func throughBF16(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = ref.FromBFloat16(ref.BFloat16(v))
	}
	return y
}
