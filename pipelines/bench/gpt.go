package bench

import (
	"context"
	"math/rand/v2"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/nn"
)

// gptSize is the model of the cases that decode and train, and the number of
// sequences at a time.
type gptSize struct {
	model         nn.GPTConfig
	decode, train int
}

// gpt25M has 25 million weights beside those of the embeddings.
var gpt25M = gptSize{model: nn.GPTConfig{Vocab: 1024, Context: 256, Layers: 8, Heads: 8, Width: 512, Seed: 1}, decode: 128, train: 8}

const tokensPerSecond = "tokens/s"

// perToken is how many operations a forward pass takes a token: two for each
// weight of a product, and the scores and sums of attention over half the context.
func perToken(c nn.GPTConfig) float64 {
	weights := c.Layers*12*c.Width*c.Width + c.Width*c.Vocab
	attention := c.Layers * 4 * c.Width * c.Context / 2
	return float64(2*weights + attention)
}

// gptDecode generates whole sequences from an empty cache, with weights and cache
// of the type. With bfloat16 it is held against itself with float32.
func gptDecode(ctx context.Context, e *env, dtype compute.DType) (Result, error) {
	r, err := e.onDevice(func(d *compute.Device) (Result, error) {
		g, err := nn.NewGPT(d, e.size.model)
		if err != nil {
			return Result{}, err
		}
		defer g.Close()
		s, err := nn.NewSession(ctx, g, nn.SessionConfig{Batch: e.size.decode, Weights: dtype, Cache: dtype})
		if err != nil {
			return Result{}, err
		}
		defer s.Close()
		tokens := make([]int32, e.size.decode)
		return e.besidePeak(ctx, d, rate{
			unit: tokensPerSecond, flops: perToken(e.size.model),
			warm: func() error { return pass(s, tokens, 4) },
			work: func() (float64, error) {
				return float64(len(tokens) * g.Config.Context), pass(s, tokens, g.Config.Context)
			},
		})
	})
	if err != nil || dtype == compute.F32 {
		return r, err
	}
	return e.against(ctx, r, "compute/gpt_decode", "compute/gpt_decode")
}

// pass generates n tokens of each sequence.
func pass(s *nn.Session, tokens []int32, n int) error {
	s.Reset(nil)
	clear(tokens)
	for range n {
		if _, err := s.Step(tokens); err != nil {
			return err
		}
		if err := s.Sample(tokens, nn.SampleConfig{Temperature: 1, Seed: 1}); err != nil {
			return err
		}
	}
	return nil
}

func gptDecodeF32(ctx context.Context, e *env) (Result, error) {
	return gptDecode(ctx, e, compute.F32)
}

func gptDecodeBF16(ctx context.Context, e *env) (Result, error) {
	return gptDecode(ctx, e, compute.BF16)
}

// gptTrain does steps of training on random tokens: forward, backward, clipping
// and AdamW.
func gptTrain(ctx context.Context, e *env) (Result, error) {
	return e.onDevice(func(d *compute.Device) (Result, error) {
		t, err := newTrainer(ctx, d, e)
		defer t.close()
		if err != nil {
			return Result{}, err
		}
		warm := func() error { _, err := t.step(); return err }
		return e.besidePeak(ctx, d, rate{unit: tokensPerSecond, flops: 3 * perToken(e.size.model), warm: warm, work: t.step})
	})
}

// trainer is a model in training.
type trainer struct {
	model           *nn.GPT
	optimizer       *nn.AdamW
	tape            *autograd.Tape
	tokens, targets *compute.Tensor
	ids             []int32
	rng             *rand.Rand
	vocab           int32
}

func newTrainer(ctx context.Context, d *compute.Device, e *env) (t *trainer, err error) {
	t = &trainer{rng: rand.New(rand.NewPCG(1, 3)), vocab: int32(e.size.model.Vocab), ids: make([]int32, e.size.train*e.size.model.Context)}
	if t.model, err = nn.NewGPT(d, e.size.model); err != nil {
		return t, err
	}
	if t.optimizer, err = nn.NewAdamW(t.model.Params(), nn.AdamWConfig{WeightDecay: 0.1, Clip: 1}); err != nil {
		return t, err
	}
	if t.tokens, err = d.New(compute.I32, e.size.train, e.size.model.Context); err != nil {
		return t, err
	}
	if t.targets, err = d.New(compute.I32, e.size.train, e.size.model.Context); err != nil {
		return t, err
	}
	t.tape = autograd.New(d.Backend(ctx))
	return t, nil
}

func (t *trainer) close() {
	if t.tape != nil {
		t.tape.Close()
	}
	for _, x := range []*compute.Tensor{t.tokens, t.targets} {
		if x != nil {
			x.Close()
		}
	}
	if t.optimizer != nil {
		t.optimizer.Close()
	}
	if t.model != nil {
		t.model.Close()
	}
}

// step is one step of training; it returns how many tokens it saw.
func (t *trainer) step() (float64, error) {
	for _, x := range []*compute.Tensor{t.tokens, t.targets} {
		for i := range t.ids {
			t.ids[i] = t.rng.Int32N(t.vocab)
		}
		if err := x.CopyFrom(t.ids); err != nil {
			return 0, err
		}
	}
	t.tape.Reset()
	t.tape.Backward(t.model.Loss(t.tape, t.tokens, t.targets, nil))
	t.optimizer.Step(t.tape.Backend(), 3e-4)
	if err := t.tape.Err(); err != nil {
		return 0, err
	}
	return float64(len(t.ids)), t.tape.Backend().Wait()
}
