package compute

import "github.com/chimera-1/chimera/compute/internal/kernel"

type lossKind uint8

const (
	crossEntropy lossKind = iota
	softCrossEntropy
	divergence
	squaredError
)

// lossOp is one of the losses over rows of n elements.
type lossOp struct {
	set         kernel.Set
	kind        lossKind
	op          DivergenceOp
	loss, dx, x []float32
	other       []float32 // targets of x's shape
	target      []int32
	ignore      int32
	n           int
	invT, scale float32
}

func (o *lossOp) span(lo, hi, _ int) {
	i, j := lo*o.n, hi*o.n
	loss, x := o.loss[lo:hi], o.x[i:j]
	var dx, other []float32
	if o.dx != nil {
		dx = o.dx[i:j]
	}
	if o.other != nil {
		other = o.other[i:j]
	}
	switch o.kind {
	case crossEntropy:
		o.set.CrossEntropy(loss, dx, x, o.target[lo:hi], o.n, o.ignore, o.scale)
	case softCrossEntropy:
		o.set.SoftCrossEntropy(loss, dx, x, other, o.n, o.scale)
	case divergence:
		o.set.Divergence(o.op, loss, dx, x, other, o.n, o.invT, o.scale)
	case squaredError:
		o.set.SquaredError(loss, dx, x, other, o.n, o.scale)
	}
}

// loss fills in the operands and runs.
func (b *cpuBackend) loss(o lossOp, loss, dx, x, other *Tensor) {
	o.set, o.loss, o.x, o.n = b.set, loss.Float32s(), x.Float32s(), x.rowLen()
	if dx != nil {
		o.dx = dx.Float32s()
	}
	if other != nil {
		o.other = other.Float32s()
	}
	b.ops.loss = o
	b.all(&b.ops.loss, loss.len, 6*o.n)
}

func (b *cpuBackend) CrossEntropy(loss, dx, x, target *Tensor, ignore int, scale float32) {
	checkLoss("CrossEntropy", b.dev, loss, dx, x, nil)
	checkTarget(b.dev, x, target)
	for i, t := range target.Int32s() {
		if int(t) != ignore && (t < 0 || int(t) >= x.rowLen()) {
			fail("CrossEntropy", "target %d, element %d, is no class of %v", t, i, x.shape)
		}
	}
	b.loss(lossOp{kind: crossEntropy, target: target.Int32s(), ignore: int32(ignore), scale: scale}, loss, dx, x, nil)
}

func (b *cpuBackend) SoftCrossEntropy(loss, dx, x, w *Tensor, scale float32) {
	need("SoftCrossEntropy", b.dev, w)
	checkLoss("SoftCrossEntropy", b.dev, loss, dx, x, w)
	b.loss(lossOp{kind: softCrossEntropy, scale: scale}, loss, dx, x, w)
}

func (b *cpuBackend) Divergence(op DivergenceOp, loss, dx, x, y *Tensor, temperature, scale float32) {
	checkDivergence(b.dev, op, loss, dx, x, y, temperature)
	b.loss(lossOp{kind: divergence, op: op, invT: 1 / temperature, scale: scale}, loss, dx, x, y)
}

func (b *cpuBackend) SquaredError(loss, dx, x, y *Tensor, scale float32) {
	need("SquaredError", b.dev, y)
	checkLoss("SquaredError", b.dev, loss, dx, x, y)
	b.loss(lossOp{kind: squaredError, scale: scale}, loss, dx, x, y)
}
