package autograd

import (
	"slices"

	"github.com/chimera-1/chimera/compute"
)

// Unary is op(x), element by element.
func (t *Tape) Unary(op compute.UnaryOp, x *Var) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x)
	if t.failed() {
		return y
	}
	t.b.Unary(op, y.value, x.value)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.UnaryGrad(op, g, y.grad, x.value, y.value) })
	})
	return y
}

// Add is a + b. b may be repeated along a, as in compute's Binary.
func (t *Tape) Add(a, b *Var) *Var {
	return t.binary(compute.Add, a, b, func(y *Var) {
		t.into(a, func(g *compute.Tensor) { t.b.Copy(g, y.grad) })
		t.reduced(b, y.grad)
	})
}

// Sub is a - b, b repeated as in Add.
func (t *Tape) Sub(a, b *Var) *Var {
	return t.binary(compute.Sub, a, b, func(y *Var) {
		t.into(a, func(g *compute.Tensor) { t.b.Copy(g, y.grad) })
		if d := t.scratch(b, y.grad); d != nil {
			t.b.Unary(compute.Neg, d, y.grad)
			t.reduced(b, d)
		}
	})
}

// Mul is a * b, b repeated as in Add.
func (t *Tape) Mul(a, b *Var) *Var {
	return t.binary(compute.Mul, a, b, func(y *Var) {
		t.into(a, func(g *compute.Tensor) { t.b.Binary(compute.Mul, g, y.grad, b.value) })
		if d := t.scratch(b, y.grad); d != nil {
			t.b.Binary(compute.Mul, d, y.grad, a.value)
			t.reduced(b, d)
		}
	})
}

// Div is a / b, b repeated as in Add.
func (t *Tape) Div(a, b *Var) *Var {
	return t.binary(compute.Div, a, b, func(y *Var) {
		t.into(a, func(g *compute.Tensor) { t.b.Binary(compute.Div, g, y.grad, b.value) })
		if d := t.scratch(b, y.grad); d != nil { // -dy*y/b
			t.b.Binary(compute.Mul, d, y.grad, y.value)
			t.b.Binary(compute.Div, d, d, b.value)
			t.b.Unary(compute.Neg, d, d)
			t.reduced(b, d)
		}
	})
}

func (t *Tape) binary(op compute.BinaryOp, a, b *Var, back func(y *Var)) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(a.value.Shape()...), a, b)
	if t.failed() {
		return y
	}
	t.b.Binary(op, y.value, a.value, b.value)
	t.back(y, func() { back(y) })
	return y
}

// scratch is memory of the shape of like, if the gradient of v is wanted.
func (t *Tape) scratch(v *Var, like *compute.Tensor) *compute.Tensor {
	if !v.needs || t.failed() {
		return nil
	}
	return t.floats(like.Shape()...)
}

// reduced adds d to the gradient of b, summed over what b was repeated along.
func (t *Tape) reduced(b *Var, d *compute.Tensor) {
	t.into(b, func(g *compute.Tensor) {
		s, bs := d.Shape(), b.value.Shape()
		switch {
		case slices.Equal(s, bs):
			t.b.Copy(g, d)
		case len(bs) == len(s) && bs[len(bs)-1] == 1 && slices.Equal(bs[:len(bs)-1], s[:len(s)-1]):
			t.b.Reduce(compute.ReduceSum, g, d, -1)
		default: // a suffix, or one element
			n := b.value.Len()
			t.b.Reduce(compute.ReduceSum, g.View(n), d.View(d.Len()/max(n, 1), n), 0)
		}
	})
}

// Scale is c * x.
func (t *Tape) Scale(x *Var, c float32) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x)
	if t.failed() {
		return y
	}
	t.b.BinaryScalar(compute.Mul, y.value, x.value, c)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.BinaryScalar(compute.Mul, g, y.grad, c) })
	})
	return y
}

// Dropout drops elements with probability p, see compute's; p 0 gives x itself.
func (t *Tape) Dropout(x *Var, p float32, r compute.Random) *Var {
	if t.failed() || p == 0 {
		return x
	}
	y := t.result(t.floats(x.value.Shape()...), x)
	if t.failed() {
		return y
	}
	t.b.Dropout(y.value, x.value, p, r)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.Dropout(g, y.grad, p, r) })
	})
	return y
}
