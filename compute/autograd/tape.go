package autograd

import (
	"fmt"
	"slices"

	"github.com/chimera-1/chimera/compute"
)

// A Tape records operations and owns their results. It belongs to one goroutine.
type Tape struct {
	b     compute.Backend
	d     *compute.Device
	err   error
	nodes []func() // the way back, an operation each
	made  []*compute.Tensor
	next  int // of made, in this step
	add   bool
	done  bool // Backward ran in this step
	// Of this step, by their values: a parameter that is used twice must be one
	// variable, or the second gradient would overwrite the first.
	params map[*compute.Tensor]*Var
}

// A Var is a tensor that the tape knows: a parameter, a constant or a result.
type Var struct {
	t     *Tape
	value *compute.Tensor
	grad  *compute.Tensor
	needs bool // a parameter is among what it was made of
	ready bool // grad holds a sum to add to
}

// New is an empty tape over the device of b.
func New(b compute.Backend) *Tape {
	return &Tape{b: b, d: b.Device(), params: map[*compute.Tensor]*Var{}}
}

// fail panics with a ShapeError.
func fail(op, format string, args ...any) {
	panic(&compute.ShapeError{Op: op, Problem: fmt.Sprintf(format, args...)})
}

// Backend is what the tape runs its operations on.
func (t *Tape) Backend() compute.Backend { return t.b }

// Err is the first failure of the tape or of its backend.
func (t *Tape) Err() error {
	if t.err == nil {
		t.err = t.b.Err()
	}
	return t.err
}

// Reset forgets the operations, and with them all variables. Gradients of
// parameters keep their numbers; the next Backward overwrites them.
func (t *Tape) Reset() {
	clear(t.nodes)
	clear(t.params)
	t.nodes, t.next, t.add, t.done = t.nodes[:0], 0, false, false
}

// ResetAccumulate is Reset, but the next Backward adds to the gradients of
// parameters: the steps of a batch in parts.
func (t *Tape) ResetAccumulate() {
	t.Reset()
	t.add = true
}

// Close gives back all memory. Variables of the tape cannot be used any more.
func (t *Tape) Close() {
	t.Reset()
	for _, x := range t.made {
		x.Close()
	}
	t.made = nil
}

// Param is a variable over a tensor of the caller whose gradient goes to grad, of
// the same shape: overwritten by the first operation that Backward finds to use
// the parameter, and added to by others. A parameter that no operation uses keeps
// what grad holds. Within a step the same tensor gives the same variable.
func (t *Tape) Param(value, grad *compute.Tensor) *Var {
	if !slices.Equal(value.Shape(), grad.Shape()) {
		fail("Param", "%v for the gradient of %v", grad, value)
	}
	if v := t.params[value]; v != nil {
		if v.grad != grad {
			fail("Param", "another tensor for the gradient of %v", value)
		}
		return v
	}
	v := &Var{t: t, value: value, grad: grad, needs: true, ready: t.add}
	t.params[value] = v
	return v
}

// Const is a variable without gradient over a tensor of the caller.
func (t *Tape) Const(value *compute.Tensor) *Var { return &Var{t: t, value: value} }

// Detach is the same value as a constant: no gradient goes back through it.
func (t *Tape) Detach(x *Var) *Var { return &Var{t: t, value: x.value} }

// Value is the tensor of the variable. A result's belongs to the tape, and is
// valid until Reset. It is nil after a failure.
func (v *Var) Value() *compute.Tensor { return v.value }

// Grad is the gradient of the variable after Backward: nil if none reached it.
func (v *Var) Grad() *compute.Tensor {
	if !v.ready {
		return nil
	}
	return v.grad
}

// failed says that operations must do nothing.
func (t *Tape) failed() bool { return t.Err() != nil }

// tensor is memory of the tape; its numbers are undefined. It is nil after a failure.
func (t *Tape) tensor(dtype compute.DType, shape ...int) *compute.Tensor {
	if t.err != nil {
		return nil
	}
	if t.next < len(t.made) {
		x := t.made[t.next]
		if x.DType() == dtype && slices.Equal(x.Shape(), shape) {
			t.next++
			return x
		}
		// The steps differ from here on: what is left serves nobody.
		for _, x := range t.made[t.next:] {
			x.Close()
		}
		t.made = t.made[:t.next]
	}
	x, err := t.d.New(dtype, shape...)
	if err != nil {
		t.err = err
		return nil
	}
	t.made = append(t.made, x)
	t.next++
	return x
}

func (t *Tape) floats(shape ...int) *compute.Tensor { return t.tensor(compute.F32, shape...) }

// result is a variable for the result of an operation on the operands.
func (t *Tape) result(value *compute.Tensor, operands ...*Var) *Var {
	v := &Var{t: t, value: value}
	for _, o := range operands {
		v.needs = v.needs || o.needs
	}
	return v
}

// back records the way back of an operation, if its result needs one. It is left
// out where no gradient reaches the result.
func (t *Tape) back(y *Var, f func()) {
	if y.needs {
		t.nodes = append(t.nodes, func() {
			if y.ready {
				f()
			}
		})
	}
}

// Backward computes the gradients of loss, a variable of one element, with
// respect to the parameters it was made of. It runs once in a step; of several
// losses take the sum.
func (t *Tape) Backward(loss *Var) {
	if t.failed() {
		return
	}
	if loss.value.Len() != 1 {
		fail("Backward", "%v is not one number", loss.value)
	}
	if t.done {
		fail("Backward", "a second call without Reset")
	}
	t.done = true
	if !loss.needs {
		return
	}
	t.into(loss, func(g *compute.Tensor) { t.b.Fill(g, 1) })
	for i := len(t.nodes) - 1; i >= 0 && !t.failed(); i-- {
		t.nodes[i]()
	}
}

// into adds what write overwrites its argument with to the gradient of v. The
// first contribution is written in place.
func (t *Tape) into(v *Var, write func(g *compute.Tensor)) {
	if !v.needs || t.failed() {
		return
	}
	if v.ready {
		tmp := t.floats(v.value.Shape()...)
		if tmp == nil {
			return
		}
		write(tmp)
		t.b.AXPBY(v.grad, 1, v.grad, 1, tmp)
		return
	}
	if v.grad == nil {
		v.grad = t.floats(v.value.Shape()...)
		if v.grad == nil {
			return
		}
	}
	write(v.grad)
	v.ready = true
}

// product adds a matrix product to the gradient of v, without a tensor between.
func (t *Tape) product(v *Var, a, b *compute.Tensor, o compute.MatMulOptions) {
	if !v.needs || t.failed() {
		return
	}
	if v.ready {
		o.Accumulate = true
		t.b.MatMul(v.grad, a, b, o)
		return
	}
	t.into(v, func(g *compute.Tensor) { t.b.MatMul(g, a, b, o) })
}
