//go:build cgo

package cpu

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// cpuTime is the time this thread has run, which other work on the machine
// disturbs less than the time of day.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// rowBench is a kernel over rows of n numbers, m in all.
type rowBench struct {
	name  string
	bytes int // read and written for each of the m*n numbers
	run   func(s kernel.Set, d *benchData)
}

type benchData struct {
	m, n              int
	x, y, z, w        []float32
	gamma, beta       []float32
	a, b              []float32 // one number a row
	tokens            []int32
	mask              []uint8
	half              []uint16
	gram              []float64
	ids               []uint64
	step              []uint32
	targets           []int32
	columns, columns2 []float32
	centroids         []float32
}

func newBenchData(m, n int) *benchData {
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	d := &benchData{m: m, n: n, x: fill(m * n), y: fill(m * n), z: fill(m * n), w: fill(m * n), gamma: fill(n), beta: fill(n),
		a: fill(m), b: fill(m), tokens: make([]int32, m), mask: make([]uint8, m*n), half: make([]uint16, m*n),
		gram: make([]float64, n*n), ids: make([]uint64, m), step: make([]uint32, m), targets: make([]int32, m),
		columns: fill(n), columns2: fill(n), centroids: fill(64 * n)}
	for i := range d.mask {
		d.mask[i] = uint8(r.IntN(2))
	}
	for i := range d.w {
		d.w[i] *= d.w[i] // second moments
	}
	return d
}

var step = &kernel.AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, Correction1: 10, Correction2: 1000, GradScale: 1}

var rowBenches = []rowBench{
	{"add", 12, func(s kernel.Set, d *benchData) { s.Binary(kernel.Add, d.z, d.x, d.y) }},
	{"addRow", 8, func(s kernel.Set, d *benchData) { s.BinaryRow(kernel.Add, d.z, d.x, d.gamma) }},
	{"max", 12, func(s kernel.Set, d *benchData) { s.Binary(kernel.Max, d.z, d.x, d.y) }},
	{"div", 12, func(s kernel.Set, d *benchData) { s.Binary(kernel.Div, d.z, d.x, d.y) }},
	{"axpby", 12, func(s kernel.Set, d *benchData) { s.AXPBY(d.z, 0.5, d.x, 0.25, d.y) }},
	{"where", 13, func(s kernel.Set, d *benchData) { s.Where(d.z, d.mask, d.x, d.y) }},
	{"relu", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.ReLU, d.z, d.x) }},
	{"exp", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.Exp, d.z, d.x) }},
	{"log", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.Log, d.z, d.w) }},
	{"tanh", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.Tanh, d.z, d.x) }},
	{"gelu", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.GELU, d.z, d.x) }},
	{"geluGrad", 12, func(s kernel.Set, d *benchData) { s.UnaryGrad(kernel.GELU, d.z, d.y, d.x, d.x) }},
	{"silu", 8, func(s kernel.Set, d *benchData) { s.Unary(kernel.SiLU, d.z, d.x) }},
	{"toBF16", 6, func(s kernel.Set, d *benchData) { s.ToBF16(d.half, d.x) }},
	{"fromBF16", 6, func(s kernel.Set, d *benchData) { s.FromBF16(d.z, d.half) }},
	{"dropout", 8, func(s kernel.Set, d *benchData) { s.Dropout(d.z, d.x, 0.1, 1.1, [2]uint32{1, 2}, 3, 4, 5) }},
	{"rowSum", 4, func(s kernel.Set, d *benchData) { s.RowReduce(kernel.ReduceSum, d.a, d.x, d.n) }},
	{"rowMax", 4, func(s kernel.Set, d *benchData) { s.RowReduce(kernel.ReduceMax, d.a, d.x, d.n) }},
	{"rowDot", 8, func(s kernel.Set, d *benchData) { s.RowDot(d.a, d.x, d.y, d.n) }},
	{"argMax", 4, func(s kernel.Set, d *benchData) { s.ArgMax(d.tokens, d.x, d.n) }},
	{"colSum", 4, func(s kernel.Set, d *benchData) { s.ColReduce(kernel.ReduceSum, d.columns, d.x, d.m, d.n, 0, d.n) }},
	{"colMax", 4, func(s kernel.Set, d *benchData) { s.ColReduce(kernel.ReduceMax, d.columns, d.x, d.m, d.n, 0, d.n) }},
	{"gram", 4, func(s kernel.Set, d *benchData) { s.Gram(d.gram, d.x, d.m, d.n, 0, d.n) }},
	{"nearestRow", 4, func(s kernel.Set, d *benchData) { s.NearestRow(d.tokens, d.a, d.x, d.centroids, 64, d.n) }},
	{"sumSquares64", 4, func(s kernel.Set, d *benchData) {
		for i := 0; i < len(d.x); i += 65536 {
			s.SumSquares64(d.x[i:min(i+65536, len(d.x))])
		}
	}},
	{"softmax", 8, func(s kernel.Set, d *benchData) { s.Softmax(d.z, d.x, d.n, nil) }},
	{"softmaxMask", 9, func(s kernel.Set, d *benchData) { s.Softmax(d.z, d.x, d.n, d.mask) }},
	{"logSoftmax", 8, func(s kernel.Set, d *benchData) { s.LogSoftmax(d.z, d.x, d.n, nil) }},
	{"softmaxGrad", 12, func(s kernel.Set, d *benchData) { s.SoftmaxGrad(d.z, d.x, d.y, d.n) }},
	{"layerNorm", 8, func(s kernel.Set, d *benchData) { s.LayerNorm(d.z, d.a, d.b, d.x, d.gamma, d.beta, d.n, 1e-5) }},
	{"layerNormGrad", 12, func(s kernel.Set, d *benchData) { s.LayerNormGrad(d.z, d.y, d.x, d.a, d.b, d.gamma, d.n) }},
	{"layerNormParamGrad", 8, func(s kernel.Set, d *benchData) {
		s.LayerNormParamGrad(d.columns, d.columns2, d.y, d.x, d.a, d.b, d.m, d.n, 0, d.n)
	}},
	{"rmsNorm", 8, func(s kernel.Set, d *benchData) { s.RMSNorm(d.z, d.a, d.x, d.gamma, d.n, 1e-5) }},
	{"rmsNormGrad", 12, func(s kernel.Set, d *benchData) { s.RMSNormGrad(d.z, d.y, d.x, d.a, d.gamma, d.n) }},
	{"crossEntropy", 8, func(s kernel.Set, d *benchData) { s.CrossEntropy(d.a, d.z, d.x, d.targets, d.n, -1, 1) }},
	{"softCrossEntropy", 12, func(s kernel.Set, d *benchData) { s.SoftCrossEntropy(d.a, d.z, d.x, d.y, d.n, 1) }},
	{"forwardKL", 12, func(s kernel.Set, d *benchData) { s.Divergence(kernel.ForwardKL, d.a, d.z, d.x, d.y, d.n, 1, 1) }},
	{"jensenShannon", 12, func(s kernel.Set, d *benchData) { s.Divergence(kernel.JensenShannon, d.a, d.z, d.x, d.y, d.n, 1, 1) }},
	{"adamW", 28, func(s kernel.Set, d *benchData) { s.AdamW(d.z, d.y, d.w, d.x, step) }},
	{"gumbelMax", 4, func(s kernel.Set, d *benchData) {
		s.GumbelMax(d.tokens, d.x, d.n, 0.7, nil, [2]uint32{1, 2}, d.ids, d.step)
	}},
}

func TestRowsAllocateNothing(t *testing.T) {
	d := newBenchData(4, 50)
	for _, s := range Sets() {
		for _, k := range rowBenches {
			if n := testing.AllocsPerRun(5, func() { k.run(s, d) }); n != 0 {
				t.Errorf("%s of %s allocates %v times a call", k.name, s.Name(), n)
			}
		}
	}
}

// BenchmarkRows reports the rate of each kernel in numbers and bytes, and that of
// copying as many bytes in the same run, by the time of the thread.
func BenchmarkRows(b *testing.B) {
	for _, size := range []struct {
		name string
		m, n int
	}{{"cache", 64, 512}, {"memory", 8192, 1024}} {
		d := newBenchData(size.m, size.n)
		for _, s := range Sets() {
			for _, k := range rowBenches {
				b.Run(size.name+"/"+k.name+"/"+s.Name(), func(b *testing.B) { benchRow(b, s, d, k) })
			}
		}
	}
}

func benchRow(b *testing.B, s kernel.Set, d *benchData, k rowBench) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var computing, copying time.Duration
	source, target := make([]float32, len(d.x)), make([]float32, len(d.x))
	rounds := 0
	for b.Loop() {
		t0 := cpuTime()
		k.run(s, d)
		t1 := cpuTime()
		copy(target, source)
		copying += cpuTime() - t1
		computing += t1 - t0
		rounds++
	}
	numbers := float64(rounds) * float64(len(d.x))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(numbers/computing.Seconds()/1e6, "M/s")
	b.ReportMetric(float64(k.bytes)*numbers/computing.Seconds()/1e9, "GB/s")
	b.ReportMetric(8*numbers/copying.Seconds()/1e9, "GB/s-copy")
}
