//go:build cgo

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// runnable are the sets of this CPU.
func runnable(t testing.TB) []set {
	var out []set
	for _, s := range sets {
		if supports(s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		t.Skip("no level runs here")
	}
	return out
}

// source makes inputs of a test from a seed that it prints.
func source(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// special are numbers that rounding, signs and NaNs may go wrong with.
var special = []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)),
	float32(math.NaN()), 1e-40, -1e-42, 3e38, -3e38}

// numbers are normal ones, some of them special if wild.
func numbers(r *rand.Rand, n int, wild bool) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		if wild && r.IntN(64) == 0 {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}

const guard = 64

// poisoned is a slice of n NaNs between guards; check fails if a guard changed.
func poisoned(n int) (x []float32, check func(t *testing.T, what string)) {
	const pattern = 0x7fe1d2c3
	all := make([]float32, n+2*guard)
	for i := range all {
		all[i] = math.Float32frombits(pattern)
	}
	return all[guard : guard+n : guard+n], func(t *testing.T, what string) {
		t.Helper()
		for i, v := range all {
			if (i < guard || i >= guard+n) && math.Float32bits(v) != pattern {
				t.Fatalf("%s: wrote outside at %d of %d", what, i-guard, n)
			}
		}
	}
}

func sameBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !sameBits(got[i], want[i]) {
			t.Fatalf("%s: element %d of %d: got %v (%#x), want %v (%#x)", what, i, len(want),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

func applyAct(x float32, a kernel.Act) float32 {
	switch a {
	case kernel.ActReLU:
		if x <= 0 {
			return 0
		}
	case kernel.ActGELU:
		return exact.GELU(x)
	case kernel.ActSiLU:
		return exact.SiLU(x)
	case kernel.ActTanh:
		return exact.Tanh(x)
	}
	return x
}

// wantGemm is the product by the formula, over b as it was before packing.
func wantGemm(g *kernel.Gemm, b []float32, ldb int, transB bool, c []float32) {
	for i := range g.M {
		for j := g.P0 * kernel.PanelWidth; j < min(g.N, g.P1*kernel.PanelWidth); j++ {
			sum := float32(0)
			if g.Accumulate {
				sum = c[i*g.LDC+j]
			}
			for l := range g.K {
				var x, y float32
				if g.TransA {
					x = g.A[l*g.LDA+i]
				} else {
					x = g.A[i*g.LDA+l]
				}
				if transB {
					y = b[j*ldb+l]
				} else {
					y = b[l*ldb+j]
				}
				sum = exact.FMA(x, y, sum)
			}
			if g.Bias != nil {
				sum += g.Bias[j]
			}
			c[i*g.LDC+j] = applyAct(sum, g.Act)
		}
	}
}

// gemmCase is a product of random shape; every form of operands comes up.
func gemmCase(r *rand.Rand, m, n, k int) (g kernel.Gemm, b []float32, ldb int, transB bool) {
	wild := r.IntN(2) == 0
	g = kernel.Gemm{M: m, N: n, K: k, TransA: r.IntN(2) == 0, Accumulate: r.IntN(2) == 0, Act: kernel.Act(r.IntN(5))}
	transB = r.IntN(2) == 0
	g.LDC = n + r.IntN(3)*r.IntN(20)
	rows, columns := m, k
	if g.TransA {
		rows, columns = k, m
	}
	g.LDA = columns + r.IntN(2)*r.IntN(9)
	g.A = numbers(r, max(0, (rows-1)*g.LDA+columns), wild)
	rows, columns = k, n
	if transB {
		rows, columns = n, k
	}
	ldb = columns + r.IntN(2)*r.IntN(9)
	b = numbers(r, max(0, (rows-1)*ldb+columns), wild)
	if r.IntN(2) == 0 {
		g.Bias = numbers(r, n, wild)
	}
	g.P1 = kernel.Panels(n)
	if r.IntN(3) == 0 && g.P1 > 1 {
		g.P0 = r.IntN(g.P1)
		g.P1 = g.P0 + 1 + r.IntN(g.P1-g.P0)
	}
	return g, b, ldb, transB
}

func TestGemm(t *testing.T) {
	r := source(t)
	for _, s := range runnable(t) {
		for range 150 {
			m, n, k := r.IntN(20), 1+r.IntN(140), r.IntN(70)
			switch r.IntN(8) {
			case 0:
				m = 60 + r.IntN(80)
			case 1:
				k = 250 + r.IntN(400)
			case 2:
				m, n, k = 1+r.IntN(5), 500+r.IntN(700), r.IntN(20)
			}
			g, b, ldb, transB := gemmCase(r, m, n, k)
			what := fmt.Sprintf("%s m %d n %d k %d lda %d ldb %d ldc %d panels %d-%d transA %t transB %t acc %t bias %t act %d", s.name,
				m, n, k, g.LDA, ldb, g.LDC, g.P0, g.P1, g.TransA, transB, g.Accumulate, g.Bias != nil, g.Act)
			packed, check := poisoned(kernel.PackedLen(k, n))
			s.Pack(packed, b, ldb, k, n, transB, 0, kernel.Panels(n))
			check(t, "pack "+what)
			c, check := poisoned(m * g.LDC)
			if g.Accumulate {
				copy(c, numbers(r, len(c), true))
			}
			want := append([]float32(nil), c...)
			g.B, g.C = packed, c
			s.Gemm(&g)
			check(t, what)
			wantGemm(&g, b, ldb, transB, want)
			compare(t, what, c, want)
		}
	}
}

func toBF16(x float32) float32 {
	bits := math.Float32bits(x)
	return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
}

func TestGemmBF16(t *testing.T) {
	r := source(t)
	levels := runnable(t)
	for i, s := range append(levels, bf16Ways()...) {
		packer := s
		if i >= len(levels) {
			packer = levels[0]
		}
		for range 60 {
			m, n, k := r.IntN(40), 1+r.IntN(140), r.IntN(300)
			if r.IntN(6) == 0 {
				m = 60 + r.IntN(80)
			}
			g, b, ldb, transB := gemmCase(r, m, n, k)
			g.A, b, g.Act = numbers(r, len(g.A), false), numbers(r, len(b), false), 0
			if g.Bias != nil {
				g.Bias = numbers(r, n, false)
			}
			what := fmt.Sprintf("%s m %d n %d k %d lda %d ldb %d ldc %d panels %d-%d transA %t transB %t acc %t bias %t", s.name,
				m, n, k, g.LDA, ldb, g.LDC, g.P0, g.P1, g.TransA, transB, g.Accumulate, g.Bias != nil)
			g.BF16 = make([]uint16, kernel.PackedLen(k+k%2, n))
			packer.PackBF16(g.BF16, b, ldb, k, n, transB, 0, kernel.Panels(n))
			c, check := poisoned(m * g.LDC)
			if g.Accumulate {
				copy(c, numbers(r, len(c), false))
			}
			want := append([]float32(nil), c...)
			g.C = c
			s.GemmBF16(&g)
			check(t, what)
			for i := range b {
				b[i] = toBF16(b[i])
			}
			h := g
			h.A = append([]float32(nil), g.A...)
			for i := range h.A {
				h.A[i] = toBF16(h.A[i])
			}
			wantGemm(&h, b, ldb, transB, want)
			var diff, norm float64
			for i, w := range want {
				if w != w {
					if c[i] == c[i] {
						t.Fatalf("%s: wrote element %d", what, i)
					}
					continue
				}
				d := float64(c[i] - w)
				diff, norm = diff+d*d, norm+float64(w)*float64(w)
			}
			if !(math.Sqrt(diff) <= 1e-5*math.Sqrt(float64(k+1))*math.Sqrt(norm)) {
				t.Fatalf("%s: relative error %g", what, math.Sqrt(diff/norm))
			}
		}
	}
}
