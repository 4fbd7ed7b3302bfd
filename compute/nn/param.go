package nn

import (
	"fmt"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

// A Param is a tensor that training changes, with its gradient.
type Param struct {
	Name  string // as in checkpoints: "blocks.0.ln1.weight"
	Value *compute.Tensor
	Grad  *compute.Tensor
	// Decay says that AdamW's weight decay applies: matrices decay, biases and the
	// parameters of norms do not.
	Decay bool
}

// A Model has parameters, always in the same order.
type Model interface{ Params() []*Param }

// A Builder makes the parameters of a model on a device, in an order that becomes
// the model's. After a failure it makes none, and Done tells: until then the
// tensors of what it gave may be nil.
type Builder struct {
	d    *compute.Device
	seed uint64
	list []*Param
	err  error
}

// NewBuilder begins a model whose initial weights are a function of the seed: the
// n-th parameter draws from the n-th stream under it.
func NewBuilder(d *compute.Device, seed uint64) *Builder { return &Builder{d: d, seed: seed} }

// param is a parameter of numbers from fill, called with the parameter's own stream.
func (b *Builder) param(name string, decay bool, fill func(x []float32, r *normal), shape ...int) *Param {
	q := &Param{Name: name, Decay: decay}
	if b.err != nil {
		return q
	}
	if q.Value, b.err = b.d.New(compute.F32, shape...); b.err != nil {
		return q
	}
	if q.Grad, b.err = b.d.New(compute.F32, shape...); b.err != nil {
		q.Value.Close()
		return q
	}
	stream := uint64(len(b.list))
	b.list = append(b.list, q)
	x := make([]float32, q.Value.Len())
	fill(x, &normal{seed: b.seed, stream: stream})
	if b.err = q.Value.CopyFrom(x); b.err != nil {
		b.err = fmt.Errorf("%s: %w", name, b.err)
	}
	return q
}

// Normal is a parameter of normal numbers of a standard deviation, 0 for zeros.
func (b *Builder) Normal(name string, std float32, decay bool, shape ...int) *Param {
	return b.param(name, decay, gaussian(std), shape...)
}

// Close gives the memory of all parameters back.
func (b *Builder) Close() {
	for _, q := range b.list {
		q.Value.Close()
		q.Grad.Close()
	}
	b.list = nil
}

// Done is the end of a constructor: the parameters, or the first failure after
// closing what was made.
func (b *Builder) Done() ([]*Param, error) {
	if b.err != nil {
		b.Close()
		return nil, b.err
	}
	return b.list, nil
}

func gaussian(std float32) func(x []float32, r *normal) {
	return func(x []float32, r *normal) {
		for i := range x {
			x[i] = std * r.next()
		}
	}
}

func constant(v float32) func(x []float32, r *normal) {
	return func(x []float32, _ *normal) {
		for i := range x {
			x[i] = v
		}
	}
}

// On is the parameter as a variable of the tape.
func (p *Param) On(t *autograd.Tape) *autograd.Var { return t.Param(p.Value, p.Grad) }
