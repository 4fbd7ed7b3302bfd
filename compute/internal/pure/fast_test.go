package pure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

func TestExpPlain(t *testing.T) {
	for u := uint64(0); u < 1<<32; u += 9973 {
		x := math.Float32frombits(uint32(u))
		got, want := float64(expPlain(x)), math.Exp(float64(x))
		if want > math.MaxFloat32 {
			want = math.Inf(1)
		}
		if got != want && !(x != x && got != got) && !(math.Abs(got-want) <= 7e-8*want) && !(want < 0x1p-126 && got == 0) {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestPlainFunctions(t *testing.T) {
	gelu := func(x float64) float64 {
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for op, want := range map[kernel.UnaryOp]func(float64) float64{kernel.Tanh: math.Tanh, kernel.Sigmoid: sigmoid,
		kernel.GELU: gelu, kernel.SiLU: func(x float64) float64 { return x * sigmoid(x) }} {
		for u := uint64(0); u < 1<<32; u += 9973 {
			x := math.Float32frombits(uint32(u))
			y := make([]float32, 1)
			Fast().Unary(op, y, []float32{x})
			if w := want(float64(x)); !(math.Abs(float64(y[0])-w) <= 1e-7+1e-7*math.Abs(w)) && float64(y[0]) != w && (w == w || y[0] == y[0]) {
				t.Fatalf("function %d of %v is %v, want %v", op, x, y[0], w)
			}
		}
	}
	for x := float32(-12); x < 12; x += 0.0137 {
		d := (gelu(float64(x)+1e-5) - gelu(float64(x)-1e-5)) / 2e-5
		if g := geluGradPlain(x); math.Abs(float64(g)-d) > 1e-6 {
			t.Fatalf("derivative at %v is %v, want %v", x, g, d)
		}
	}
	if geluGradPlain(1e30) != 1 || geluGradPlain(-1e30) != 0 {
		t.Error("the derivative of huge numbers is not 0 or 1")
	}
}

// TestFast compares products with float64 by the stated bound: k roundings of the
// sum of absolute products.
func TestFast(t *testing.T) {
	s := Fast()
	r := rand.New(rand.NewPCG(4, 4))
	for _, d := range [][3]int{{1, 1, 1}, {5, 33, 300}, {17, 64, 64}, {3, 45, 700}} {
		m, n, k := d[0], d[1], d[2]
		a, b := numbers(r, m*k, false), numbers(r, k*n, false)
		packed, c := poisoned(kernel.PackedLen(k, n)), poisoned(m*n)
		s.Pack(packed, b, n, k, n, false, 0, kernel.Panels(n))
		s.Gemm(&kernel.Gemm{C: c, LDC: n, A: a, LDA: k, B: packed, M: m, N: n, K: k, P1: kernel.Panels(n)})
		for i := range m {
			for j := range n {
				var want, size float64
				for l := range k {
					p := float64(a[i*k+l]) * float64(b[l*n+j])
					want += p
					size += math.Abs(p)
				}
				if e := math.Abs(float64(c[i*n+j]) - want); !(e <= float64(k)*0x1p-24*size) {
					t.Fatalf("%v: c[%d,%d] is off by %g of %g", d, i, j, e, size)
				}
			}
		}
	}
}

// TestFastAttention compares with exact mode: errors of float32 in both.
func TestFastAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const n, d = 70, 40
	h := &kernel.Head{T: n, D: d, LD: d, LDO: d, Scale: 0.2, Causal: true, Scratch: poisoned(kernel.AttentionScratch(n, d))}
	q, k, v, dout := numbers(r, n*d, false), numbers(r, n*d, false), numbers(r, n*d, false), numbers(r, n*d, false)
	var results [2][4][]float32
	for i, s := range []kernel.Set{Exact(), Fast()} {
		for j := range results[i] {
			results[i][j] = poisoned(n * d)
		}
		lse := poisoned(n)
		g := results[i]
		s.Attend(g[0], lse, q, k, v, h)
		s.AttendGrad(g[1], g[2], g[3], dout, g[0], lse, q, k, v, h)
	}
	for j := range results[0] {
		var e, total float64
		for i, w := range results[0][j] {
			x := float64(results[1][j][i] - w)
			e += x * x
			total += float64(w) * float64(w)
		}
		if e = math.Sqrt(e / total); !(e < 1e-6) {
			t.Errorf("result %d: relative error %g", j, e)
		}
	}
}

// TestAllocations: no method allocates.
func TestAllocations(t *testing.T) {
	const n, d = 40, 33
	x, y, z, w := make([]float32, n*d), make([]float32, n*d), make([]float32, n*d), make([]float32, n*d)
	packed, halves := make([]float32, kernel.PackedLen(n, d)), make([]uint16, kernel.PackedLen(n, d))
	g := &kernel.Gemm{C: x, LDC: d, A: y, LDA: n, B: packed, BF16: halves, M: d, N: d, K: n, P1: kernel.Panels(d), Act: kernel.ActGELU, Bias: z}
	h := &kernel.Head{T: n, D: d, LD: d, LDO: d, Causal: true, Scratch: make([]float32, kernel.AttentionScratch(n, d))}
	targets, tokens, ids, steps := make([]int32, n), make([]int32, n), make([]uint64, n), make([]uint32, n)
	adam := &kernel.AdamW{Eps: 1}
	for _, s := range append(exactSets(), Fast()) {
		if a := testing.AllocsPerRun(2, func() {
			s.Gemm(g)
			s.GemmBF16(g)
			s.Attend(x, w, y, y, z, h)
			s.AttendGrad(x, y, z, w, w, w, x, y, z, h)
			s.Decode(x, y, y, z, n, d, 1, h.Scratch)
			s.DecodeBF16(x, y, halves, halves, n, d, 1, h.Scratch)
			for _, op := range unaryOps {
				s.Unary(op, x, y)
				s.UnaryGrad(op, x, y, z, w)
			}
			s.Softmax(x, y, d, nil)
			s.LogSoftmax(x, y, d, nil)
			s.LayerNorm(x, w[:n], z[:n], y, y, y, d, 1)
			s.LayerNormParamGrad(x[:d], y[:d], z, z, w[:n], w[:n], n, d, 0, d)
			s.CrossEntropy(w[:n], x, y, targets, d, -1, 1)
			s.Divergence(kernel.JensenShannon, w[:n], x, y, z, d, 1, 1)
			s.GumbelMax(tokens, x, d, 1, nil, [2]uint32{}, ids, steps)
			s.AdamW(x, y, z, w, adam)
			s.ColReduce(kernel.ReduceSumSquares, x[:d], y, n, d, 0, d)
			s.NearestRow(tokens[:2], w[:2], x, y, n, d)
		}); a != 0 {
			t.Errorf("%s: %v allocations", s.Name(), a)
		}
	}
}
