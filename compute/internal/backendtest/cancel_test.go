package backendtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/chimera-1/chimera/compute"
)

// long makes the operands of calls that last a while on a slow device.
var long = map[string]func(e *env) func(){
	"MatMul": func(e *env) func() {
		c, a, b := f32(e, 700, 700), f32(e, 700, 900), f32(e, 900, 700)
		return func() { e.MatMul(c, a, b, compute.MatMulOptions{}) }
	},
	"MatMul of a row": func(e *env) func() {
		c, a, b := f32(e, 1, 3000), f32(e, 1, 2000), f32(e, 2000, 3000)
		return func() { e.MatMul(c, a, b, compute.MatMulOptions{}) }
	},
	"Attention": func(e *env) func() {
		out, lse, qkv := f32(e, 8, 300, 128), f32(e, 8, 2, 300), f32(e, 8, 300, 384) // a head is a part
		return func() { e.Attention(out, lse, qkv, 2, true) }
	},
	"AttentionGrad": func(e *env) func() {
		dqkv, dout, out, lse, qkv := f32(e, 8, 300, 384), f32(e, 8, 300, 128), f32(e, 8, 300, 128), f32(e, 8, 2, 300), f32(e, 8, 300, 384)
		return func() { e.AttentionGrad(dqkv, dout, out, lse, qkv, 2, true) }
	},
	"Unary": func(e *env) func() {
		x := f32(e, 2000, 1000)
		return func() { e.Unary(compute.GELU, x, x) }
	},
	"Reduce": func(e *env) func() {
		x, y := f32(e, 2000, 1000), f32(e, 1000)
		return func() { e.Reduce(compute.ReduceSumSquares, y, x, 0) }
	},
	"Sample": func(e *env) func() {
		x, tokens := f32(e, 500, 1000), i32(e, 500)
		o := compute.SampleOptions{Temperature: 1, IDs: make([]uint64, 500), Steps: make([]uint32, 500)}
		return func() { e.Sample(tokens, x, o) }
	},
	"Gram": func(e *env) func() {
		g, x := f64(e, 300, 300), f32(e, 900, 300)
		return func() { e.Gram(g, x, false) }
	},
	"KMeansAssign": func(e *env) func() {
		idx, dist, x, c := i32(e, 5000), f32(e, 5000), f32(e, 5000, 64), f32(e, 100, 64)
		return func() { e.KMeansAssign(idx, dist, x, c) }
	},
	"Eigh": func(e *env) func() {
		values, vectors, a := f64(e, 300), f64(e, 300, 300), e.in(symmetric(300), 300, 300)
		return func() { e.Eigh(values, vectors, a) }
	},
	"SVD": func(e *env) func() {
		u, s, v, a := f64(e, 200, 150), f64(e, 150), f64(e, 150, 150), e.in(symmetric(200)[:200*150], 200, 150)
		return func() { e.SVD(u, s, v, a) }
	},
}

func symmetric(n int) []float64 {
	a := make([]float64, n*n)
	for i := range a {
		a[i] = float64((i/n)*(i%n)+i/n+i%n) / float64(n)
	}
	return a
}

// TestCancel repeats a call until the context ends, in the middle of one. The
// device may spend 200 ms of CPU time from there: that of the clock depends on
// what else the machine does.
func TestCancel(t *testing.T) {
	const limit = 200 * time.Millisecond
	eachDevice(t, func(t *testing.T, d *compute.Device) {
		for name, prepare := range long {
			ctx, cancel := context.WithCancel(context.Background())
			e := &env{Backend: d.Backend(ctx), dev: d}
			again := prepare(e)
			var ended time.Duration
			timer := time.AfterFunc(10*time.Millisecond, func() {
				ended = cpuTime()
				cancel()
			})
			for e.Wait() == nil {
				again()
			}
			took := cpuTime() - ended
			if timer.Stop() || !errors.Is(e.Err(), context.Canceled) {
				t.Fatalf("%s: failure %v", name, e.Err())
			}
			if took > limit {
				t.Errorf("%s: %v of CPU time after the end of the context", name, took)
			}
			for _, l := range e.lent {
				l.Close()
			}
		}
	})
}
