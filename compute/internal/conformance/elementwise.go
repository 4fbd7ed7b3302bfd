package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// lengths of vectors: around those of registers, and many of them.
var lengths = []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1000, 4099}

func elementwise(s *suite) {
	s.method("Unary", testUnary)
	s.method("UnaryGrad", testUnaryGrad)
	s.method("Binary", testBinary)
	s.method("BinaryRow", testBinaryRow)
	s.method("BinaryCol", testBinaryCol)
	s.method("BinaryScalar", testBinaryScalar)
	s.method("AXPBY", testAXPBY)
	s.method("Where", testWhere)
	s.method("BF16", testBF16)
	s.method("Dropout", testDropout)
}

// arguments of functions of one variable: normal, over their whole range, and
// special ones.
func (o *op) arguments(op kernel.UnaryOp, n int) (x []float32, kind string) {
	x = Normal(o.Rand, n)
	if op == kernel.Sqrt || op == kernel.Log {
		for i, v := range x {
			x[i] = float32(math.Abs(float64(v)))
		}
	}
	switch o.IntN(3) {
	case 0:
		return x, "normal"
	case 1:
		for i := range x {
			x[i] *= float32(math.Exp(20 * (o.Float64() - 0.5)))
		}
		return x, "wide"
	}
	return Sprinkle(o.Rand, x, 2), "special"
}

// absolute is the size of the error of a function that is a difference of
// numbers of the size of the argument; others are good to a relative error.
func absolute(op kernel.UnaryOp) float64 {
	switch op {
	case kernel.GELU, kernel.Log, kernel.Tanh, kernel.Softplus:
		return 1
	case kernel.SiLU:
		return 1e-31 // exp(-x) overflows a little before x*sigmoid(x) underflows
	}
	return 0
}

func testUnary(o *op) {
	for f := kernel.Neg; f <= kernel.SiLU; f++ {
		for _, n := range lengths {
			x, kind := o.arguments(f, n)
			want := []Judge{Near(ref.Unary(f, ref.Float64(x)), 1e-6, absolute(f))}
			if kind == "special" {
				want = []Judge{documented(f, x)}
			}
			o.check(example{name: fmt.Sprintf("function %d of %d %s numbers", f, n, kind), inPlace: true, want: want,
				run: func(c *call) {
					dst, in := over(c, x)
					for _, s := range c.spans(n, 1) {
						c.Unary(f, dst[s.from:s.to], in[0][s.from:s.to])
					}
				}})
		}
	}
}

// documented accepts near results, but for what package exact says of infinities.
func documented(op kernel.UnaryOp, x []float32) Judge {
	want := ref.Unary(op, ref.Float64(x))
	for i, v := range x {
		if (op == kernel.GELU || op == kernel.SiLU) && math.IsInf(float64(v), -1) {
			want[i] = math.NaN()
		}
	}
	return func(got any) error {
		wide := ref.Float64(got.([]float32))
		for i, g := range wide {
			// The terms of an element are of the size of its argument.
			scale := absolute(op) * (1 + math.Min(math.Abs(float64(x[i])), 1e3))
			if err := Within([]float64{g}, want[i:i+1], 1e-6, scale, math.MaxFloat32); err != nil {
				return fmt.Errorf("of %v: %w", x[i], err)
			}
		}
		return nil
	}
}

func testUnaryGrad(o *op) {
	for f := kernel.Neg; f <= kernel.SiLU; f++ {
		for _, n := range lengths {
			x, kind := o.arguments(f, n)
			if kind == "normal" && (f == kernel.Sqrt || f == kernel.Log || f == kernel.Reciprocal) {
				x = Away(o.Rand, n)
				for i := range x {
					x[i] *= x[i]
				}
			}
			dy := Normal(o.Rand, n)
			y := make([]float32, n)
			for i, v := range ref.Unary(f, ref.Float64(x)) {
				y[i] = float32(v)
			}
			var want []Judge
			switch kind {
			case "normal":
				want = []Judge{Near(ref.UnaryGrad(f, ref.Float64(dy), ref.Float64(x)), 2e-6, 1)}
			case "special":
				dy = Sprinkle(o.Rand, dy, 4)
			}
			o.check(example{name: fmt.Sprintf("function %d of %d %s numbers", f, n, kind), inPlace: true, want: want,
				run: func(c *call) {
					dst, in := over(c, dy, x, y)
					for _, s := range c.spans(n, 1) {
						c.UnaryGrad(f, dst[s.from:s.to], in[0][s.from:s.to], in[1][s.from:s.to], in[2][s.from:s.to])
					}
				}})
		}
	}
}

// pair is two operands, of special numbers every other time.
func (o *op) pair(na, nb int) (a, b []float32) {
	a, b = Normal(o.Rand, na), Normal(o.Rand, nb)
	if o.chance() {
		a, b = Sprinkle(o.Rand, a, 3), Sprinkle(o.Rand, b, 3)
	}
	return a, b
}

// oneRounding is the relative error of a correctly rounded operation, with room
// for that of the float64 one.
const oneRounding = 1.001 / (1 << 24)

func testBinary(o *op) {
	for f := kernel.Add; f <= kernel.Min; f++ {
		for _, n := range lengths {
			a, b := o.pair(n, n)
			o.check(example{name: fmt.Sprintf("function %d of %d numbers", f, n), inPlace: true,
				want: []Judge{eachNear(ref.Binary(f, ref.Float64(a), ref.Float64(b)))},
				run: func(c *call) {
					dst, in := over(c, a, b)
					for _, s := range c.spans(n, 1) {
						c.Binary(f, dst[s.from:s.to], in[0][s.from:s.to], in[1][s.from:s.to])
					}
				}})
		}
	}
}

// eachNear accepts results of one rounding.
func eachNear(want []float64) Judge {
	return func(got any) error {
		for i, g := range got.([]float32) {
			if err := Within([]float64{float64(g)}, want[i:i+1], oneRounding, 0, math.MaxFloat32); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	}
}

// grids are shapes of rows by columns.
func (o *op) grids() []span {
	g := []span{{0, 5}, {1, 1}, {1, 4099}, {1000, 1}, {70, 65}}
	for _, n := range lengths[1:] {
		g = append(g, span{1 + o.IntN(9), n})
	}
	return g
}

func testBinaryRow(o *op) {
	for f := kernel.Add; f <= kernel.Min; f++ {
		for _, g := range o.grids() {
			m, n := g.from, g.to
			a, b := o.pair(m*n, n)
			o.check(example{name: fmt.Sprintf("function %d of %d by %d", f, m, n), inPlace: true,
				want: []Judge{eachNear(ref.Binary(f, ref.Float64(a), ref.Rows(ref.Float64(b), m)))},
				run: func(c *call) {
					dst, in := over(c, a)
					row := read(c, b)
					for _, s := range c.spans(m, 1) {
						c.BinaryRow(f, dst[s.from*n:s.to*n], in[0][s.from*n:s.to*n], row)
					}
				}})
		}
	}
}

func testBinaryCol(o *op) {
	for f := kernel.Add; f <= kernel.Min; f++ {
		for _, g := range o.grids() {
			m, n := g.from, g.to
			a, b := o.pair(m*n, m)
			o.check(example{name: fmt.Sprintf("function %d of %d by %d", f, m, n), inPlace: true,
				want: []Judge{eachNear(ref.Binary(f, ref.Float64(a), ref.Columns(ref.Float64(b), n)))},
				run: func(c *call) {
					dst, in := over(c, a)
					col := read(c, b)
					for _, s := range c.spans(m, 1) {
						c.BinaryCol(f, dst[s.from*n:s.to*n], in[0][s.from*n:s.to*n], col[s.from:s.to])
					}
				}})
		}
	}
}

func testBinaryScalar(o *op) {
	for f := kernel.Add; f <= kernel.Min; f++ {
		for _, n := range lengths {
			a, b := o.pair(n, 1)
			o.check(example{name: fmt.Sprintf("function %d of %d numbers and %v", f, n, b[0]), inPlace: true,
				want: []Judge{eachNear(ref.Binary(f, ref.Float64(a), ref.Columns(ref.Float64(b), n)))},
				run: func(c *call) {
					dst, in := over(c, a)
					for _, s := range c.spans(n, 1) {
						c.BinaryScalar(f, dst[s.from:s.to], in[0][s.from:s.to], b[0])
					}
				}})
		}
	}
}

func testAXPBY(o *op) {
	for _, n := range lengths {
		x, y := o.pair(n, n)
		alpha, beta := Normal(o.Rand, 1)[0], Normal(o.Rand, 1)[0]
		o.check(example{name: fmt.Sprintf("%d numbers", n), inPlace: true,
			run: func(c *call) {
				dst, in := over(c, x, y)
				for _, s := range c.spans(n, 1) {
					c.AXPBY(dst[s.from:s.to], alpha, in[0][s.from:s.to], beta, in[1][s.from:s.to])
				}
			}})
		x, y = Normal(o.Rand, n), Normal(o.Rand, n)
		want := ref.AXPBY(float64(alpha), ref.Float64(x), float64(beta), ref.Float64(y))
		o.check(example{name: fmt.Sprintf("%d normal numbers", n), want: []Judge{Near(want, 1e-6, 1)},
			run: func(c *call) { c.AXPBY(write[float32](c, n), alpha, read(c, x), beta, read(c, y)) }})
	}
}

func testWhere(o *op) {
	for _, n := range lengths {
		a, b := o.pair(n, n)
		cond := Mask(o.Rand, n)
		o.check(example{name: fmt.Sprintf("%d numbers", n), inPlace: true,
			want: []Judge{eachNear(ref.Where(cond, ref.Float64(a), ref.Float64(b)))},
			run: func(c *call) {
				dst, in := over(c, a, b)
				cond := read(c, cond)
				for _, s := range c.spans(n, 1) {
					c.Where(dst[s.from:s.to], cond[s.from:s.to], in[0][s.from:s.to], in[1][s.from:s.to])
				}
			}})
	}
}

func testBF16(o *op) {
	for _, n := range lengths {
		x, _ := o.pair(n, 0)
		for i := range x {
			switch o.IntN(4) {
			case 0: // any number at all
				x[i] = math.Float32frombits(o.Uint32())
			case 1: // halfway between two
				x[i] = math.Float32frombits(o.Uint32()&^0xffff | 0x8000)
			}
		}
		want := make([]uint16, n)
		wide := make([]float32, n)
		for i, v := range x {
			want[i] = ref.BFloat16(v)
			wide[i] = float32(ref.FromBFloat16(want[i]))
		}
		o.check(example{name: fmt.Sprintf("to, %d numbers", n), want: []Judge{Exactly(want)},
			run: func(c *call) {
				dst, in := write[uint16](c, n), read(c, x)
				for _, s := range c.spans(n, 1) {
					c.ToBF16(dst[s.from:s.to], in[s.from:s.to])
				}
			}})
		o.check(example{name: fmt.Sprintf("from, %d numbers", n), want: []Judge{Exactly(wide)},
			run: func(c *call) {
				dst, in := write[float32](c, n), read(c, want)
				for _, s := range c.spans(n, 1) {
					c.FromBF16(dst[s.from:s.to], in[s.from:s.to])
				}
			}})
	}
}

func testDropout(o *op) {
	for _, n := range lengths {
		x, _ := o.pair(n, 0)
		p := o.Float32()
		scale := 1 / (1 - p)
		key, base := [2]uint32{o.Uint32(), o.Uint32()}, o.Uint64()
		if o.chance() {
			base = 1<<32 - uint64(o.IntN(3)) // the carry into the upper word
		}
		c2, c3 := o.Uint32(), o.Uint32()
		o.check(example{name: fmt.Sprintf("%d numbers, p %v", n, p), inPlace: true,
			want: []Judge{eachNear(ref.Dropout(ref.Float64(x), float64(p), float64(scale), key, base, c2, c3))},
			run: func(c *call) {
				dst, in := over(c, x)
				for _, s := range c.spans(n, 4) {
					c.Dropout(dst[s.from:s.to], in[0][s.from:s.to], p, scale, key, base+uint64(s.from/4), c2, c3)
				}
			}})
	}
}
