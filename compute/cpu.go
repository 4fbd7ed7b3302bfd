package compute

import (
	"context"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// cpuBackend is the Backend of CPU devices: it checks, splits and calls kernels.
//
// Each operation is a struct with its operands and a method that does part of
// the work. The backend has one of each, so that an operation allocates nothing.
type cpuBackend struct {
	dev *Device
	ctx context.Context
	set kernel.Set
	err error

	rows rowJob
	ops  cpuOps
}

func newCPUBackend(ctx context.Context, d *Device) *cpuBackend {
	b := &cpuBackend{dev: d, ctx: ctx, set: d.set}
	b.ops.gemm.cells = make([]kernel.Gemm, d.team.size)
	b.ops.attend.heads = make([]kernel.Head, d.team.size)
	return b
}

// cpuOps are the operations' structs.
type cpuOps struct {
	pack      packOp
	gemm      gemmOp
	convert   convertOp
	permute   permuteOp
	strided   stridedOp
	gather    gatherOp
	scatter   scatterOp
	unary     unaryOp
	binary    binaryOp
	axpby     axpbyOp
	where     whereOp
	dropout   dropoutOp
	reduce    reduceOp
	argMax    argMaxOp
	topK      topKOp
	softmax   softmaxOp
	norm      normOp
	normParam normParamOp
	attend    attendOp
	append    appendOp
	decode    decodeOp
	loss      lossOp
	twoHot    twoHotOp
	adamW     adamWOp
	squares   squaresOp
	sample    sampleOp
	gram      gramOp
	nearest   nearestOp
	minHash   minHashOp
}

func (b *cpuBackend) Device() *Device { return b.dev }
func (b *cpuBackend) Err() error      { return b.err }
func (b *cpuBackend) Wait() error     { return b.err }

// begin takes the device for an operation; it is false after a failure.
func (b *cpuBackend) begin() bool {
	if b.err == nil {
		b.err = b.dev.team.enter(b.ctx)
	}
	return b.err == nil
}

func (b *cpuBackend) end() { b.dev.team.leave() }

// do runs a job within begin and end.
func (b *cpuBackend) do(j job, parts int) {
	if b.err == nil {
		b.err = b.dev.team.run(b.ctx, j, parts)
	}
}

// A ranger works on a range of rows, or of whatever it counts.
type ranger interface{ span(lo, hi, thread int) }

// rowJob is a job of ranges of equal length.
type rowJob struct {
	r        ranger
	n, grain int
}

func (j *rowJob) part(i, thread int) { j.r.span(i*j.grain, min((i+1)*j.grain, j.n), thread) }

// Bounds of the work of a part in steps of about a nanosecond: below, sharing
// costs more than it brings; above, a cancelled context waits too long.
const (
	minWork = 20_000
	maxWork = 10_000_000
)

// slowness is how many times longer a fused multiply-add takes than with vectors,
// roughly: "c" and "purego" emulate it, and Go's sets in assembly do where they
// have none. Parts are as much smaller, so that a cancelled context need not wait
// longer.
func (d *Device) slowness() int {
	switch d.simd {
	case "go-avx512", "go-fma":
		return 4
	case "c", "purego", "purego-fast":
		return 16
	}
	return 1
}

// over runs r over n rows that take cost steps each, within begin and end.
func (b *cpuBackend) over(r ranger, n, cost int) {
	if n == 0 {
		return
	}
	cost = max(cost, 1)
	grain := (n + 4*b.dev.team.size - 1) / (4 * b.dev.team.size)
	if b.dev.team.size == 1 {
		grain = n
	}
	grain = min(max(grain, minWork/cost, 1), max(maxWork/b.dev.slowness()/cost, 1), n)
	b.rows = rowJob{r, n, grain}
	b.do(&b.rows, (n+grain-1)/grain)
	b.rows.r = nil
}

// all is begin, over and end.
func (b *cpuBackend) all(r ranger, n, cost int) {
	if b.begin() {
		defer b.end()
		b.over(r, n, cost)
	}
}

// workspace is at least n float32 of the device, valid within begin and end. It
// grows to the largest that was asked for.
func (b *cpuBackend) workspace(n int) []float32 {
	d := b.dev
	if len(d.work) < n {
		mem, err := d.pool.get(int64(n) * 4)
		if err != nil {
			b.err = err
			return nil
		}
		d.pool.drop(d.workMem)
		d.workMem, d.work = mem, floats(mem)
		d.mu.Lock()
		d.workSize = int64(len(mem))
		d.mu.Unlock()
	}
	return d.work[:n]
}
