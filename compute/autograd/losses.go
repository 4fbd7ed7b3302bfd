package autograd

import "github.com/chimera-1/chimera/compute"

// fused is a mean loss over rows whose gradient is computed on the way forth:
// each fills the losses of the rows and, unless dx is nil, the gradient of the
// mean. count is the number of rows the mean is over.
func (t *Tape) fused(x *Var, count int, each func(loss, dx *compute.Tensor, scale float32)) *Var {
	y := t.result(t.floats(), x)
	losses := t.perRow(x.value)
	var dx *compute.Tensor
	if x.needs {
		dx = t.floats(x.value.Shape()...)
	}
	if t.failed() {
		return y
	}
	scale := 1 / float32(count)
	each(losses, dx, scale)
	t.sumInto(y.value, losses, scale)
	t.back(y, func() {
		t.into(x, func(g *compute.Tensor) { t.b.Binary(compute.Mul, g, dx, y.grad) })
	})
	return y
}

// CrossEntropy is the mean cross-entropy, in nats, of rows of logits and target
// classes (int32), over the rows whose target is not ignore. It reads the
// targets on the host. Without a row to count it is NaN.
func (t *Tape) CrossEntropy(logits *Var, target *compute.Tensor, ignore int) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	idx := make([]int32, target.Len())
	if err := target.CopyTo(idx); err != nil {
		t.err = err
		return &Var{t: t}
	}
	count := 0
	for _, c := range idx {
		if int(c) != ignore {
			count++
		}
	}
	return t.fused(logits, count, func(loss, dx *compute.Tensor, scale float32) {
		t.b.CrossEntropy(loss, dx, logits.value, target, ignore, scale)
	})
}

// SoftCrossEntropy is the mean cross-entropy of rows of logits and rows of target
// weights.
func (t *Tape) SoftCrossEntropy(logits *Var, weights *compute.Tensor) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	return t.fused(logits, rows2(logits.value).Dim(0), func(loss, dx *compute.Tensor, scale float32) {
		t.b.SoftCrossEntropy(loss, dx, logits.value, weights, scale)
	})
}

// Divergence is the mean divergence of the student's rows of logits from the
// teacher's at a temperature.
func (t *Tape) Divergence(op compute.DivergenceOp, student *Var, teacher *compute.Tensor, temperature float32) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	return t.fused(student, rows2(student.value).Dim(0), func(loss, dx *compute.Tensor, scale float32) {
		t.b.Divergence(op, loss, dx, student.value, teacher, temperature, scale)
	})
}

// SquaredError is the mean over rows of the sum of squared differences.
func (t *Tape) SquaredError(x *Var, y *compute.Tensor) *Var {
	if t.failed() {
		return &Var{t: t}
	}
	return t.fused(x, rows2(x.value).Dim(0), func(loss, dx *compute.Tensor, scale float32) {
		t.b.SquaredError(loss, dx, x.value, y, scale)
	})
}
