package nn

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

// xor trains an MLP on exclusive or, and gives the outputs for the four inputs.
func xor(t *testing.T, name string, c MLPConfig) []float32 {
	t.Helper()
	d := device(t, name, compute.Options{Threads: 2})
	m, err := NewMLP(d, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	o := optimizer(t, m.Params(), AdamWConfig{})
	b := d.Backend(context.Background())
	tp := autograd.New(b)
	t.Cleanup(tp.Close)
	x := tensorOf(t, d, []float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	y := tensorOf(t, d, []float32{0, 1, 1, 0}, 4, 1)
	for range 300 {
		tp.Reset()
		tp.Backward(tp.SquaredError(m.Forward(tp, tp.Const(x)), y))
		o.Step(b, 0.03)
	}
	tp.Reset()
	out := floats(t, m.Forward(tp, tp.Const(x)).Value())
	if err := tp.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMLPLearnsXOR(t *testing.T) {
	for name, c := range map[string]MLPConfig{
		"tanh":       {Sizes: []int{2, 8, 1}, Act: compute.Tanh, Seed: 1},
		"GELU, norm": {Sizes: []int{2, 8, 8, 1}, Act: compute.GELU, Norm: true, Seed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			want := xor(t, "cpu", c)
			near(t, "output", want, []float32{0, 1, 1, 0}, 0.02)
			for _, level := range compute.CPULevels() {
				if got := xor(t, "cpu/"+level, c); !slices.Equal(got, want) {
					t.Errorf("%s: outputs %v, want %v", level, got, want)
				}
			}
		})
	}
}

func TestMLPConfigErrors(t *testing.T) {
	d := device(t, "cpu", compute.Options{})
	for _, sizes := range [][]int{nil, {3}, {3, 0}, {-1, 2}} {
		if _, err := NewMLP(d, MLPConfig{Sizes: sizes}); err == nil {
			t.Errorf("sizes %v are taken", sizes)
		}
	}
}

// TestOutOfMemory: constructors that find no room leave nothing behind.
func TestOutOfMemory(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1, Memory: 1 << 20})
	b := d.Backend(context.Background())
	c := GPTConfig{Vocab: 9, Context: 6, Layers: 2, Heads: 2, Width: 8}
	g := model(t, d, c)
	for name, construct := range map[string]func() (closer func(), err error){
		"MLP": func() (func(), error) {
			m, err := NewMLP(d, MLPConfig{Sizes: []int{5, 6, 7}, Norm: true})
			if err != nil {
				return nil, err
			}
			return m.Close, nil
		},
		"GPT": func() (func(), error) {
			m, err := NewGPT(d, c)
			if err != nil {
				return nil, err
			}
			return m.Close, nil
		},
		"AdamW": func() (func(), error) {
			o, err := NewAdamW(g.Params(), AdamWConfig{})
			if err != nil {
				return nil, err
			}
			return o.Close, nil
		},
		"EMA": func() (func(), error) {
			e, err := NewEMA(b, g.Params(), 0.5)
			if err != nil {
				return nil, err
			}
			return e.Close, nil
		},
		"Session": func() (func(), error) {
			s, err := NewSession(context.Background(), g, SessionConfig{Batch: 3})
			if err != nil {
				return nil, err
			}
			return s.Close, nil
		},
	} {
		t.Run(name, func(t *testing.T) { starve(t, d, construct) })
	}
}

// starve calls a constructor with room for a part of what it needs.
func starve(t *testing.T, d *compute.Device, construct func() (func(), error)) {
	t.Helper()
	before := d.Usage()
	closer, err := construct()
	if err != nil {
		t.Fatal(err)
	}
	whole := d.Usage().Used - before.Used
	closer()
	for i := range int64(20) {
		ballast, err := d.New(compute.U8, int(before.Available-whole*i/20))
		if err != nil {
			t.Fatal(err)
		}
		if closer, err := construct(); !errors.Is(err, compute.ErrOutOfMemory) || closer != nil {
			t.Errorf("room for %d of %d bytes: error %v", whole*i/20, whole, err)
		}
		ballast.Close()
		if u := d.Usage(); u.Tensors != before.Tensors || u.Used != before.Used {
			t.Fatalf("room for %d of %d bytes: %d tensors are left", whole*i/20, whole, u.Tensors-before.Tensors)
		}
	}
}
