package nn

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/compute"
)

// SessionConfig says how sequences are generated.
type SessionConfig struct {
	Batch   int           // sequences at a time
	Context int           // longest sequence; 0 means the model's
	Weights compute.DType // of the copy that generates: F32, or BF16 on a Fast device
	Cache   compute.DType // of keys and values: F32 or BF16
}

// A Session generates sequences with a [GPT]: a copy of its weights laid out for
// products, the keys and values of what was generated, and room for one step.
// Steps allocate nothing. Later training of the model does not change it.
type Session struct {
	gpt  *GPT
	conf SessionConfig
	b    compute.Backend

	weights []blockWeights
	head    *compute.Tensor

	// Of a step: tokens and positions [b], then rows of each sequence.
	tokens, pos               *compute.Tensor
	x, h, qkv, att, fc, logit *compute.Tensor
	mean, rstd                *compute.Tensor

	owned []*compute.Tensor
	at    []int32 // lengths of the sequences
	next  []int32 // tokens of a step
	ids   []uint64
	steps []uint32
	// at and next as any: converting a slice allocates, which steps must not.
	anyAt, anyNext any
}

// blockWeights are the packed matrices and the cache of a block.
type blockWeights struct {
	qkv, proj, fc, out *compute.Tensor
	keys, values       *compute.Tensor
}

// NewSession makes a session on the model's device; operations end with the
// context. It wraps compute.ErrOutOfMemory if there is no room: [GPTConfig.Plan]
// tells beforehand. Close gives the memory back.
func NewSession(ctx context.Context, g *GPT, c SessionConfig) (*Session, error) {
	if c.Context == 0 {
		c.Context = g.Config.Context
	}
	if c.Batch < 1 || c.Context < 1 || c.Context > g.Config.Context {
		return nil, fmt.Errorf("session: batch %d, context %d of a model of context %d", c.Batch, c.Context, g.Config.Context)
	}
	d := g.head.W.Value.Device()
	if err := c.validate(d); err != nil {
		return nil, err
	}
	s := &Session{gpt: g, conf: c, b: d.Backend(ctx)}
	if err := s.allocate(d); err != nil {
		s.Close()
		return nil, fmt.Errorf("session: %w", err)
	}
	s.at, s.next, s.ids, s.steps = make([]int32, c.Batch), make([]int32, c.Batch), make([]uint64, c.Batch), make([]uint32, c.Batch)
	s.anyAt, s.anyNext = s.at, s.next
	for i := range s.ids {
		s.ids[i] = uint64(i)
	}
	s.pack()
	if err := s.b.Wait(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (c SessionConfig) validate(d *compute.Device) error {
	for _, t := range []compute.DType{c.Weights, c.Cache} {
		if t != compute.F32 && t != compute.BF16 {
			return fmt.Errorf("session: weights and cache are float32 or bfloat16, not %s", t)
		}
	}
	if c.Weights == compute.BF16 && d.Mode() != compute.Fast {
		return fmt.Errorf("session: bfloat16 weights need a device opened with Fast")
	}
	return nil
}

// maker makes the tensors of a session until one fails.
type maker struct {
	s   *Session
	d   *compute.Device
	err error
}

func (m *maker) keep(x *compute.Tensor, err error) *compute.Tensor {
	if err != nil {
		m.err = err
		return nil
	}
	m.s.owned = append(m.s.owned, x)
	return x
}

func (m *maker) tensor(t compute.DType, shape ...int) *compute.Tensor {
	if m.err != nil {
		return nil
	}
	return m.keep(m.d.New(t, shape...))
}

func (m *maker) packed(k, n int) *compute.Tensor {
	if m.err != nil {
		return nil
	}
	return m.keep(m.d.NewPacked(m.s.conf.Weights, k, n))
}

func (s *Session) allocate(d *compute.Device) error {
	m, g, n := &maker{s: s, d: d}, s.gpt.Config, s.conf.Batch
	w := g.Width
	for range g.Layers {
		s.weights = append(s.weights, blockWeights{
			qkv: m.packed(w, 3*w), proj: m.packed(w, w), fc: m.packed(w, 4*w), out: m.packed(4*w, w),
			keys:   m.tensor(s.conf.Cache, n, g.Heads, s.conf.Context, w/g.Heads),
			values: m.tensor(s.conf.Cache, n, g.Heads, s.conf.Context, w/g.Heads),
		})
	}
	s.head = m.packed(w, g.Vocab)
	s.tokens, s.pos = m.tensor(compute.I32, n), m.tensor(compute.I32, n)
	s.x, s.h, s.att = m.tensor(compute.F32, n, w), m.tensor(compute.F32, n, w), m.tensor(compute.F32, n, w)
	s.qkv, s.fc = m.tensor(compute.F32, n, 3*w), m.tensor(compute.F32, n, 4*w)
	s.logit = m.tensor(compute.F32, n, g.Vocab)
	s.mean, s.rstd = m.tensor(compute.F32, n), m.tensor(compute.F32, n)
	return m.err
}

func (s *Session) pack() {
	for i, b := range s.gpt.blocks {
		w := s.weights[i]
		s.b.Pack(w.qkv, b.qkv.W.Value, false)
		s.b.Pack(w.proj, b.proj.W.Value, false)
		s.b.Pack(w.fc, b.fc.W.Value, false)
		s.b.Pack(w.out, b.out.W.Value, false)
	}
	s.b.Pack(s.head, s.gpt.head.W.Value, false)
}

// Close gives the memory of the session back.
func (s *Session) Close() {
	for _, x := range s.owned {
		x.Close()
	}
	s.owned = nil
}

// Reset begins new sequences. Sequence i has the number ids[i] for sampling, or i
// if ids is nil: who generates sequences in several batches numbers them all, so
// that a sequence does not depend on its batch.
func (s *Session) Reset(ids []uint64) {
	if ids != nil && len(ids) != len(s.ids) {
		panic(&compute.ShapeError{Op: "Reset", Problem: fmt.Sprintf("%d numbers for a batch of %d", len(ids), len(s.ids))})
	}
	clear(s.at)
	for i := range s.ids {
		s.ids[i] = uint64(i)
	}
	copy(s.ids, ids)
}

// Positions are the lengths of the sequences so far. The caller must not change
// them; see SetPosition.
func (s *Session) Positions() []int32 { return s.at }

// SetPosition cuts sequence i back to its first n tokens.
func (s *Session) SetPosition(i, n int) {
	if n < 0 || n > int(s.at[i]) {
		panic(&compute.ShapeError{Op: "SetPosition", Problem: fmt.Sprintf("%d of a sequence of %d", n, s.at[i])})
	}
	s.at[i] = int32(n)
}

// Step appends a token to each sequence and returns the logits [batch,V] of the
// next ones, valid until the next step. It fails when a sequence is as long as
// the context, and with the backend's first failure.
func (s *Session) Step(tokens []int32) (*compute.Tensor, error) {
	for i, n := range s.at {
		if int(n) >= s.conf.Context {
			return nil, fmt.Errorf("session: sequence %d has the %d tokens of the context", i, n)
		}
	}
	if len(tokens) != len(s.next) {
		panic(&compute.ShapeError{Op: "Step", Problem: fmt.Sprintf("%d tokens for a batch of %d", len(tokens), len(s.next))})
	}
	copy(s.next, tokens)
	if err := s.tokens.CopyFrom(s.anyNext); err != nil {
		return nil, err
	}
	if err := s.pos.CopyFrom(s.anyAt); err != nil {
		return nil, err
	}
	s.forward()
	for i := range s.at {
		s.at[i]++
	}
	return s.logit, s.b.Err()
}

func (s *Session) forward() {
	g, b := s.gpt, s.b
	b.Gather(s.x, g.wte.W.Value, s.tokens)
	b.Gather(s.h, g.wpe.W.Value, s.pos)
	b.Binary(compute.Add, s.x, s.x, s.h)
	for i := range g.blocks {
		l, w := &g.blocks[i], &s.weights[i]
		b.LayerNorm(s.h, s.mean, s.rstd, s.x, l.ln1.W.Value, l.ln1.B.Value, normEps)
		b.MatMul(s.qkv, s.h, w.qkv, compute.MatMulOptions{Bias: l.qkv.B.Value})
		b.CacheAppend(w.keys, w.values, s.qkv, s.pos)
		b.DecodeAttention(s.att, s.qkv, w.keys, w.values, s.pos)
		b.MatMul(s.x, s.att, w.proj, compute.MatMulOptions{Bias: l.proj.B.Value, Accumulate: true})
		b.LayerNorm(s.h, s.mean, s.rstd, s.x, l.ln2.W.Value, l.ln2.B.Value, normEps)
		b.MatMul(s.fc, s.h, w.fc, compute.MatMulOptions{Bias: l.fc.B.Value, Act: compute.GELUAct})
		b.MatMul(s.x, s.fc, w.out, compute.MatMulOptions{Bias: l.out.B.Value, Accumulate: true})
	}
	b.LayerNorm(s.h, s.mean, s.rstd, s.x, g.lnf.W.Value, g.lnf.B.Value, normEps)
	b.MatMul(s.logit, s.h, s.head, compute.MatMulOptions{})
}

// SampleConfig says how tokens are drawn, see compute's SampleOptions.
type SampleConfig struct {
	Temperature float32
	TopK        int
	Seed        uint64
}

// Sample draws the next token of each sequence from the logits of the last Step
// into tokens. The draw depends on the seed, the sequence's number and its length
// alone.
func (s *Session) Sample(tokens []int32, c SampleConfig) error {
	for i, n := range s.at {
		s.steps[i] = uint32(n)
	}
	s.b.Sample(s.tokens, s.logit, compute.SampleOptions{
		Temperature: c.Temperature, TopK: c.TopK, Seed: c.Seed, IDs: s.ids, Steps: s.steps,
	})
	if err := s.b.Err(); err != nil {
		return err
	}
	if err := s.tokens.CopyTo(s.anyNext); err != nil {
		return err
	}
	copy(tokens, s.next)
	return nil
}

// Generate appends n tokens to every sequence after the given next ones, and
// returns them, those of sequence i in row i.
func (s *Session) Generate(next []int32, n int, c SampleConfig) ([][]int32, error) {
	out := make([][]int32, len(next))
	tokens := append([]int32(nil), next...)
	for range n {
		if _, err := s.Step(tokens); err != nil {
			return nil, err
		}
		if err := s.Sample(tokens, c); err != nil {
			return nil, err
		}
		for i, t := range tokens {
			out[i] = append(out[i], t)
		}
	}
	return out, nil
}
