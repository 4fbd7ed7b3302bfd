package compute

import "github.com/chimera-1/chimera/compute/internal/kernel"

// cost is the rough number of steps an element takes: functions made of
// exponentials take some ten times what arithmetic does.
func cost(op UnaryOp) int {
	switch op {
	case Exp, Log, Tanh, Sigmoid, Softplus, GELU, SiLU:
		return 4
	}
	return 1
}

// unaryOp is a function of one variable or, with dy, its gradient.
type unaryOp struct {
	set           kernel.Set
	op            UnaryOp
	dst, dy, x, y []float32
}

func (o *unaryOp) span(lo, hi, _ int) {
	if o.dy == nil {
		o.set.Unary(o.op, o.dst[lo:hi], o.x[lo:hi])
		return
	}
	o.set.UnaryGrad(o.op, o.dst[lo:hi], o.dy[lo:hi], o.x[lo:hi], o.y[lo:hi])
}

func (b *cpuBackend) Unary(op UnaryOp, dst, x *Tensor) {
	checkUnary(b.dev, op, dst, x)
	b.ops.unary = unaryOp{set: b.set, op: op, dst: dst.Float32s(), x: x.Float32s()}
	b.all(&b.ops.unary, dst.len, cost(op))
}

func (b *cpuBackend) UnaryGrad(op UnaryOp, dx, dy, x, y *Tensor) {
	x, y = checkUnaryGrad(b.dev, op, dx, dy, x, y)
	if dx.len == 0 {
		return
	}
	b.ops.unary = unaryOp{b.set, op, dx.Float32s(), dy.Float32s(), x.Float32s(), y.Float32s()}
	b.all(&b.ops.unary, dx.len, 2*cost(op))
}

// binaryOp is a function of two variables over rows of n elements.
type binaryOp struct {
	set       kernel.Set
	op        BinaryOp
	how       spread
	dst, a, b []float32
	scalar    float32
	n         int
}

func (o *binaryOp) span(lo, hi, _ int) {
	dst, a := o.dst[lo*o.n:hi*o.n], o.a[lo*o.n:hi*o.n]
	switch o.how {
	case spreadSame:
		o.set.Binary(o.op, dst, a, o.b[lo*o.n:hi*o.n])
	case spreadRow:
		o.set.BinaryRow(o.op, dst, a, o.b)
	case spreadCol:
		o.set.BinaryCol(o.op, dst, a, o.b[lo:hi])
	case spreadScalar:
		o.set.BinaryScalar(o.op, dst, a, o.scalar)
	}
}

func (b *cpuBackend) Binary(op BinaryOp, dst, a, w *Tensor) {
	how := checkBinary(b.dev, dst, a, w)
	if dst.len == 0 {
		return
	}
	o := &b.ops.binary
	*o = binaryOp{set: b.set, op: op, how: how, dst: dst.Float32s(), a: a.Float32s(), b: w.Float32s(), n: 1}
	switch how {
	case spreadRow:
		o.n = w.len
	case spreadCol:
		o.n = a.rowLen()
	case spreadScalar:
		o.scalar = o.b[0]
	}
	b.all(o, dst.len/o.n, o.n)
}

func (b *cpuBackend) BinaryScalar(op BinaryOp, dst, a *Tensor, v float32) {
	const name = "BinaryScalar"
	need(name, b.dev, dst, a)
	typed(name, F32, dst, a)
	equal(name, a, dst)
	o := &b.ops.binary
	*o = binaryOp{set: b.set, op: op, how: spreadScalar, dst: dst.Float32s(), a: a.Float32s(), scalar: v, n: 1}
	b.all(o, dst.len, 1)
}

type axpbyOp struct {
	set         kernel.Set
	dst, x, y   []float32
	alpha, beta float32
}

func (o *axpbyOp) span(lo, hi, _ int) {
	o.set.AXPBY(o.dst[lo:hi], o.alpha, o.x[lo:hi], o.beta, o.y[lo:hi])
}

func (b *cpuBackend) AXPBY(dst *Tensor, alpha float32, x *Tensor, beta float32, y *Tensor) {
	checkSame("AXPBY", b.dev, dst, x, y)
	b.ops.axpby = axpbyOp{b.set, dst.Float32s(), x.Float32s(), y.Float32s(), alpha, beta}
	b.all(&b.ops.axpby, dst.len, 1)
}

type whereOp struct {
	set       kernel.Set
	dst, a, b []float32
	cond      []uint8
}

func (o *whereOp) span(lo, hi, _ int) {
	o.set.Where(o.dst[lo:hi], o.cond[lo:hi], o.a[lo:hi], o.b[lo:hi])
}

func (b *cpuBackend) Where(dst, cond, x, y *Tensor) {
	checkWhere(b.dev, dst, cond, x, y)
	b.ops.where = whereOp{b.set, dst.Float32s(), x.Float32s(), y.Float32s(), cond.Uint8s()}
	b.all(&b.ops.where, dst.len, 1)
}

// dropoutOp counts in blocks of four elements, the words of a Philox block.
type dropoutOp struct {
	set      kernel.Set
	dst, x   []float32
	p, scale float32
	r        Random
}

func (o *dropoutOp) span(lo, hi, _ int) {
	i, j := 4*lo, min(4*hi, len(o.x))
	o.set.Dropout(o.dst[i:j], o.x[i:j], o.p, o.scale, halves(o.r.Seed),
		o.r.Offset+uint64(lo), uint32(o.r.Counter), uint32(o.r.Counter>>32))
}

// halves is the low and the high word, the order of Philox's keys and counters.
func halves(v uint64) [2]uint32 { return [2]uint32{uint32(v), uint32(v >> 32)} }

func (b *cpuBackend) Dropout(dst, x *Tensor, p float32, r Random) {
	checkDropout(b.dev, dst, x, p)
	b.ops.dropout = dropoutOp{b.set, dst.Float32s(), x.Float32s(), p, 1 / (1 - p), r}
	b.all(&b.ops.dropout, (dst.len+3)/4, 16)
}
