package nn

import (
	"fmt"
	"math"
	"strconv"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

func itoa(i int) string { return strconv.Itoa(i) }

// GPTConfig describes a [GPT].
type GPTConfig struct {
	Vocab   int     // V, number of tokens
	Context int     // T, longest sequence
	Layers  int     // L
	Heads   int     // H, divides Width
	Width   int     // C
	Dropout float32 // after the embedding and before each residual sum, in training
	Seed    uint64  // of the initial weights
}

// Validate tells what is wrong with a configuration. Sizes end before numbers of
// bytes would overflow, whoever wrote the configuration: the vocabulary at 2^24,
// the context at 2^20, the width at 2^17, the layers at 2^10.
func (c GPTConfig) Validate() error {
	if c.Vocab < 1 || c.Context < 1 || c.Layers < 0 || c.Heads < 1 || c.Width < 1 {
		return fmt.Errorf("gpt: sizes must be positive: %+v", c)
	}
	if c.Vocab > 1<<24 || c.Context > 1<<20 || c.Width > 1<<17 || c.Layers > 1<<10 {
		return fmt.Errorf("gpt: sizes beyond what any device holds: %+v", c)
	}
	if c.Width%c.Heads != 0 {
		return fmt.Errorf("gpt: width %d is not a multiple of %d heads", c.Width, c.Heads)
	}
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		return fmt.Errorf("gpt: dropout %g is not from 0 to below 1", c.Dropout)
	}
	return nil
}

// Parameters is the number of weights.
func (c GPTConfig) Parameters() int {
	w := c.Width
	block := 4*w + (3*w*w + 3*w) + (w*w + w) + (4*w*w + 4*w) + (4*w*w + w)
	return c.Vocab*w + c.Context*w + c.Layers*block + 2*w + w*c.Vocab
}

// A GPT is a decoder-only transformer in the form of GPT-2 (Radford et al. 2019):
// learned positions, norms before attention and MLP, GELU (tanh), biases, and an
// output head of its own without bias.
//
// Parameters, with i from 0: wte.weight [V,C], wpe.weight [T,C],
// blocks.i.ln1.{weight,bias}, blocks.i.attn.qkv.{weight [C,3C],bias},
// blocks.i.attn.proj.{weight [C,C],bias}, blocks.i.ln2.{weight,bias},
// blocks.i.mlp.fc.{weight [C,4C],bias}, blocks.i.mlp.proj.{weight [4C,C],bias},
// lnf.{weight,bias}, head.weight [C,V].
type GPT struct {
	Config GPTConfig

	wte, wpe Embedding
	blocks   []block
	lnf      LayerNorm
	head     Linear
	params   []*Param
	close    func()
}

type block struct {
	ln1, ln2           LayerNorm
	qkv, proj, fc, out Linear
}

// NewGPT makes a model with initial weights of standard deviation 0.02, divided by
// sqrt(2L) in the two layers of a block that end in a residual sum, as GPT-2.
func NewGPT(d *compute.Device, c GPTConfig) (*GPT, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	const std = 0.02
	b := NewBuilder(d, c.Seed)
	g := &GPT{Config: c, close: b.Close}
	g.wte = b.Embedding("wte", c.Vocab, c.Width, std)
	g.wpe = b.Embedding("wpe", c.Context, c.Width, std)
	residual := float32(std / math.Sqrt(float64(2*max(c.Layers, 1))))
	for i := range c.Layers {
		name := "blocks." + itoa(i)
		g.blocks = append(g.blocks, block{
			ln1:  b.LayerNorm(name+".ln1", c.Width),
			qkv:  b.Linear(name+".attn.qkv", c.Width, 3*c.Width, std, true),
			proj: b.Linear(name+".attn.proj", c.Width, c.Width, residual, true),
			ln2:  b.LayerNorm(name+".ln2", c.Width),
			fc:   b.Linear(name+".mlp.fc", c.Width, 4*c.Width, std, true),
			out:  b.Linear(name+".mlp.proj", 4*c.Width, c.Width, residual, true),
		})
	}
	g.lnf = b.LayerNorm("lnf", c.Width)
	g.head = b.Linear("head", c.Width, c.Vocab, std, false)
	var err error
	g.params, err = b.Done()
	return g, err
}

// Params are the parameters in the order of the comment of [GPT].
func (g *GPT) Params() []*Param { return g.params }

// Close gives the memory of the parameters back.
func (g *GPT) Close() { g.close() }

// Forward is the logits [b,t,V] of tokens (int32 [b,t], t up to the context). The
// logits at a position tell of the next token. drop names the step's dropout and
// is not used if the configuration has none; nil turns it off.
func (g *GPT) Forward(t *autograd.Tape, tokens *compute.Tensor, drop *compute.Random) *autograd.Var {
	s := tokens.Shape()
	if len(s) != 2 || s[1] > g.Config.Context {
		panic(&compute.ShapeError{Op: "GPT", Problem: fmt.Sprintf("tokens %v, context %d", s, g.Config.Context)})
	}
	drops := dropper{p: g.Config.Dropout, r: drop}
	positions := t.Slice(g.wpe.W.On(t), 0, 0, s[1])
	x := drops.drop(t, t.Add(g.wte.Forward(t, tokens), positions))
	for _, b := range g.blocks {
		att := t.Attention(b.qkv.Forward(t, b.ln1.Forward(t, x)), g.Config.Heads, true)
		x = t.Add(x, drops.drop(t, b.proj.Forward(t, att)))
		h := t.Unary(compute.GELU, b.fc.Forward(t, b.ln2.Forward(t, x)))
		x = t.Add(x, drops.drop(t, b.out.Forward(t, h)))
	}
	return g.head.Forward(t, g.lnf.Forward(t, x))
}

// Loss is the mean cross-entropy, in nats, of the logits and the next tokens
// (int32, of the shape of tokens); targets of -1 do not count.
func (g *GPT) Loss(t *autograd.Tape, tokens, targets *compute.Tensor, drop *compute.Random) *autograd.Var {
	return t.CrossEntropy(g.Forward(t, tokens, drop), targets, -1)
}

// dropper gives each dropout of a forward pass its own stream.
type dropper struct {
	p float32
	r *compute.Random
	n uint64
}

func (d *dropper) drop(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if d.r == nil || d.p == 0 || x.Value() == nil {
		return x
	}
	r := *d.r
	r.Offset += d.n
	d.n += uint64(x.Value().Len()+3) / 4
	return t.Dropout(x, d.p, r)
}
