//go:build cgo

package cpu

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// typical runs f until the benchmark ends and returns the lower quartile of the
// time that this thread had on a processor in a run: what others do on the machine
// counts little.
func typical(b *testing.B, f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now := func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
			b.Fatal(err)
		}
		return time.Duration(t.Nano())
	}
	var runs []time.Duration
	for b.Loop() {
		start := now()
		f()
		runs = append(runs, now()-start)
	}
	b.ReportMetric(0, "ns/op")
	slices.Sort(runs)
	return runs[len(runs)/4]
}

// rate reports operations a second and their ratio to the peak of FMAPeak, which
// is measured next to them, as clocks go up and down.
func rate(b *testing.B, s set, operations int, took time.Duration) {
	r := float64(operations) / took.Seconds() / 1e9
	b.ReportMetric(r, "GFLOP/s")
	b.ReportMetric(r/FMAPeak(s.name, 0.1), "of-peak")
}

// fast are the levels worth measuring.
func fast(b *testing.B, f func(b *testing.B, s set)) {
	for _, s := range runnable(b) {
		if s.name != "c" {
			b.Run(s.name, func(b *testing.B) { f(b, s) })
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	shapes := []struct{ m, n, k int }{{512, 512, 512}, {1024, 1024, 1024}, {64, 512, 512}, {64, 2048, 512}, {64, 512, 2048},
		{128, 1536, 512}, {16, 512, 512}, {8, 512, 512}, {4, 512, 512}, {1, 2048, 512}}
	fast(b, func(b *testing.B, s set) {
		for _, d := range shapes {
			r := rand.New(rand.NewPCG(1, 2))
			x := numbers(r, d.k*d.n, false)
			g := kernel.Gemm{M: d.m, N: d.n, K: d.k, LDA: d.k, LDC: d.n, P1: kernel.Panels(d.n), A: numbers(r, d.m*d.k, false),
				C: make([]float32, d.m*d.n), B: make([]float32, kernel.PackedLen(d.k, d.n)), BF16: make([]uint16, kernel.PackedLen(d.k, d.n))}
			s.Pack(g.B, x, d.n, d.k, d.n, false, 0, g.P1)
			s.PackBF16(g.BF16, x, d.n, d.k, d.n, false, 0, g.P1)
			name := fmt.Sprintf("%dx%dx%d", d.m, d.n, d.k)
			run := func(name string, f func()) {
				b.Run(name, func(b *testing.B) { rate(b, s, 2*d.m*d.n*d.k, typical(b, f)) })
			}
			run(name, func() { s.Gemm(&g) })
			run(name+"/bf16", func() { s.GemmBF16(&g) })
			if d.m >= 512 {
				run(name+"/packing", func() {
					s.Pack(g.B, x, d.n, d.k, d.n, false, 0, g.P1)
					s.Gemm(&g)
				})
			}
		}
	})
}

// BenchmarkAttention is a causal head of 256 positions of width 64, its gradient,
// and decoding at its end from caches that are not in the processor's.
func BenchmarkAttention(b *testing.B) {
	const t, d, heads = 256, 64, 256
	fast(b, func(b *testing.B, s set) {
		r := rand.New(rand.NewPCG(1, 2))
		h := kernel.Head{T: t, D: d, LD: 3 * 512, LDO: 512, Scale: 0.125, Causal: true, Scratch: make([]float32, kernel.AttentionScratch(t, d))}
		x, g := numbers(r, t*h.LD, false), make([]float32, t*h.LD)
		out, lse := make([]float32, t*h.LDO), make([]float32, t)
		k, k16 := numbers(r, heads*t*d, false), make([]uint16, heads*t*d)
		for i := range k16 {
			k16[i] = 0x3f80
		}
		b.Run("forward", func(b *testing.B) {
			rate(b, s, 2*t*t*d, typical(b, func() { s.Attend(out, lse, x, x[512:], x[1024:], &h) }))
		})
		b.Run("gradient", func(b *testing.B) {
			rate(b, s, 5*t*t*d, typical(b, func() {
				s.AttendGrad(g, g[512:], g[1024:], out, out, lse, x, x[512:], x[1024:], &h)
			}))
		})
		b.Run("decode", func(b *testing.B) {
			took := typical(b, func() {
				for i := 0; i < len(k); i += 2 * t * d {
					s.Decode(out, x, k[i:], k[i+t*d:], t, d, 0.125, h.Scratch)
				}
			})
			b.ReportMetric(float64(4*len(k))/took.Seconds()/1e9, "GB/s")
		})
		b.Run("decode/bf16", func(b *testing.B) {
			took := typical(b, func() {
				for i := 0; i < len(k); i += 2 * t * d {
					s.DecodeBF16(out, x, k16[i:], k16[i+t*d:], t, d, 0.125, h.Scratch)
				}
			})
			b.ReportMetric(float64(2*len(k))/took.Seconds()/1e9, "GB/s")
		})
	})
}
