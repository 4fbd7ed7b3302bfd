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

// params makes parameters on a device; after a failure it makes none.
type params struct {
	d    *compute.Device
	seed uint64
	list []*Param
	err  error
}

// new is a parameter of numbers from fill, called with the parameter's own stream.
func (p *params) new(name string, decay bool, fill func(x []float32, r *normal), shape ...int) *Param {
	q := &Param{Name: name, Decay: decay}
	if p.err != nil {
		return q
	}
	if q.Value, p.err = p.d.New(compute.F32, shape...); p.err != nil {
		return q
	}
	if q.Grad, p.err = p.d.New(compute.F32, shape...); p.err != nil {
		q.Value.Close()
		return q
	}
	stream := uint64(len(p.list))
	p.list = append(p.list, q)
	x := make([]float32, q.Value.Len())
	fill(x, &normal{seed: p.seed, stream: stream})
	if p.err = q.Value.CopyFrom(x); p.err != nil {
		p.err = fmt.Errorf("%s: %w", name, p.err)
	}
	return q
}

func (p *params) close() {
	for _, q := range p.list {
		q.Value.Close()
		q.Grad.Close()
	}
	p.list = nil
}

// done is the end of a constructor: the parameters, or the error after closing
// what was made.
func (p *params) done() ([]*Param, error) {
	if p.err != nil {
		p.close()
		return nil, p.err
	}
	return p.list, nil
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

// on is the parameter as a variable of the tape.
func (p *Param) on(t *autograd.Tape) *autograd.Var { return t.Param(p.Value, p.Grad) }
