package nn

import (
	"fmt"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

const float = 4 // bytes

// Plan is the memory of a [Session] of the model on a device, the model included.
// threads is [compute.Device.Threads]. It equals what NewSession and its steps
// allocate.
func (c GPTConfig) Plan(s SessionConfig, threads int) Plan {
	if s.Context == 0 {
		s.Context = c.Context
	}
	p := Plan{what: fmt.Sprintf("generating with a batch of %d and a context of %d", s.Batch, s.Context), batch: s.Batch}
	p.Weights = 2 * float * int64(c.Parameters())
	packed := func(k, n int) int64 {
		if s.Weights == compute.BF16 {
			k += k % 2
		}
		return int64(kernel.PackedLen(k, n)) * int64(s.Weights.Size())
	}
	w := c.Width
	p.Packed = packed(w, c.Vocab) + int64(c.Layers)*(packed(w, 3*w)+packed(w, w)+packed(w, 4*w)+packed(4*w, w))
	cache := 2 * int64(c.Layers) * int64(s.Context) * int64(w) * int64(s.Cache.Size())
	step := int64(float) * int64(2+3*w+3*w+4*w+c.Vocab+2)
	p.Cache, p.Activations = int64(s.Batch)*cache, int64(s.Batch)*step
	p.Workspace = int64(threads) * int64(s.Context+exact.Lanes) * float
	p.again = func(batch int) Plan {
		s.Batch = batch
		return c.Plan(s, threads)
	}
	return p
}

// PlanTraining is the memory of training steps of a batch of sequences of the
// whole context with [AdamW], the model included.
func (c GPTConfig) PlanTraining(batch, threads int) Plan {
	t, w := c.Context, int64(c.Width)
	n := int64(batch) * int64(t)
	weights := float * int64(c.Parameters())
	p := Plan{
		what: fmt.Sprintf("training with a batch of %d and a context of %d", batch, t), batch: batch,
		Weights: 2 * weights, Optimizer: 2 * weights,
	}
	p.Activations = float * c.tape(batch)
	p.again = func(batch int) Plan { return c.PlanTraining(batch, threads) }
	// Products pack their right operand: a gradient of all rows is the widest.
	widest := max(kernel.PackedLen(int(n), max(4*int(w), c.Vocab)), kernel.PackedLen(4*int(w), int(w)), kernel.PackedLen(int(w), max(4*int(w), c.Vocab)), kernel.PackedLen(c.Vocab, int(w)))
	attention := threads * kernel.AttentionScratch(t, c.Width/c.Heads)
	p.Workspace = float * int64(max(widest, attention))
	return p
}

// tape is the number of float32 that the tape of one step makes, in the order of
// [GPT.Forward] and back.
func (c GPTConfig) tape(batch int) int64 {
	t, w, v, h := int64(c.Context), int64(c.Width), int64(c.Vocab), int64(c.Heads)
	n := int64(batch) * t
	drop := int64(0)
	if c.Dropout > 0 {
		drop = 1
	}
	values := t*w + (2+drop)*n*w // positions, tokens and their sum
	values += int64(c.Layers) * (18 + 2*drop) * n * w
	values += n*w + n*v // last norm, logits
	// Each value has a gradient, and the loss.
	sum := 2*values + 2
	// Means and deviations of the norms, sums of the attention.
	sum += 2*n*(2*int64(c.Layers)+1) + int64(c.Layers)*n*h
	// The losses of the rows, their sum, the gradient that comes with them.
	sum += n + 1 + n*v
	// A residual sum meets the way around it; gradients of the norms' parameters.
	sum += int64(c.Layers)*2*n*w + 2*w*(2*int64(c.Layers)+1)
	return sum
}
