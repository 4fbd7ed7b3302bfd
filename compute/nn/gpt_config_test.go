package nn

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

func TestGPTConfigValidate(t *testing.T) {
	good := GPTConfig{Vocab: 1, Context: 1, Layers: 0, Heads: 1, Width: 1}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	d := device(t, "cpu", compute.Options{})
	for _, spoil := range []func(c *GPTConfig){
		func(c *GPTConfig) { c.Vocab = 0 },
		func(c *GPTConfig) { c.Context = -1 },
		func(c *GPTConfig) { c.Layers = -1 },
		func(c *GPTConfig) { c.Heads = 0 },
		func(c *GPTConfig) { c.Width = 0 },
		func(c *GPTConfig) { c.Heads = 2 }, // of width 1
		func(c *GPTConfig) { c.Dropout = 1 },
		func(c *GPTConfig) { c.Dropout = -0.1 },
		func(c *GPTConfig) { c.Dropout = float32(math.NaN()) },
		func(c *GPTConfig) { c.Vocab = math.MaxInt },
		func(c *GPTConfig) { c.Context = 1<<20 + 1 },
		func(c *GPTConfig) { c.Layers = math.MaxInt },
		func(c *GPTConfig) { c.Width = math.MaxInt },
		func(c *GPTConfig) { c.Heads = math.MaxInt },
	} {
		c := good
		spoil(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
		if _, err := NewGPT(d, c); err == nil {
			t.Errorf("NewGPT takes %+v", c)
		}
	}
	huge := GPTConfig{Vocab: 1 << 24, Context: 1 << 20, Layers: 1 << 10, Heads: 1, Width: 1 << 17}
	if err := huge.Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range []Plan{huge.Plan(SessionConfig{Batch: 1}, 1), huge.PlanTraining(1, 1)} {
		if p.Total() < int64(huge.Parameters()) {
			t.Errorf("the plan of the greatest model overflows: %+v", p)
		}
	}
}

// TestGPTParameters counts them as the comment of GPT lists them.
func TestGPTParameters(t *testing.T) {
	d := device(t, "cpu", compute.Options{})
	c := GPTConfig{Vocab: 13, Context: 5, Layers: 3, Heads: 2, Width: 6}
	n := 0
	for _, p := range model(t, d, c).Params() {
		n += p.Value.Len()
	}
	if n != c.Parameters() {
		t.Errorf("%d parameters, Parameters says %d", n, c.Parameters())
	}
}

// TestNoLayers: a GPT without blocks is a table of pairs, and trains.
func TestNoLayers(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	c := small
	c.Layers = 0
	g := model(t, d, c)
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	x := tensorOf(t, d, []int32{1, 2, 3}, 1, 3)
	full := floats(t, g.Forward(tp, x, nil).Value())
	s := session(t, g, SessionConfig{Batch: 1})
	for i := range int32(3) {
		logits, err := s.Step([]int32{i + 1})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "logits", floats(t, logits), full[i*12:(i+1)*12], 1e-6)
	}
}

// TestDropout: none in evaluation, the same for the same step, other for others.
func TestDropout(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	plain := model(t, d, small)
	c := small
	c.Dropout = 0.5
	dropping := model(t, d, c)
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	x := tensorOf(t, d, []int32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4)
	logits := func(g *GPT, r *compute.Random) []float32 {
		tp.Reset()
		return floats(t, g.Forward(tp, x, r).Value())
	}
	want := logits(plain, nil)
	if !slices.Equal(logits(dropping, nil), want) {
		t.Error("dropout without a stream")
	}
	if !slices.Equal(logits(plain, &compute.Random{Seed: 1}), want) {
		t.Error("dropout of a model without it")
	}
	first := logits(dropping, &compute.Random{Seed: 1, Counter: 1})
	if slices.Equal(first, want) {
		t.Error("no dropout")
	}
	if !slices.Equal(logits(dropping, &compute.Random{Seed: 1, Counter: 1}), first) {
		t.Error("the same step drops other elements")
	}
	for _, r := range []compute.Random{{Seed: 1, Counter: 2}, {Seed: 2, Counter: 1}} {
		if slices.Equal(logits(dropping, &r), first) {
			t.Errorf("%+v drops the same elements", r)
		}
	}
}

// TestDropoutsOfOnePassDiffer takes the streams of two dropouts of one pass.
func TestDropoutsOfOnePassDiffer(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	ones := make([]float32, 1<<12)
	for i := range ones {
		ones[i] = 1
	}
	x := tp.Const(tensorOf(t, d, ones, len(ones)))
	drops := dropper{p: 0.25, r: &compute.Random{Seed: 3, Counter: 8}}
	a, b := floats(t, drops.drop(tp, x).Value()), floats(t, drops.drop(tp, x).Value())
	both := 0
	for i := range a {
		if a[i] == 0 && b[i] == 0 {
			both++
		}
	}
	// Of 4096 pairs 256 are dropped twice, with a deviation of 15.5.
	if both < 256-5*16 || both > 256+5*16 {
		t.Errorf("%d of %d elements are dropped twice", both, len(a))
	}
}

// TestTwoForwardPasses: a loss over two parts of a batch has the gradient of the
// whole.
func TestTwoForwardPasses(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, small)
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	x, y := []int32{1, 2, 3, 4, 5, 6, 7, 8}, []int32{2, 3, 4, 5, 6, 7, 8, 9}
	grads := func() (all [][]float32) {
		if err := tp.Err(); err != nil {
			t.Fatal(err)
		}
		for _, p := range g.Params() {
			all = append(all, floats(t, p.Grad))
		}
		return all
	}
	tp.Backward(g.Loss(tp, tensorOf(t, d, x, 2, 4), tensorOf(t, d, y, 2, 4), nil))
	want := grads()
	part := func(i int) *autograd.Var {
		loss := g.Loss(tp, tensorOf(t, d, x[i*4:i*4+4], 1, 4), tensorOf(t, d, y[i*4:i*4+4], 1, 4), nil)
		return tp.Scale(loss, 0.5)
	}
	tp.Reset()
	tp.Backward(tp.Add(part(0), part(1)))
	for i, got := range grads() {
		near(t, "one tape: "+g.Params()[i].Name, got, want[i], 1e-6)
	}
	tp.Reset()
	tp.Backward(part(0))
	tp.ResetAccumulate()
	tp.Backward(part(1))
	for i, got := range grads() {
		near(t, "accumulated: "+g.Params()[i].Name, got, want[i], 1e-6)
	}
}
