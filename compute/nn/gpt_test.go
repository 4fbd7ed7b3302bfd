package nn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/checkpoint"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// device is a device that must have no tensor left at the end.
func device(t *testing.T, name string, o compute.Options) *compute.Device {
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

var goldenConfig = GPTConfig{Vocab: 29, Context: 11, Layers: 2, Heads: 3, Width: 12, Seed: 1}

// golden is a tensor of the file that PyTorch made in float64.
func golden(t *testing.T, name string) []float32 {
	t.Helper()
	f, err := safetensors.Open("../testdata/golden/gpt.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	v, ok := f.Tensor(name)
	if !ok {
		t.Fatalf("no golden tensor %s", name)
	}
	if v.DType == safetensors.I64 || v.DType == safetensors.I32 {
		x, err := safetensors.Values[int64](v)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, len(x))
		for i, n := range x {
			out[i] = float32(n)
		}
		return out
	}
	x, err := v.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(x)
}

func near(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s[%d] is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func tensorOf(t *testing.T, d *compute.Device, src any, shape ...int) *compute.Tensor {
	t.Helper()
	x, err := d.From(src, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

func floats(t *testing.T, x *compute.Tensor) []float32 {
	t.Helper()
	out := make([]float32, x.Len())
	if err := x.CopyTo(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTrainingEqualsPyTorch compares logits, every gradient, ten losses and norms
// and the final weights with those of PyTorch in float64.
func TestTrainingEqualsPyTorch(t *testing.T) {
	for _, level := range compute.CPULevels() {
		t.Run(level, func(t *testing.T) { testTraining(t, "cpu/"+level) })
	}
}

func testTraining(t *testing.T, name string) {
	d := device(t, name, compute.Options{Threads: 2})
	g, err := NewGPT(d, goldenConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	for _, p := range g.Params() {
		if err := p.Value.CopyFrom(golden(t, "init/"+p.Name)); err != nil {
			t.Fatal(err)
		}
	}
	opt, err := NewAdamW(g.Params(), AdamWConfig{WeightDecay: 0.1, Clip: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opt.Close)
	tape := autograd.New(d.Backend(context.Background()))
	t.Cleanup(tape.Close)
	tokens, losses, norms := golden(t, "tokens"), golden(t, "losses"), golden(t, "grad_norms")
	for step := range 10 {
		in, out := make([]int32, 0, 33), make([]int32, 0, 33)
		for s := range 3 {
			row := tokens[(step*3+s)*12:][:12]
			for i := range 11 {
				in, out = append(in, int32(row[i])), append(out, int32(row[i+1]))
			}
		}
		x, y := tensorOf(t, d, in, 3, 11), tensorOf(t, d, out, 3, 11)
		tape.Reset()
		logits := g.Forward(tape, x, nil)
		loss := tape.CrossEntropy(logits, y, -1)
		tape.Backward(loss)
		if err := tape.Err(); err != nil {
			t.Fatal(err)
		}
		if step == 0 {
			near(t, "logits", floats(t, logits.Value()), golden(t, "logits"), 2e-6)
			for _, p := range g.Params() {
				near(t, "grad/"+p.Name, floats(t, p.Grad), golden(t, "grad/"+p.Name), 2e-6)
			}
		}
		near(t, fmt.Sprint("loss of step ", step), floats(t, loss.Value()), losses[step:step+1], 1e-5)
		norm := opt.Step(tape.Backend(), 0.003)
		near(t, fmt.Sprint("norm of step ", step), []float32{float32(norm)}, norms[step:step+1], 1e-4)
	}
	for _, p := range g.Params() {
		near(t, "final/"+p.Name, floats(t, p.Value), golden(t, "final/"+p.Name), 1e-3)
	}
}

// model is a small GPT on a device.
func model(t *testing.T, d *compute.Device, c GPTConfig) *GPT {
	t.Helper()
	g, err := NewGPT(d, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// TestCacheEqualsFullForward compares the logits of single steps with those of
// whole sequences.
func TestCacheEqualsFullForward(t *testing.T) {
	for _, cache := range []compute.DType{compute.F32, compute.BF16} {
		t.Run(cache.String(), func(t *testing.T) {
			d := device(t, "cpu", compute.Options{Threads: 2})
			c := GPTConfig{Vocab: 50, Context: 40, Layers: 3, Heads: 2, Width: 64, Seed: 7}
			g := model(t, d, c)
			tokens := make([]int32, 3*40)
			for i := range tokens {
				tokens[i] = int32(i*i%47 + i%3)
			}
			tape := autograd.New(d.Backend(context.Background()))
			t.Cleanup(tape.Close)
			full := floats(t, g.Forward(tape, tensorOf(t, d, tokens, 3, 40), nil).Value())

			s, err := NewSession(context.Background(), g, SessionConfig{Batch: 3, Cache: cache})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			tol := 1e-5
			if cache == compute.BF16 {
				tol = 1e-2
			}
			for i := range 40 {
				logits, err := s.Step([]int32{tokens[i], tokens[40+i], tokens[80+i]})
				if err != nil {
					t.Fatal(err)
				}
				for b := range 3 {
					near(t, fmt.Sprintf("position %d of sequence %d", i, b), floats(t, logits)[b*50:(b+1)*50], full[(b*40+i)*50:][:50], tol)
				}
			}
			if _, err := s.Step(make([]int32, 3)); err == nil {
				t.Error("a step past the context succeeded")
			}
		})
	}
}

// TestGenerationDoesNotDependOnTheBatch generates sequences alone, together and
// in another order, with other threads and levels: they must be equal.
func TestGenerationDoesNotDependOnTheBatch(t *testing.T) {
	c := GPTConfig{Vocab: 40, Context: 24, Layers: 2, Heads: 4, Width: 32, Seed: 3}
	generate := func(name string, threads int, ids ...uint64) map[uint64]string {
		d, err := compute.Open(name, compute.Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		g, err := NewGPT(d, c)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		s, err := NewSession(context.Background(), g, SessionConfig{Batch: len(ids)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.Reset(ids)
		out, err := s.Generate(make([]int32, len(ids)), 24, SampleConfig{Temperature: 1, TopK: 30, Seed: 9})
		if err != nil {
			t.Fatal(err)
		}
		m := map[uint64]string{}
		for i, id := range ids {
			m[id] = fmt.Sprint(out[i])
		}
		return m
	}
	want := generate("cpu/purego", 1, 0, 1, 2, 3, 4)
	for _, level := range compute.CPULevels() {
		for threads := 1; threads <= 3; threads++ {
			got := generate("cpu/"+level, threads, 4, 2, 0)
			for id, tokens := range got {
				if tokens != want[id] {
					t.Errorf("%s, %d threads: sequence %d is %s, want %s", level, threads, id, tokens, want[id])
				}
			}
		}
	}
}

func TestStepsDoNotAllocate(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, GPTConfig{Vocab: 64, Context: 300, Layers: 2, Heads: 2, Width: 64})
	s, err := NewSession(context.Background(), g, SessionConfig{Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	tokens := make([]int32, 4)
	step := func() {
		if _, err := s.Step(tokens); err != nil {
			t.Fatal(err)
		}
		if err := s.Sample(tokens, SampleConfig{Temperature: 1, TopK: 8}); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}

// A training for TestResumeGivesTheSameBits: steps from the last checkpoint of
// dir, if from is not 0, up to a step, and a checkpoint after them if w is given.
type training struct {
	dir      string
	w        *checkpoint.Writer
	from, to int
}

// run gives the averages of the parameters at the end.
func (r training) run(t *testing.T) (all []float32) {
	ctx := context.Background()
	d := device(t, "cpu", compute.Options{Threads: 2})
	g := model(t, d, GPTConfig{Vocab: 31, Context: 16, Layers: 2, Heads: 2, Width: 16, Dropout: 0.2, Seed: 5})
	opt, err := NewAdamW(g.Params(), AdamWConfig{WeightDecay: 0.1, Clip: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opt.Close)
	b := d.Backend(ctx)
	ema, err := NewEMA(b, g.Params(), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ema.Close)
	if r.from > 0 {
		state, _, err := checkpoint.LoadLatest(ctx, r.dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := Restore(ctx, state, g.Params(), opt, ema); err != nil {
			t.Fatal(err)
		}
		if opt.Steps() != r.from {
			t.Fatalf("restored to step %d, want %d", opt.Steps(), r.from)
		}
	}
	tape := autograd.New(b)
	t.Cleanup(tape.Close)
	for step := r.from; step < r.to; step++ {
		tokens := make([]int32, 2*16)
		for i := range tokens {
			tokens[i] = int32((i*7 + step*11) % 31)
		}
		x := tensorOf(t, d, tokens, 2, 16)
		tape.Reset()
		tape.Backward(g.Loss(tape, x, x, &compute.Random{Seed: 4, Counter: uint64(step)}))
		opt.Step(b, 0.01)
		ema.Update(b)
		if err := tape.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if r.w != nil {
		state, err := State(g.Params(), opt, ema, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.w.Save(ctx, state); err != nil {
			t.Fatal(err)
		}
	}
	if err := ema.Swap(b); err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Params() {
		all = append(all, floats(t, p.Value)...)
	}
	return all
}

// TestResumeGivesTheSameBits trains six steps at once, and three and three with a
// checkpoint between, with dropout and an average.
func TestResumeGivesTheSameBits(t *testing.T) {
	dir := t.TempDir()
	w, err := checkpoint.OpenWriter(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	var whole, parts []float32
	t.Run("whole", func(t *testing.T) { whole = training{to: 6}.run(t) })
	t.Run("first half", func(t *testing.T) { training{dir: dir, w: w, to: 3}.run(t) })
	t.Run("second half", func(t *testing.T) { parts = training{dir: dir, from: 3, to: 6}.run(t) })
	if !slices.Equal(parts, whole) {
		t.Error("the resumed training differs")
	}
}
