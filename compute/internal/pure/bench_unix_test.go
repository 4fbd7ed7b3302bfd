//go:build unix

package pure

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

func allSets() []kernel.Set { return append(Assembly(), Fast(), Exact()) }

// cpuTime is the processor time of the process: other processes do not slow it.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rate runs f and reports how many of the units it does a nanosecond of
// processor time.
func rate(b *testing.B, units float64, name string, f func()) {
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		f()
	}
	b.ReportMetric(units*float64(b.N)/float64(cpuTime()-start), name)
}

func BenchmarkGemm(b *testing.B) {
	for _, s := range allSets() {
		for _, d := range [][3]int{{512, 512, 512}, {64, 512, 512}, {1, 2048, 512}} {
			m, n, k := d[0], d[1], d[2]
			if s.Name() == "purego" {
				m = min(m, 16)
			}
			b.Run(fmt.Sprintf("%s/%dx%dx%d", s.Name(), m, n, k), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				packed := make([]float32, kernel.PackedLen(k, n))
				s.Pack(packed, numbers(r, k*n, false), n, k, n, false, 0, kernel.Panels(n))
				g := &kernel.Gemm{C: make([]float32, m*n), LDC: n, A: numbers(r, m*k, false), LDA: k, B: packed,
					M: m, N: n, K: k, P1: kernel.Panels(n)}
				rate(b, 2*float64(m)*float64(n)*float64(k), "GFLOP/s", func() { s.Gemm(g) })
			})
		}
	}
}
