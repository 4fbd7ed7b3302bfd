//go:build cgo

package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// BenchmarkGemm reports the rate and its ratio to the FMA peak of the level.
func BenchmarkGemm(b *testing.B) {
	shapes := []struct{ m, n, k int }{{512, 512, 512}, {1024, 1024, 1024}, {64, 512, 512}, {64, 2048, 512}, {64, 512, 2048},
		{128, 1536, 512}, {16, 512, 512}, {8, 512, 512}, {4, 512, 512}, {1, 2048, 512}}
	for _, s := range runnable(b) {
		if s.name == "c" {
			continue
		}
		peak := FMAPeak(s.name, 0.3)
		for _, d := range shapes {
			for _, packing := range []bool{false, true} {
				if packing && d.m < 512 {
					continue
				}
				b.Run(fmt.Sprintf("%s/%dx%dx%d/packing=%t", s.name, d.m, d.n, d.k, packing), func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 2))
					x := numbers(r, d.k*d.n, false)
					g := kernel.Gemm{M: d.m, N: d.n, K: d.k, LDA: d.k, LDC: d.n, P1: kernel.Panels(d.n),
						A: numbers(r, d.m*d.k, false), C: make([]float32, d.m*d.n), B: make([]float32, kernel.PackedLen(d.k, d.n))}
					s.Pack(g.B, x, d.n, d.k, d.n, false, 0, g.P1)
					for b.Loop() {
						if packing {
							s.Pack(g.B, x, d.n, d.k, d.n, false, 0, g.P1)
						}
						s.Gemm(&g)
					}
					rate := 2 * float64(d.m) * float64(d.n) * float64(d.k) * float64(b.N) / b.Elapsed().Seconds() / 1e9
					b.ReportMetric(rate, "GFLOP/s")
					b.ReportMetric(rate/peak, "of-peak")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
