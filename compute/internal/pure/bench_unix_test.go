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
			b.Run(fmt.Sprintf("%s/bf16/%dx%dx%d", s.Name(), m, n, k), func(b *testing.B) {
				g := &kernel.Gemm{C: make([]float32, m*n), LDC: n, A: make([]float32, m*k), LDA: k, BF16: make([]uint16, kernel.PackedLen(k, n)),
					M: m, N: n, K: k, P1: kernel.Panels(n)}
				rate(b, 2*float64(m)*float64(n)*float64(k), "GFLOP/s", func() { s.GemmBF16(g) })
			})
		}
	}
}

// BenchmarkDecode is what a step of a model of width 512 is made of besides its
// matrix products, in millions of elements a second: positions times width for
// attention.
func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const t, d, n = 256, 64, 1024
	q, k, v, out, scratch := numbers(r, d, false), numbers(r, t*d, false), numbers(r, t*d, false), make([]float32, t*d), make([]float32, kernel.AttentionScratch(t, d))
	k16, v16 := make([]uint16, t*d), make([]uint16, t*d)
	x, y, z, w := numbers(r, n, false), numbers(r, n, false), numbers(r, n, false), numbers(r, n, false)
	h := &kernel.Head{T: t, D: d, LD: d, LDO: d, Scale: 0.1, Causal: true, Scratch: scratch}
	lse := make([]float32, t)
	tokens, ids, steps := make([]int32, 1), make([]uint64, 1), make([]uint32, 1)
	weights, m1, m2 := numbers(r, n, false), make([]float32, n), make([]float32, n)
	adam := &kernel.AdamW{LR: 1e-9, Beta1: 0.9, Beta2: 0.99, Eps: 1}
	for _, s := range allSets() {
		s.ToBF16(k16, k)
		s.ToBF16(v16, v)
		for _, c := range []struct {
			name  string
			units int
			f     func()
		}{
			{"decode", t * d, func() { s.Decode(out, q, k, v, t, d, 0.1, scratch) }},
			{"decode-bf16", t * d, func() { s.DecodeBF16(out, q, k16, v16, t, d, 0.1, scratch) }},
			{"attend", t * t / 2 * d, func() { s.Attend(out, lse, k, k, v, h) }},
			{"attend-grad", t * t / 2 * d, func() { s.AttendGrad(out, out, out, v, k, lse, k, k, v, h) }},
			{"softmax", n, func() { s.Softmax(x, y, n, nil) }},
			{"gelu", n, func() { s.Unary(kernel.GELU, x, y) }},
			{"gelu-grad", n, func() { s.UnaryGrad(kernel.GELU, x, y, z, w) }},
			{"layer-norm", n, func() { s.LayerNorm(x, lse[:1], lse[:1], y, z, w, n, 1e-5) }},
			{"add", n, func() { s.Binary(kernel.Add, x, y, z) }},
			{"cross-entropy", n, func() { s.CrossEntropy(lse[:1], x, y, tokens, n, -1, 1) }},
			{"gumbel", n, func() { s.GumbelMax(tokens, x, n, 1, nil, [2]uint32{}, ids, steps) }},
			{"adamw", n, func() { s.AdamW(weights, m1, m2, w, adam) }},
		} {
			b.Run(s.Name()+"/"+c.name, func(b *testing.B) { rate(b, 1000*float64(c.units), "M/s", c.f) })
		}
	}
}

// BenchmarkPack is in millions of numbers a second.
func BenchmarkPack(b *testing.B) {
	const n, k = 512, 512
	w := numbers(rand.New(rand.NewPCG(1, 1)), n*k, false)
	packed, halves := make([]float32, kernel.PackedLen(k, n)), make([]uint16, kernel.PackedLen(k, n))
	for _, s := range Assembly()[:1] {
		for _, trans := range []bool{false, true} {
			b.Run(fmt.Sprint("float32/", trans), func(b *testing.B) {
				rate(b, 1000*n*k, "M/s", func() { s.Pack(packed, w, n, k, n, trans, 0, kernel.Panels(n)) })
			})
			b.Run(fmt.Sprint("bf16/", trans), func(b *testing.B) {
				rate(b, 1000*n*k, "M/s", func() { s.PackBF16(halves, w, n, k, n, trans, 0, kernel.Panels(n)) })
			})
		}
	}
}
