package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

var small = GPTConfig{Vocab: 12, Context: 16, Layers: 2, Heads: 2, Width: 16, Seed: 6}

func session(t *testing.T, g *GPT, c SessionConfig) *Session {
	t.Helper()
	s, err := NewSession(context.Background(), g, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// panics demands a panic with a ShapeError of the operation.
func panics(t *testing.T, op string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if e, ok := recover().(*compute.ShapeError); !ok || e.Op != op {
			t.Errorf("panic of %s with %v", op, e)
		}
	}()
	f()
}

func TestSessionConfigErrors(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	g := model(t, d, small)
	for _, c := range []SessionConfig{
		{}, {Batch: -1}, {Batch: 1, Context: 17}, {Batch: 1, Context: -1},
		{Batch: 1, Weights: compute.F64}, {Batch: 1, Cache: compute.I32},
		{Batch: 1, Weights: compute.BF16}, // of a device in exact mode
	} {
		if _, err := NewSession(context.Background(), g, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	s := session(t, g, SessionConfig{Batch: 2})
	panics(t, "Step", func() { _, _ = s.Step([]int32{1}) })
	panics(t, "Gather", func() { _, _ = s.Step([]int32{1, 12}) })
	panics(t, "Gather", func() { _, _ = s.Step([]int32{-1, 0}) })
	panics(t, "Reset", func() { s.Reset([]uint64{1}) })
	panics(t, "Sample", func() { _ = s.Sample(make([]int32, 2), SampleConfig{TopK: -1}) })
	panics(t, "SetPosition", func() { s.SetPosition(0, 1) })
	panics(t, "SetPosition", func() { s.SetPosition(0, -1) })
}

// TestSetPosition goes back and on: the rest is as if nothing had come between.
func TestSetPosition(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	s := session(t, model(t, d, small), SessionConfig{Batch: 2})
	var logits [][]float32
	for i := range int32(8) {
		x, err := s.Step([]int32{i, 11 - i})
		if err != nil {
			t.Fatal(err)
		}
		logits = append(logits, floats(t, x))
	}
	s.SetPosition(0, 3)
	s.SetPosition(1, 6)
	if got := s.Positions(); !slices.Equal(got, []int32{3, 6}) {
		t.Fatalf("positions %v", got)
	}
	for i := range int32(2) {
		x, err := s.Step([]int32{3 + i, 11 - 6 - i})
		if err != nil {
			t.Fatal(err)
		}
		got := floats(t, x)
		near(t, "first sequence", got[:12], logits[3+i][:12], 0)
		near(t, "second sequence", got[12:], logits[6+i][12:], 0)
	}
}

// TestOneToken: a context, a sequence and a vocabulary of one.
func TestOneToken(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, GPTConfig{Vocab: 1, Context: 1, Layers: 1, Heads: 1, Width: 1, Seed: 1})
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	x := tensorOf(t, d, []int32{0, 0}, 2, 1)
	loss := g.Loss(tp, x, x, nil)
	tp.Backward(loss)
	if err := tp.Err(); err != nil {
		t.Fatal(err)
	}
	near(t, "loss", floats(t, loss.Value()), []float32{0}, 0) // there is no other token
	s := session(t, g, SessionConfig{Batch: 1})
	out, err := s.Generate([]int32{0}, 1, SampleConfig{Temperature: 1})
	if err != nil || len(out) != 1 || !slices.Equal(out[0], []int32{0}) {
		t.Errorf("generated %v, %v", out, err)
	}
	if _, err := s.Generate([]int32{0}, 1, SampleConfig{}); err == nil {
		t.Error("a second token in a context of one")
	}

	// A sequence of one token of a longer context.
	g = model(t, d, small)
	tp.Reset()
	full := floats(t, g.Forward(tp, tensorOf(t, d, []int32{5}, 1, 1), nil).Value())
	logits, err := session(t, g, SessionConfig{Batch: 1, Context: 1}).Step([]int32{5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "logits", floats(t, logits), full, 1e-6)
}

// TestNoSequences: batches and sequences of no length have a loss of NaN, no
// gradient, and break nothing.
func TestNoSequences(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, small)
	tp := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tp.Close)
	for _, shape := range [][]int{{0, 5}, {3, 0}} {
		for _, p := range g.Params() {
			tp.Backend().Fill(p.Grad, 1)
		}
		x := tensorOf(t, d, []int32{}, shape...)
		tp.Reset()
		loss := g.Loss(tp, x, x, nil)
		tp.Backward(loss)
		if err := tp.Err(); err != nil {
			t.Fatal(err)
		}
		if v := floats(t, loss.Value())[0]; v == v {
			t.Errorf("%v: loss %g", shape, v)
		}
		for _, p := range g.Params() {
			near(t, p.Name, floats(t, p.Grad), make([]float32, p.Grad.Len()), 0)
		}
	}
	panics(t, "GPT", func() { g.Forward(tp, tensorOf(t, d, make([]int32, 17), 1, 17), nil) })
	panics(t, "GPT", func() { g.Forward(tp, tensorOf(t, d, make([]int32, 3), 3), nil) })
}

// TestGreedy: temperature 0 and the first of the greatest 1 are the same.
func TestGreedy(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	s := session(t, model(t, d, small), SessionConfig{Batch: 3})
	start := []int32{0, 5, 11}
	var runs []string
	for _, c := range []SampleConfig{{}, {Temperature: 2, TopK: 1, Seed: 5}, {TopK: 4, Seed: 9}} {
		s.Reset(nil)
		out, err := s.Generate(start, 16, c)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, fmt.Sprint(out))
	}
	if runs[0] != runs[1] || runs[0] != runs[2] {
		t.Errorf("greedy runs differ: %v", runs)
	}
}

// TestSampleFrequencies draws for many sequences from one distribution, of all
// tokens and of the greatest 4, and compares the counts by chi-square.
func TestSampleFrequencies(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	c := small
	c.Vocab = 8
	g := model(t, d, c)
	const batch = 4096
	s := session(t, g, SessionConfig{Batch: batch, Context: 1})
	logits, err := s.Step(make([]int32, batch))
	if err != nil {
		t.Fatal(err)
	}
	x := floats(t, logits)[:8]
	for _, k := range []int{0, 4, 8, 100} {
		p := distribution(x, 0.1, k) // the logits of an untrained model are near each other
		tokens := make([]int32, batch)
		if err := s.Sample(tokens, SampleConfig{Temperature: 0.1, TopK: k, Seed: 77}); err != nil {
			t.Fatal(err)
		}
		var counts [8]float64
		for _, token := range tokens {
			counts[token]++
		}
		chi := 0.0
		for i, n := range counts {
			if p[i] == 0 && n > 0 {
				t.Errorf("top %d: token %d was drawn %g times", k, i, n)
			} else if p[i] > 0 {
				chi += (n - batch*p[i]) * (n - batch*p[i]) / (batch * p[i])
			}
		}
		if chi > 29.88 { // 7 degrees of freedom: once in 10,000
			t.Errorf("top %d: chi-square %g, counts %v, want %v", k, chi, counts, p)
		}
	}
}

// distribution is the softmax of the k greatest of x, all if k is 0 or more than
// there are.
func distribution(x []float32, temperature float64, k int) []float64 {
	sorted := slices.Sorted(slices.Values(x))
	floor := sorted[0]
	if k > 0 && k < len(x) {
		floor = sorted[len(x)-k]
	}
	p, sum := make([]float64, len(x)), 0.0
	for i, v := range x {
		if v >= floor {
			p[i] = math.Exp(float64(v) / temperature)
			sum += p[i]
		}
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// TestCancelled: a session and a training end with their context.
func TestCancelled(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, small)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := NewSession(ctx, g, SessionConfig{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b := d.Backend(ctx)
	tp := autograd.New(b)
	t.Cleanup(tp.Close)
	o := optimizer(t, g.Params(), AdamWConfig{Clip: 1})
	before := floats(t, g.Params()[0].Value)
	cancel()
	if _, err := s.Step([]int32{1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Step: %v", err)
	}
	if err := s.Sample([]int32{1}, SampleConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Sample: %v", err)
	}
	if _, err := s.Generate([]int32{1}, 3, SampleConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Generate: %v", err)
	}
	if _, err := NewSession(ctx, g, SessionConfig{Batch: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("NewSession: %v", err)
	}
	x := tensorOf(t, d, []int32{1, 2}, 1, 2)
	tp.Backward(g.Loss(tp, x, x, nil))
	if norm := o.Step(b, 1); norm != 0 {
		t.Errorf("norm %g after the end", norm)
	}
	if err := tp.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("training: %v", err)
	}
	near(t, "weights", floats(t, g.Params()[0].Value), before, 0)
}
