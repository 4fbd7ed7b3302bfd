package autograd

import "github.com/chimera-1/chimera/compute"

// Reshape is x in another shape of the same length. It copies nothing.
func (t *Tape) Reshape(x *Var, shape ...int) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(x.value.View(shape...), x)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.Copy(g, y.grad) })
	})
	return y
}

// Permute transposes: axis i of the result is axis axes[i] of x.
func (t *Tape) Permute(x *Var, axes ...int) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	shape, inverse := make([]int, len(axes)), make([]int, len(axes))
	for i, a := range axes {
		if a < 0 || a >= len(axes) || len(axes) != len(x.value.Shape()) {
			fail("Permute", "axes %v of %v", append([]int(nil), axes...), x.value.Shape())
		}
		shape[i], inverse[a] = x.value.Dim(a), i
	}
	y := t.result(t.floats(shape...), x)
	if t.failed() {
		return y
	}
	t.b.Permute(y.value, x.value, axes)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.Permute(g, y.grad, inverse) })
	})
	return y
}

// Slice is n places of an axis of x from start on.
func (t *Tape) Slice(x *Var, axis, start, n int) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	shape := append([]int(nil), x.value.Shape()...)
	axis = axisOf("Slice", shape, axis)
	shape[axis] = n
	y := t.result(t.floats(shape...), x)
	if t.failed() {
		return y
	}
	t.b.Slice(y.value, x.value, axis, start)
	t.back(y, func() {
		if !x.ready {
			t.into(x, func(g *compute.Tensor) { t.b.Fill(g, 0) })
		}
		if x.needs && !t.failed() {
			t.b.Paste(x.grad, y.grad, axis, start, true)
		}
	})
	return y
}

// axisOf is the axis counted from the front.
func axisOf(op string, shape []int, axis int) int {
	i := axis
	if i < 0 {
		i += len(shape)
	}
	if i < 0 || i >= len(shape) {
		fail(op, "no axis %d in %v", axis, append([]int(nil), shape...))
	}
	return i
}

// Concat puts variables one after another along an axis; their other axes agree.
func (t *Tape) Concat(axis int, xs ...*Var) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	if len(xs) == 0 {
		fail("Concat", "no variables")
	}
	shape := append([]int(nil), xs[0].value.Shape()...)
	axis = axisOf("Concat", shape, axis)
	shape[axis] = 0
	for _, x := range xs {
		if len(x.value.Shape()) != len(shape) {
			fail("Concat", "%v beside %v", x.value.Shape(), xs[0].value.Shape())
		}
		shape[axis] += x.value.Dim(axis)
	}
	y := t.result(t.floats(shape...), xs...)
	if t.failed() {
		return y
	}
	at := 0
	for _, x := range xs {
		t.b.Paste(y.value, x.value, axis, at, false)
		at += x.value.Dim(axis)
	}
	t.back(y, func() {
		at := 0
		for _, x := range xs {
			t.into(x, func(g *compute.Tensor) { t.b.Slice(g, y.grad, axis, at) })
			at += x.value.Dim(axis)
		}
	})
	return y
}

// Sum is the sum of all elements, in two steps: of each row, then of the rows.
func (t *Tape) Sum(x *Var) *Var { return t.total(x, 1) }

// Mean is Sum divided by the number of elements.
func (t *Tape) Mean(x *Var) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	return t.total(x, 1/float32(x.value.Len()))
}

func (t *Tape) total(x *Var, scale float32) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(), x)
	t.sumInto(y.value, x.value, scale)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) {
			t.b.Fill(g, float64(scale))
			t.b.Binary(compute.Mul, g, g, y.grad)
		})
	})
	return y
}

// sumInto writes scale times the sum of x to the scalar y.
func (t *Tape) sumInto(y, x *compute.Tensor, scale float32) {
	m := rows2(x)
	part := t.floats(m.Dim(0))
	if t.failed() {
		return
	}
	t.b.Reduce(compute.ReduceSum, part, m, 1)
	t.b.Reduce(compute.ReduceSum, y, part, 0)
	t.b.BinaryScalar(compute.Mul, y, y, scale)
}

// rows2 is x as a matrix, one row for a vector or a scalar.
func rows2(x *compute.Tensor) *compute.Tensor {
	if len(x.Shape()) < 2 {
		return x.View(1, x.Len())
	}
	return rows(x)
}
