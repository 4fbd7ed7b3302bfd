package bench

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/chimera-1/chimera/compute"
)

// fmaPeak is the case that the others of compute are held against.
const fmaPeak = "compute/fma_peak"

// device opens the device that the compute cases run on. It is opened for fast
// mode, which bfloat16 products need; on CPUs with C kernels the others are exact
// all the same.
func (e *env) device() (*compute.Device, error) {
	return compute.Open(e.Device, compute.Options{Threads: e.Cores, Mode: compute.Fast})
}

// onDevice runs a case with the device, and names its kernels in the result.
func (e *env) onDevice(run func(d *compute.Device) (Result, error)) (Result, error) {
	d, err := e.device()
	if err != nil {
		return Result{}, err
	}
	r, err := run(d)
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if r.SIMD = d.SIMD(); r.SIMD == "" {
		r.SIMD = d.Name()
	}
	return r, err
}

// peak measures the rate of multiply-adds in registers.
func peak(ctx context.Context, e *env) (Result, error) {
	return e.onDevice(func(d *compute.Device) (Result, error) {
		rates := make([]float64, e.Repeat)
		for i := range rates {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			rates[i] = d.FMAPeak(e.Seconds)
		}
		r := median(rates)
		r.Unit, r.Bound, r.BoundValue, r.Ratio = gflops, "itself", r.Value, 1
		return r, nil
	})
}

const gflops = "GFLOP/s"

// product is a case of one shape of float32 products.
type product struct {
	m, n, k int
	plain   bool // the right operand is packed anew each time
}

// gflop is the operations of the product, in 10^9.
func (p product) gflop() float64 { return 2e-9 * float64(p.m) * float64(p.n) * float64(p.k) }

// run measures the product, and the peak between its repeats.
func (p product) run(ctx context.Context, e *env) (Result, error) {
	return e.onDevice(func(d *compute.Device) (Result, error) {
		m, err := p.operands(d)
		defer m.close()
		if err != nil {
			return Result{}, err
		}
		b := d.Backend(ctx)
		b.Pack(m.packed, m.right, false)
		right := m.packed
		if p.plain {
			right = m.right
		}
		multiply := func() (float64, error) {
			b.MatMul(m.dst, m.left, right, compute.MatMulOptions{})
			return p.gflop(), b.Wait()
		}
		warm := func() error { _, err := multiply(); return err }
		return e.besidePeak(ctx, d, rate{unit: gflops, flops: 1e9, warm: warm, work: multiply})
	})
}

// rate is how a compute case is measured.
type rate struct {
	unit  string
	flops float64 // operations a unit, of the kind that the peak counts
	warm  func() error
	work  func() (units float64, err error)
}

// besidePeak measures a rate by the clock. Each repeat begins with the peak, so
// that both see the machine in the same mood.
func (e *env) besidePeak(ctx context.Context, d *compute.Device, r rate) (Result, error) {
	if err := r.warm(); err != nil {
		return Result{}, err
	}
	rates, peaks := make([]float64, e.Repeat), make([]float64, e.Repeat)
	best, all, cpu := 0.0, 0.0, 0.0
	for i := range rates {
		peaks[i] = d.FMAPeak(e.Seconds/4) * 1e9 / r.flops
		runtime.GC()
		units, took, began := 0.0, 0.0, cpuSeconds()
		for units == 0 || took < e.Seconds {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			start := time.Now()
			n, err := r.work()
			if err != nil {
				return Result{}, err
			}
			t := time.Since(start).Seconds()
			units, took, best = units+n, took+t, max(best, n/t)
		}
		rates[i] = units / took
		all, cpu = all+units, cpu+cpuSeconds()-began
	}
	out := median(rates)
	out.Best, out.CPU = best, all/cpu
	out.Unit, out.Bound, out.BoundValue = r.unit, fmaPeak, median(peaks).Value
	if out.BoundValue > 0 {
		out.Ratio = out.Value / out.BoundValue
	}
	return out, nil
}

// operands are the tensors of a product.
type operands struct{ dst, left, right, packed *compute.Tensor }

func (p product) operands(d *compute.Device) (m operands, err error) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	if m.dst, err = d.New(compute.F32, p.m, p.n); err != nil {
		return m, err
	}
	if m.left, err = d.From(random(p.m*p.k), p.m, p.k); err != nil {
		return m, err
	}
	if m.right, err = d.From(random(p.k*p.n), p.k, p.n); err != nil {
		return m, err
	}
	m.packed, err = d.NewPacked(compute.F32, p.k, p.n)
	return m, err
}

func (m operands) close() {
	for _, t := range []*compute.Tensor{m.dst, m.left, m.right, m.packed} {
		if t != nil {
			t.Close()
		}
	}
}
