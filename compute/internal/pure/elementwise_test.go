package pure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

var unaryOps = []kernel.UnaryOp{kernel.Neg, kernel.Abs, kernel.Square, kernel.Sqrt, kernel.Reciprocal, kernel.Exp, kernel.Log,
	kernel.Tanh, kernel.Sigmoid, kernel.Softplus, kernel.ReLU, kernel.GELU, kernel.SiLU}

// oracle is the function op and its derivative at x.
func unaryOracle(op kernel.UnaryOp, x float32) (y, d float32) {
	switch op {
	case kernel.Neg:
		return -x, -1
	case kernel.Abs:
		switch {
		case x > 0:
			return x, 1
		case x < 0:
			return -x, -1
		case x == 0:
			return 0, 0
		}
		return x, x
	case kernel.Square:
		return x * x, 2 * x
	case kernel.Sqrt:
		y = float32(math.Sqrt(float64(x)))
		return y, 0.5 / y
	case kernel.Reciprocal:
		y = 1 / x
		return y, -float32(y * y)
	case kernel.Exp:
		return exact.Exp(x), exact.Exp(x)
	case kernel.Log:
		return exact.Log(x), 1 / x
	case kernel.Tanh:
		y = exact.Tanh(x)
		return y, exact.FMA(-y, y, 1)
	case kernel.Sigmoid:
		y = exact.Sigmoid(x)
		return y, float32(y * (1 - y))
	case kernel.Softplus:
		return exact.Softplus(x), exact.Sigmoid(x)
	case kernel.ReLU:
		if x <= 0 {
			return 0, 0
		}
		return x, 1
	case kernel.GELU:
		return exact.GELU(x), exact.GELUGrad(x)
	}
	return exact.SiLU(x), exact.SiLUGrad(x)
}

// TestUnary takes numbers of all magnitudes: each function meets its limits.
func TestUnary(t *testing.T) {
	const n = 1<<15 + 5
	x, dy := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(uint32(i) * 131063)
		if i%2 == 0 { // half of them where the functions are not flat
			x[i] = float32(i-n/2) / 150
		}
		dy[i] = float32(i%7) - 3
	}
	for _, s := range exactSets() {
		for _, op := range unaryOps {
			got, grad, want, wantGrad := poisoned(n), poisoned(n), make([]float32, n), make([]float32, n)
			for i := range x {
				y, d := unaryOracle(op, x[i])
				want[i], wantGrad[i] = y, float32(dy[i]*d)
				if op == kernel.ReLU && x[i] <= 0 {
					wantGrad[i] = 0
				}
			}
			s.Unary(op, got, x)
			same(t, s.Name(), got, want)
			s.UnaryGrad(op, grad, dy, x, got)
			same(t, s.Name()+" gradient", grad, wantGrad)
			copy(got, x)
			s.Unary(op, got, got)
			same(t, s.Name()+" in place", got, want)
		}
	}
}

func TestBinary(t *testing.T) {
	ops := map[kernel.BinaryOp]func(a, b float32) float32{
		kernel.Add: func(a, b float32) float32 { return a + b },
		kernel.Sub: func(a, b float32) float32 { return a - b },
		kernel.Mul: func(a, b float32) float32 { return a * b },
		kernel.Div: func(a, b float32) float32 { return a / b },
		kernel.Max: func(a, b float32) float32 {
			switch {
			case a != a || b != b:
				return nan
			case a > b:
				return a
			}
			return b
		},
		kernel.Min: func(a, b float32) float32 {
			switch {
			case a != a || b != b:
				return nan
			case a < b:
				return a
			}
			return b
		},
	}
	r := rand.New(rand.NewPCG(2, 2))
	const m, n = 5, 67
	a, b := numbers(r, m*n, true), numbers(r, m*n, true)
	for _, s := range exactSets() {
		for op, f := range ops {
			got := poisoned(m * n)
			s.Binary(op, got, a, b)
			same(t, "binary", got, each(m*n, func(i int) float32 { return f(a[i], b[i]) }))
			s.BinaryRow(op, got, a, b[:n])
			same(t, "row", got, each(m*n, func(i int) float32 { return f(a[i], b[i%n]) }))
			s.BinaryCol(op, got, a, b[:m])
			same(t, "column", got, each(m*n, func(i int) float32 { return f(a[i], b[i/n]) }))
			s.BinaryScalar(op, got, a, b[3])
			same(t, "scalar", got, each(m*n, func(i int) float32 { return f(a[i], b[3]) }))
		}
		got := poisoned(m * n)
		s.AXPBY(got, 1.7, a, -0.3, b)
		same(t, "axpby", got, each(m*n, func(i int) float32 { return exact.FMA(1.7, a[i], float32(-0.3*b[i])) }))
		cond := make([]uint8, m*n)
		for i := range cond {
			cond[i] = uint8(i % 3)
		}
		s.Where(got, cond, a, b)
		same(t, "where", got, each(m*n, func(i int) float32 {
			if i%3 != 0 {
				return a[i]
			}
			return b[i]
		}))
	}
}

func TestBF16(t *testing.T) {
	for _, c := range []struct {
		x    uint32
		want uint16
	}{
		{0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82}, {0x3f807fff, 0x3f80},
		{0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x7f800001, 0x7fc0}, {0xffffffff, 0xffc0},
		{0x80000000, 0x8000}, {0x00000001, 0x0000}, {0x00018000, 0x0002},
	} {
		for _, s := range exactSets() {
			got := make([]uint16, 1)
			s.ToBF16(got, []float32{math.Float32frombits(c.x)})
			if got[0] != c.want {
				t.Errorf("bfloat16 of %08x is %04x, want %04x", c.x, got[0], c.want)
			}
			wide := make([]float32, 1)
			s.FromBF16(wide, got)
			if math.Float32bits(wide[0]) != uint32(c.want)<<16 {
				t.Errorf("float32 of %04x is %08x", c.want, math.Float32bits(wide[0]))
			}
		}
	}
}

// TestBF16Bits takes bits of all kinds, and lengths that leave a rest.
func TestBF16Bits(t *testing.T) {
	x := make([]float32, 1<<16+3)
	for i := range x {
		x[i] = math.Float32frombits(uint32(i) * 65539)
	}
	want := make([]uint16, len(x))
	Exact().ToBF16(want, x)
	for _, s := range Assembly() {
		got := make([]uint16, len(x))
		s.ToBF16(got, x)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: bfloat16 of %08x is %04x, want %04x", s.Name(), math.Float32bits(x[i]), got[i], want[i])
			}
		}
		rounded, wide := make([]float32, len(x)), make([]float32, len(x))
		s.(set).round(rounded, x)
		s.FromBF16(wide, want)
		same(t, "rounded", rounded, wide)
	}
}

func TestAdamW(t *testing.T) {
	a := &kernel.AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Correction1: 2.5, Correction2: 7, GradScale: 0.3}
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		p, m, v, g := in(n), in(n), in(n), in(n)
		wantP, wantM, wantV := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range g {
			x := float32(g[i] * a.GradScale)
			wantM[i] = exact.FMA(a.Beta1, m[i], float32((1-a.Beta1)*x))
			wantV[i] = exact.FMA(a.Beta2, v[i], float32(float32((1-a.Beta2)*x)*x))
			u := float32(wantM[i]*a.Correction1) / (float32(math.Sqrt(float64(float32(wantV[i]*a.Correction2)))) + a.Eps)
			wantP[i] = exact.FMA(-a.LR, exact.FMA(a.WeightDecay, p[i], u), p[i])
		}
		s.AdamW(p, m, v, g, a)
		same(t, "p", p, wantP)
		same(t, "m", m, wantM)
		same(t, "v", v, wantV)
	})
}

func TestDropout(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		x, got := in(n), poisoned(n)
		key, base := [2]uint32{3, 4}, uint64(1<<32-2) // the counter carries
		s.Dropout(got, x, 0.4, 1/0.6, key, base, 8, 9)
		same(t, "dropout", got, each(n, func(i int) float32 {
			at := base + uint64(i/4)
			if w := exact.Philox(key, [4]uint32{uint32(at), uint32(at >> 32), 8, 9})[i%4]; exact.Uniform(w) < 0.4 {
				return 0
			}
			return x[i] * float32(1/0.6)
		}))
	})
}

func TestStatistics(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		x := in(rows * n)
		var p [8]float64
		for i, v := range x {
			p[i%8] += float64(v) * float64(v)
		}
		want := ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]))
		if got := s.SumSquares64(x); math.Float64bits(got) != math.Float64bits(want) && want == want {
			t.Fatalf("sum of squares = %v, want %v", got, want)
		}
		n = min(n, 40)
		gram := make([]float64, n*n)
		gram[0] = 0.5
		s.Gram(gram, x, rows, n, 0, n/2)
		s.Gram(gram, x, rows, n, n/2, n)
		for i := range n {
			for j := range n {
				want := 0.0
				if i == 0 && j == 0 {
					want = 0.5
				}
				for r := 0; r < rows && j >= i; r++ {
					want += float64(x[r*n+i]) * float64(x[r*n+j])
				}
				if got := gram[i*n+j]; got != want && want == want {
					t.Fatalf("gram[%d,%d] = %v, want %v", i, j, got, want)
				}
			}
		}
	})
}

// TestGemmBF16 compares with float64 sums of the rounded operands.
func TestGemmBF16(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, s := range append(exactSets(), Fast()) {
		for _, d := range [][3]int{{1, 1, 1}, {3, 33, 7}, {17, 64, 64}, {20, 40, 131}, {2, 5, 65}, {30, 33, 0}} {
			m, n, k := d[0], d[1], d[2]
			for _, trans := range []bool{false, true} {
				a, b, bias := numbers(r, m*k, false), numbers(r, k*n, false), numbers(r, n, false)
				packed := make([]uint16, kernel.PackedLen(k+k%2, n))
				ldb, lda := n, k
				if trans {
					ldb, lda = k, m
				}
				s.PackBF16(packed, b, ldb, k, n, trans, 0, kernel.Panels(n))
				c := numbers(r, m*n, false)
				var errors, total float64
				want := make([]float64, m*n)
				for i := range want {
					want[i] = float64(c[i]) + float64(bias[i%n])
					for l := range k {
						x, y := i/n*lda+l, l*ldb+i%n
						if trans {
							x, y = l*lda+i/n, i%n*ldb+l
						}
						want[i] += float64(fromBF16(toBF16(a[x]))) * float64(fromBF16(toBF16(b[y])))
					}
				}
				s.GemmBF16(&kernel.Gemm{C: c, LDC: n, A: a, LDA: lda, BF16: packed, Bias: bias, M: m, N: n, K: k, P1: kernel.Panels(n), TransA: trans, Accumulate: true})
				for i, w := range want {
					errors += (float64(c[i]) - w) * (float64(c[i]) - w)
					total += w * w
				}
				if e := math.Sqrt(errors / total); !(e < 1e-5*math.Sqrt(float64(k+1))) {
					t.Errorf("%s %v: relative error %g", s.Name(), d, e)
				}
			}
		}
	}
}
