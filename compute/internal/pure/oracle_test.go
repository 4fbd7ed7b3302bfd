package pure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// numbers are n numbers of the normal distribution, some of them special.
func numbers(r *rand.Rand, n int, special bool) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		if special && r.IntN(20) == 0 {
			x[i] = []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), negInf, nan,
				1e-40, -1e-40, 3e38, -3e38, 1e-30, 87, -87, 100}[r.IntN(13)]
		}
	}
	return x
}

func poisoned(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = nan
	}
	return x
}

// same reports the first difference in bits; NaNs are equal.
func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s: element %d of %d is %v (%08x), want %v (%08x)", what, i, len(got),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// attendOracle is the definition in loops.
func attendOracle(out, lse, q, k, v []float32, h *kernel.Head) {
	for i := range h.T {
		n := h.T
		if h.Causal {
			n = i + 1
		}
		s := make([]float32, n)
		for j := range s {
			c := float32(0)
			for x := range h.D {
				c = exact.FMA(q[i*h.LD+x], k[j*h.LD+x], c)
			}
			s[j] = float32(c * h.Scale)
		}
		m := exact.Max(s)
		for j := range s {
			s[j] = exact.Exp(s[j] - m)
		}
		l := exact.Sum(s)
		for x := range h.D {
			c := float32(0)
			for j := range s {
				c = exact.FMA(s[j], v[j*h.LD+x], c)
			}
			out[i*h.LDO+x] = float32(c * (1 / l))
		}
		lse[i] = m + exact.Log(l)
	}
}

func attendGradOracle(dq, dk, dv, dout, out, lse, q, k, v []float32, h *kernel.Head) {
	for j := range h.T {
		for x := range h.D {
			dq[j*h.LD+x], dk[j*h.LD+x], dv[j*h.LD+x] = 0, 0, 0
		}
	}
	for i := range h.T {
		n := h.T
		if h.Causal {
			n = i + 1
		}
		e := exact.Dot(dout[i*h.LDO:][:h.D], out[i*h.LDO:][:h.D])
		for j := range n {
			var c, dp float32
			for x := range h.D {
				c = exact.FMA(q[i*h.LD+x], k[j*h.LD+x], c)
				dp = exact.FMA(dout[i*h.LDO+x], v[j*h.LD+x], dp)
			}
			p := exact.Exp(float32(c*h.Scale) - lse[i])
			ds := float32(float32(p*(dp-e)) * h.Scale)
			for x := range h.D {
				at := j*h.LD + x
				dq[i*h.LD+x] = exact.FMA(ds, k[at], dq[i*h.LD+x])
				dk[at] = exact.FMA(ds, q[i*h.LD+x], dk[at])
				dv[at] = exact.FMA(p, dout[i*h.LDO+x], dv[at])
			}
		}
	}
}

func TestAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range exactSets() {
		for _, c := range []struct{ t, d int }{{1, 1}, {2, 3}, {13, 32}, {33, 64}, {64, 8}, {65, 33}, {130, 16}, {77, 40}} {
			for _, causal := range []bool{false, true} {
				for _, special := range []bool{false, true} {
					h := &kernel.Head{T: c.t, D: c.d, LD: 3*c.d + 5, LDO: c.d + 2, Scale: 0.3, Causal: causal,
						Scratch: poisoned(kernel.AttentionScratch(c.t, c.d))}
					in := func(ld int) []float32 { return numbers(r, (c.t-1)*ld+c.d, special && r.IntN(2) == 0) }
					q, k, v, dout := in(h.LD), in(h.LD), in(h.LD), in(h.LDO)
					out, wantOut := poisoned(len(dout)), poisoned(len(dout))
					lse, wantLSE := poisoned(c.t), poisoned(c.t)
					s.Attend(out, lse, q, k, v, h)
					attendOracle(wantOut, wantLSE, q, k, v, h)
					same(t, "out", out, wantOut)
					same(t, "lse", lse, wantLSE)
					var got, want [3][]float32
					for i := range got {
						got[i], want[i] = poisoned(len(q)), poisoned(len(q))
					}
					s.AttendGrad(got[0], got[1], got[2], dout, out, lse, q, k, v, h)
					attendGradOracle(want[0], want[1], want[2], dout, out, lse, q, k, v, h)
					for i, name := range []string{"dq", "dk", "dv"} {
						same(t, name, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestGemm(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range exactSets() {
		for range 60 {
			m, n, k := r.IntN(30), 1+r.IntN(100), r.IntN(40)
			if r.IntN(4) == 0 {
				k += 250
			}
			trans, transA, acc, act := r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0, kernel.Act(r.IntN(5))
			ldb := n + r.IntN(4)
			b := numbers(r, k*ldb, r.IntN(4) == 0)
			if trans {
				ldb = k + r.IntN(4)
				b = numbers(r, n*ldb, false)
			}
			packed := poisoned(kernel.PackedLen(k, n))
			s.Pack(packed, b, ldb, k, n, trans, 0, kernel.Panels(n))
			lda := k + r.IntN(3)
			a := numbers(r, m*lda, false)
			if transA {
				lda = m + r.IntN(3)
				a = numbers(r, k*lda, false)
			}
			g := &kernel.Gemm{C: numbers(r, m*(n+3), false), LDC: n + 3, A: a, LDA: lda, B: packed,
				M: m, N: n, K: k, P1: kernel.Panels(n), TransA: transA, Accumulate: acc, Act: act}
			if r.IntN(2) == 0 {
				g.Bias = numbers(r, n, false)
			}
			want := append([]float32(nil), g.C...)
			for i := range m {
				for j := range n {
					c := float32(0)
					if acc {
						c = want[i*g.LDC+j]
					}
					for l := range k {
						x, y := i*lda+l, l*ldb+j
						if transA {
							x = l*lda + i
						}
						if trans {
							y = j*ldb + l
						}
						c = exact.FMA(a[x], b[y], c)
					}
					if g.Bias != nil {
						c += g.Bias[j]
					}
					switch act {
					case kernel.ActReLU:
						if c <= 0 {
							c = 0
						}
					case kernel.ActGELU:
						c = exact.GELU(c)
					case kernel.ActSiLU:
						c = exact.SiLU(c)
					case kernel.ActTanh:
						c = exact.Tanh(c)
					}
					want[i*g.LDC+j] = c
				}
			}
			s.Gemm(g)
			same(t, "c", g.C, want)
		}
	}
}
