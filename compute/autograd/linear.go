package autograd

import "github.com/chimera-1/chimera/compute"

// rows is x as a matrix: all axes but the last are rows.
func rows(x *compute.Tensor) *compute.Tensor {
	s := x.Shape()
	if len(s) == 2 {
		return x
	}
	n := 1
	if len(s) > 0 {
		n = s[len(s)-1]
	}
	m := 1
	for _, d := range s[:max(len(s)-1, 0)] {
		m *= d
	}
	return x.View(m, n)
}

// MatMul is x [..,m,k] times w [k,n], or [..,k,n] with the leading axes of x.
func (t *Tape) MatMul(x, w *Var) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	if len(w.value.Shape()) == 2 {
		return t.Linear(x, w, nil)
	}
	if len(x.value.Shape()) < 2 || len(w.value.Shape()) < 2 {
		fail("MatMul", "x %v, w %v: products need two axes", x.value.Shape(), w.value.Shape())
	}
	shape := append([]int(nil), x.value.Shape()...)
	shape[len(shape)-1] = w.value.Dim(-1)
	y := t.result(t.floats(shape...), x, w)
	if t.failed() {
		return y
	}
	t.b.MatMul(y.value, x.value, w.value, compute.MatMulOptions{})
	t.back(y, func() {
		t.product(x, y.grad, w.value, compute.MatMulOptions{TransB: true})
		t.product(w, x.value, y.grad, compute.MatMulOptions{TransA: true})
	})
	return y
}

// Linear is x w + b over the rows of x [..,k], w [k,n] and b [n], or nil.
func (t *Tape) Linear(x, w, b *Var) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	if len(x.value.Shape()) < 2 || len(w.value.Shape()) != 2 {
		fail("Linear", "x %v, w %v", x.value.Shape(), w.value.Shape())
	}
	shape := append([]int(nil), x.value.Shape()...)
	shape[len(shape)-1] = w.value.Dim(-1)
	y := t.result(t.floats(shape...), x, w)
	o := compute.MatMulOptions{}
	if b != nil {
		y.needs = y.needs || b.needs
		o.Bias = b.value
	}
	if t.failed() {
		return y
	}
	t.b.MatMul(y.value, x.value, w.value, o)
	t.back(y, func() {
		dy := rows(y.grad)
		if x.needs {
			t.linearInput(x, w, dy)
		}
		t.product(w, rows(x.value), dy, compute.MatMulOptions{TransA: true})
		if b != nil {
			t.into(b, func(g *compute.Tensor) { t.b.Reduce(compute.ReduceSum, g, dy, 0) })
		}
	})
	return y
}

// linearInput adds dy w^T to the gradient of x.
func (t *Tape) linearInput(x, w *Var, dy *compute.Tensor) {
	o := compute.MatMulOptions{TransB: true}
	if x.ready {
		o.Accumulate = true
		t.b.MatMul(rows(x.grad), dy, w.value, o)
		return
	}
	t.into(x, func(g *compute.Tensor) { t.b.MatMul(rows(g), dy, w.value, o) })
}

// Embedding looks rows of table [v,n] up: idx (int32) of any shape gives that
// shape and n.
func (t *Tape) Embedding(table *Var, idx *compute.Tensor) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	if len(table.value.Shape()) != 2 {
		fail("Embedding", "table %v", table.value.Shape())
	}
	shape := append(append([]int(nil), idx.Shape()...), table.value.Dim(-1))
	y := t.result(t.floats(shape...), table)
	if t.failed() {
		return y
	}
	t.b.Gather(y.value, table.value, idx)
	t.back(y, func() {
		if !table.ready {
			t.into(table, func(g *compute.Tensor) { t.b.Fill(g, 0) })
		}
		if !t.failed() {
			t.b.ScatterAdd(table.grad, idx, y.grad)
		}
	})
	return y
}

// Attention is multi-head attention of qkv [b,t,3c], see compute's; the result is
// [b,t,c].
func (t *Tape) Attention(qkv *Var, heads int, causal bool) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	s := qkv.value.Shape()
	if len(s) != 3 || heads < 1 || s[2]%(3*heads) != 0 {
		fail("Attention", "qkv %v is not [b,t,3c] with c in %d heads", s, heads)
	}
	out := t.result(t.floats(s[0], s[1], s[2]/3), qkv)
	lse := t.floats(s[0], heads, s[1])
	if t.failed() {
		return out
	}
	t.b.Attention(out.value, lse, qkv.value, heads, causal)
	t.back(out, func() {
		t.into(qkv, func(g *compute.Tensor) {
			t.b.AttentionGrad(g, out.grad, out.value, lse, qkv.value, heads, causal)
		})
	})
	return out
}
