package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/chimera-1/chimera/compute"
)

// A bench is an operation at two shapes: a small one that the CPU repeats for
// the error, and a large one for the time.
type bench struct {
	name         string
	small, large []int
	fast         bool // on a device opened with Fast
	setup        func(m *maker, s []int) task
}

// A task is an operation ready to run.
type task struct {
	run          func(b compute.Backend)
	out          *compute.Tensor
	bytes, flops float64 // read and written; multiplications and additions
}

// result is a line of the table.
type result struct {
	bench
	shape []int
	err   float64
	time  time.Duration
	rate  string
}

func (r result) String() string {
	e := "0"
	if r.err > 0 {
		e = fmt.Sprintf("%.1e", r.err)
	}
	return fmt.Sprintf("| %s | %v | %s | %v | %s |", r.name, r.shape, e, r.time, r.rate)
}

// tolerance is the greatest relative error: none in exact mode.
func (b bench) tolerance() float64 {
	if b.fast {
		return 5e-3
	}
	return 0
}

// A maker makes tensors with content that depends on their order alone.
type maker struct {
	d     *compute.Device
	r     *rand.Rand
	made  []*compute.Tensor
	fault error
}

func newMaker(d *compute.Device) *maker { return &maker{d: d, r: rand.New(rand.NewPCG(1, 2))} }

func (m *maker) keep(t *compute.Tensor, err error) *compute.Tensor {
	if err != nil {
		m.fault = err
		panic(m)
	}
	m.made = append(m.made, t)
	return t
}

func (m *maker) close() {
	for _, t := range m.made {
		t.Close()
	}
}

// random is a tensor of numbers from -1 to 1.
func (m *maker) random(shape ...int) *compute.Tensor {
	x := make([]float32, product(shape))
	for i := range x {
		x[i] = m.r.Float32()*2 - 1
	}
	return m.keep(m.d.From(x, shape...))
}

// indices is a tensor of numbers below n.
func (m *maker) indices(n int, shape ...int) *compute.Tensor {
	x := make([]int32, product(shape))
	for i := range x {
		x[i] = m.r.Int32N(int32(n))
	}
	return m.keep(m.d.From(x, shape...))
}

func (m *maker) zeros(shape ...int) *compute.Tensor { return m.keep(m.d.New(compute.F32, shape...)) }

func product(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// do sets the bench up on a device and hands the task to f.
func (b bench) do(d *compute.Device, shape []int, f func(task) error) (err error) {
	m := newMaker(d)
	defer m.close()
	defer func() {
		if p := recover(); p != nil {
			if p != any(m) {
				panic(p)
			}
			err = m.fault
		}
	}()
	return f(b.setup(m, shape))
}

// output runs the bench once and returns its result.
func (b bench) output(ctx context.Context, d *compute.Device) (out []float64, err error) {
	err = b.do(d, b.small, func(t task) error {
		backend := d.Backend(ctx)
		t.run(backend)
		if err := backend.Wait(); err != nil {
			return err
		}
		out, err = numbers(t.out)
		return err
	})
	return out, err
}

func numbers(t *compute.Tensor) ([]float64, error) {
	out := make([]float64, t.Len())
	switch t.DType() {
	case compute.F64:
		return out, t.CopyTo(out)
	case compute.I32:
		x := make([]int32, t.Len())
		err := t.CopyTo(x)
		for i, v := range x {
			out[i] = float64(v)
		}
		return out, err
	}
	x := make([]float32, t.Len())
	err := t.CopyTo(x)
	for i, v := range x {
		out[i] = float64(v)
	}
	return out, err
}

// relative is the greatest difference over the greatest number; Inf for a NaN.
func relative(got, want []float64) float64 {
	diff, scale := 0.0, 0.0
	for i, w := range want {
		d := math.Abs(got[i] - w)
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		diff, scale = max(diff, d), max(scale, math.Abs(w))
	}
	if diff == 0 {
		return 0
	}
	return diff / scale
}

func (b bench) measure(ctx context.Context, host, d *compute.Device, small bool) (result, error) {
	want, err := b.output(ctx, host)
	if err != nil {
		return result{}, err
	}
	got, err := b.output(ctx, d)
	if err != nil {
		return result{}, err
	}
	r := result{bench: b, shape: b.large, err: relative(got, want)}
	if small {
		r.shape = b.small
	}
	err = b.do(d, r.shape, func(t task) error {
		backend := d.Backend(ctx)
		r.time = took(backend, t.run)
		per := r.time.Seconds()
		r.rate = fmt.Sprintf("%.0f GB/s", t.bytes/per/1e9)
		if t.flops > 0 {
			r.rate = fmt.Sprintf("%.2f TFLOP/s", t.flops/per/1e12)
		}
		return backend.Err()
	})
	return r, err
}

// took is the time of one run, out of as many as fill a fifth of a second.
func took(b compute.Backend, run func(compute.Backend)) time.Duration {
	const least = 200 * time.Millisecond
	run(b) // warm
	for n := 1; ; n *= 4 {
		if b.Wait() != nil {
			return 0
		}
		began := time.Now()
		for range n {
			run(b)
		}
		if b.Wait() != nil {
			return 0
		}
		if d := time.Since(began); d >= least || n >= 1<<16 {
			return (d / time.Duration(n)).Round(100 * time.Nanosecond)
		}
	}
}
