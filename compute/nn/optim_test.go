package nn

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// weights are parameters without a model: two tensors of given values.
func weights(t *testing.T, d *compute.Device) []*Param {
	t.Helper()
	return []*Param{
		{Name: "a", Value: tensorOf(t, d, []float32{1, -2, 3, 4}, 2, 2), Grad: tensorOf(t, d, []float32{3, 0, -4, 0}, 2, 2), Decay: true},
		{Name: "b", Value: tensorOf(t, d, []float32{5}, 1), Grad: tensorOf(t, d, []float32{12}, 1)},
	}
}

func optimizer(t *testing.T, params []*Param, c AdamWConfig) *AdamW {
	t.Helper()
	o, err := NewAdamW(params, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// TestFirstStep: in the first step the corrected moments are g and g*g, so that a
// weight moves by the rate against the sign of its gradient, after decay.
func TestFirstStep(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	params := weights(t, d)
	o := optimizer(t, params, AdamWConfig{WeightDecay: 0.5})
	b := d.Backend(context.Background())
	if norm := o.Step(b, 0.125); norm != 13 { // 3, 4, 12
		t.Errorf("norm %g, want 13", norm)
	}
	// w - lr*(sign(g) + decay*w)
	near(t, "a", floats(t, params[0].Value), []float32{1 - 0.125*(1+0.5), -2 + 0.125, 3 - 0.125*(-1+1.5), 4 - 0.125*2}, 1e-6)
	near(t, "b, which does not decay", floats(t, params[1].Value), []float32{5 - 0.125}, 1e-6)
	if o.Steps() != 1 {
		t.Errorf("%d steps", o.Steps())
	}
	near(t, "first moments", floats(t, o.m[0]), []float32{0.3, 0, -0.4, 0}, 1e-6)
	near(t, "second moments", floats(t, o.v[0]), []float32{0.05 * 9, 0, 0.05 * 16, 0}, 1e-6)
}

func TestClip(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	for _, c := range []struct {
		clip  float64
		scale float32
	}{
		{0, 1},
		{20, 1},
		{13.1, 1},
		{6.5, 0.5},
		{1, 1.0 / 13},
		{1e-60, 0}, // below what float32 holds
	} {
		params := weights(t, d)
		o := optimizer(t, params, AdamWConfig{Clip: c.clip})
		if norm := o.Step(d.Backend(context.Background()), 0); norm != 13 {
			t.Errorf("clip %g: norm %g, want 13", c.clip, norm)
		}
		s := c.scale
		near(t, "first moments", floats(t, o.m[0]), []float32{0.3 * s, 0, -0.4 * s, 0}, 1e-6)
		near(t, "gradients, which stay", floats(t, params[1].Grad), []float32{12}, 0)
	}
}

// TestGradientThatIsNoNumber shows in the norm.
func TestGradientThatIsNoNumber(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	params := weights(t, d)
	params[1].Grad.Float32s()[0] = float32(math.NaN())
	o := optimizer(t, params, AdamWConfig{Clip: 1})
	if norm := o.Step(d.Backend(context.Background()), 0.1); !math.IsNaN(norm) {
		t.Errorf("norm %g", norm)
	}
}

// TestEMA compares with the closed form for a constant weight: the average is
// w + decay^n (start - w).
func TestEMA(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	b := d.Backend(context.Background())
	params := weights(t, d)
	e, err := NewEMA(b, params, 0.75)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	start := floats(t, params[0].Value)
	w := []float32{8, 8, 8, 8}
	if err := params[0].Value.CopyFrom(w); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, 4)
	for n := 1; n <= 20; n++ {
		e.Update(b)
		for i := range want {
			want[i] = 8 + float32(math.Pow(0.75, float64(n)))*(start[i]-8)
		}
		near(t, "average", floats(t, e.avg[0]), want, 1e-6)
	}
	near(t, "average of what did not change", floats(t, e.avg[1]), []float32{5}, 0)

	average := floats(t, e.avg[0])
	if err := e.Swap(b); err != nil {
		t.Fatal(err)
	}
	if got := floats(t, params[0].Value); !slices.Equal(got, average) {
		t.Errorf("after Swap the weights are %v, want %v", got, average)
	}
	if err := e.Swap(b); err != nil {
		t.Fatal(err)
	}
	if got := floats(t, params[0].Value); !slices.Equal(got, w) {
		t.Errorf("after a second Swap the weights are %v, want %v", got, w)
	}
	if !slices.Equal(floats(t, e.avg[0]), average) {
		t.Error("the averages are not what they were")
	}
}
