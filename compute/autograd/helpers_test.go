package autograd

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// open opens a device that must have no tensor left at the end of the test.
func open(t *testing.T, name string, o compute.Options) *compute.Device {
	t.Helper()
	d, err := compute.Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := d.Usage().Tensors; n != 0 {
			t.Errorf("%d tensors left open", n)
			return
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// tape is a tape that the test closes.
func tape(t *testing.T, d *compute.Device) *Tape {
	t.Helper()
	tp := New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	return tp
}

// tensor is a tensor with a copy of src that the test closes.
func tensor(t testing.TB, d *compute.Device, src any, shape ...int) *compute.Tensor {
	t.Helper()
	x, err := d.From(src, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

func numbers(t *testing.T, x *compute.Tensor) []float32 {
	t.Helper()
	out := make([]float32, x.Len())
	if err := x.CopyTo(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// near demands |got-want| <= tol*(1+|want|); a NaN is never near.
func near(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol*(1+math.Abs(float64(want[i])))) {
			t.Errorf("%s[%d] is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

// panics demands that f panics with a ShapeError of the operation.
func panics(t *testing.T, op string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		e, ok := recover().(*compute.ShapeError)
		if !ok || e.Op != op || e.Problem == "" {
			t.Errorf("panic of %s with %v", op, e)
		}
	}()
	f()
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// A domain is where operands are drawn from: multiples of 2^-12, so that a step
// of the differences changes them exactly.
type domain func(r *rand.Rand) float64

func anywhere(r *rand.Rand) float64 { return 2*r.Float64() - 1 }

// positive and away keep differences clear of poles, roots and kinks.
func positive(r *rand.Rand) float64 { return 0.75 + r.Float64() }

func away(r *rand.Rand) float64 {
	x := 0.75 + r.Float64()
	if r.IntN(2) == 0 {
		return -x
	}
	return x
}

func draw(r *rand.Rand, n int, in domain) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Round(in(r)*4096) / 4096)
	}
	return x
}
