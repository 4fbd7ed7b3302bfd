//go:build cgo

package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// weights turns scores into exp(s-max), their sum and the maximum.
func weights(s []float32) (p []float32, l, m float32) {
	m = exact.Max(s)
	p = make([]float32, len(s))
	for j, x := range s {
		p[j] = exact.Exp(x - m)
	}
	return p, exact.Sum(p), m
}

// chain is the sum of products of n elements at distances dx and dy.
func chain(x []float32, dx int, y []float32, dy, n int) float32 {
	sum := float32(0)
	for i := range n {
		sum = exact.FMA(x[i*dx], y[i*dy], sum)
	}
	return sum
}

func seenBy(h *kernel.Head, i int) int {
	if h.Causal {
		return i + 1
	}
	return h.T
}

func wantAttend(out, lse, q, k, v []float32, h *kernel.Head) {
	for i := range h.T {
		s := make([]float32, seenBy(h, i))
		for j := range s {
			s[j] = chain(q[i*h.LD:], 1, k[j*h.LD:], 1, h.D) * h.Scale
		}
		p, l, m := weights(s)
		lse[i] = m + exact.Log(l)
		for x := range h.D {
			out[i*h.LDO+x] = chain(p, 1, v[x:], h.LD, len(p)) * (1 / l)
		}
	}
}

func wantAttendGrad(dq, dk, dv, dout, out, lse, q, k, v []float32, h *kernel.Head) {
	for j := range h.T {
		for x := range h.D {
			dk[j*h.LD+x], dv[j*h.LD+x] = 0, 0
		}
	}
	for i := range h.T {
		e := exact.Dot(dout[i*h.LDO:i*h.LDO+h.D], out[i*h.LDO:i*h.LDO+h.D])
		n := seenBy(h, i)
		ds := make([]float32, n)
		for j := range n {
			s := chain(q[i*h.LD:], 1, k[j*h.LD:], 1, h.D) * h.Scale
			p := exact.Exp(s - lse[i])
			dp := chain(dout[i*h.LDO:], 1, v[j*h.LD:], 1, h.D)
			ds[j] = float32(p*(dp-e)) * h.Scale
			for x := range h.D {
				dk[j*h.LD+x] = exact.FMA(ds[j], q[i*h.LD+x], dk[j*h.LD+x])
				dv[j*h.LD+x] = exact.FMA(p, dout[i*h.LDO+x], dv[j*h.LD+x])
			}
		}
		for x := range h.D {
			dq[i*h.LD+x] = chain(ds, 1, k[x:], h.LD, n)
		}
	}
}

func TestAttend(t *testing.T) {
	r := source(t)
	for _, s := range runnable(t) {
		for range 40 {
			h := kernel.Head{T: 1 + r.IntN(40), D: 1 + r.IntN(70), Causal: r.IntN(3) > 0, Scale: 0.125}
			switch r.IntN(4) {
			case 0:
				h.T, h.D = 60+r.IntN(100), 1+r.IntN(20)
			case 1:
				h.D = 64
			}
			h.LD, h.LDO = h.D*(1+r.IntN(3))+r.IntN(5), h.D+r.IntN(2)*r.IntN(30)
			what := fmt.Sprintf("%s T %d D %d LD %d LDO %d causal %t", s.name, h.T, h.D, h.LD, h.LDO, h.Causal)
			scratch, checkScratch := poisoned(kernel.AttentionScratch(h.T, h.D))
			h.Scratch = scratch
			in, ino := (h.T-1)*h.LD+h.D, (h.T-1)*h.LDO+h.D
			wild := r.IntN(2) == 0
			q, k, v, dout := numbers(r, in, wild && r.IntN(2) == 0), numbers(r, in, wild && r.IntN(2) == 0),
				numbers(r, in, wild), numbers(r, ino, wild && r.IntN(2) == 0)
			out, checkOut := poisoned(ino)
			lse, checkLSE := poisoned(h.T)
			wantOut, wantLSE := append([]float32(nil), out...), make([]float32, h.T)
			s.Attend(out, lse, q, k, v, &h)
			checkScratch(t, what)
			checkOut(t, what)
			checkLSE(t, what)
			wantAttend(wantOut, wantLSE, q, k, v, &h)
			compare(t, what+" lse", lse, wantLSE)
			compare(t, what+" out", out, wantOut)

			var got, want [3][]float32
			var check [3]func(*testing.T, string)
			for i := range got {
				got[i], check[i] = poisoned(in)
				want[i] = append([]float32(nil), got[i]...)
			}
			s.AttendGrad(got[0], got[1], got[2], dout, out, lse, q, k, v, &h)
			wantAttendGrad(want[0], want[1], want[2], dout, out, lse, q, k, v, &h)
			checkScratch(t, what)
			for i, name := range []string{"dq", "dk", "dv"} {
				check[i](t, what+" "+name)
				compare(t, what+" "+name, got[i], want[i])
			}
		}
	}
}

// A causal row is the same whatever comes after it.
func TestAttendIsCausal(t *testing.T) {
	r := source(t)
	for _, s := range runnable(t) {
		h := kernel.Head{T: 100, D: 24, LD: 24, LDO: 24, Causal: true, Scale: 0.2, Scratch: make([]float32, kernel.AttentionScratch(100, 24))}
		q, k, v := numbers(r, 2400, false), numbers(r, 2400, false), numbers(r, 2400, false)
		out, lse := make([]float32, 2400), make([]float32, 100)
		s.Attend(out, lse, q, k, v, &h)
		for _, from := range []int{1, 13, 14, 63, 64, 77, 99} {
			nan := float32(math.NaN())
			k2, v2 := append([]float32(nil), k...), append([]float32(nil), v...)
			for i := from * 24; i < 2400; i++ {
				k2[i], v2[i] = nan, nan
			}
			out2, lse2 := make([]float32, 2400), make([]float32, 100)
			s.Attend(out2, lse2, q, k2, v2, &h)
			compare(t, s.name, out2[:from*24], out[:from*24])
			compare(t, s.name, lse2[:from], lse[:from])
		}
	}
}

func TestDecode(t *testing.T) {
	r := source(t)
	for _, s := range runnable(t) {
		for i := range 200 {
			n, d := 1+r.IntN(90), 1+r.IntN(150)
			if i%3 == 0 {
				d = 64
			}
			what := fmt.Sprintf("%s t %d d %d", s.name, n, d)
			q, k, v := numbers(r, d, false), numbers(r, n*d, i%2 == 0), numbers(r, n*d, i%2 == 0)
			k16, v16 := make([]uint16, n*d), make([]uint16, n*d)
			half := i%4 < 2
			if half {
				for i := range k {
					k16[i], v16[i] = uint16(math.Float32bits(k[i])>>16), uint16(math.Float32bits(v[i])>>16)
					k[i], v[i] = math.Float32frombits(uint32(k16[i])<<16), math.Float32frombits(uint32(v16[i])<<16)
				}
			}
			scores := make([]float32, n)
			for j := range scores {
				scores[j] = exact.Dot(q, k[j*d:j*d+d]) * 0.3
			}
			p, l, _ := weights(scores)
			want := make([]float32, d)
			for x := range want {
				want[x] = chain(p, 1, v[x:], d, n) * (1 / l)
			}
			out, check := poisoned(d)
			scratch, checkScratch := poisoned(n + exact.Lanes)
			if half {
				s.DecodeBF16(out, q, k16, v16, n, d, 0.3, scratch)
			} else {
				s.Decode(out, q, k, v, n, d, 0.3, scratch)
			}
			check(t, what)
			checkScratch(t, what)
			compare(t, what, out, want)
		}
	}
}
