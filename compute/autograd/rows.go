package autograd

import "github.com/chimera-1/chimera/compute"

// Softmax normalises the rows of x; mask (uint8, of x's shape, or nil) leaves
// elements out.
func (t *Tape) Softmax(x *Var, mask *compute.Tensor) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x)
	if t.failed() {
		return y
	}
	t.b.Softmax(y.value, x.value, mask)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.SoftmaxGrad(g, y.grad, y.value) })
	})
	return y
}

// LogSoftmax is the logarithm of Softmax.
func (t *Tape) LogSoftmax(x *Var, mask *compute.Tensor) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x)
	if t.failed() {
		return y
	}
	t.b.LogSoftmax(y.value, x.value, mask)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.LogSoftmaxGrad(g, y.grad, y.value) })
	})
	return y
}

// perRow is memory for one number a row of x.
func (t *Tape) perRow(x *compute.Tensor) *compute.Tensor {
	return t.floats(rows2(x).Dim(0))
}

// LayerNorm normalises the rows of x and scales and shifts them by gamma and beta.
func (t *Tape) LayerNorm(x, gamma, beta *Var, eps float32) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x, gamma, beta)
	mean, rstd := t.perRow(x.value), t.perRow(x.value)
	if t.failed() {
		return y
	}
	t.b.LayerNorm(y.value, mean, rstd, x.value, gamma.value, beta.value, eps)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) {
			t.b.LayerNormGrad(g, nil, nil, y.grad, x.value, mean, rstd, gamma.value)
		})
		t.normParams(gamma, beta, func(dg, db *compute.Tensor) {
			t.b.LayerNormGrad(nil, dg, db, y.grad, x.value, mean, rstd, gamma.value)
		})
	})
	return y
}

// normParams adds what write makes of both to the gradients of gamma and beta.
func (t *Tape) normParams(gamma, beta *Var, write func(dg, db *compute.Tensor)) {
	if !gamma.needs && !beta.needs || t.failed() {
		return
	}
	dg, db := t.floats(gamma.value.Shape()...), t.floats(beta.value.Shape()...)
	if t.failed() {
		return
	}
	write(dg, db)
	t.into(gamma, func(g *compute.Tensor) { t.b.Copy(g, dg) })
	t.into(beta, func(g *compute.Tensor) { t.b.Copy(g, db) })
}

// RMSNorm scales the rows of x to unit mean square, times gamma.
func (t *Tape) RMSNorm(x, gamma *Var, eps float32) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	y := t.result(t.floats(x.value.Shape()...), x, gamma)
	rrms := t.perRow(x.value)
	if t.failed() {
		return y
	}
	t.b.RMSNorm(y.value, rrms, x.value, gamma.value, eps)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.RMSNormGrad(g, nil, y.grad, x.value, rrms, gamma.value) })
		t.into(gamma, func(g *compute.Tensor) { t.b.RMSNormGrad(nil, g, y.grad, x.value, rrms, gamma.value) })
	})
	return y
}
