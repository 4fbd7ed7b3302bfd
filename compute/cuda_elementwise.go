package compute

import "github.com/chimera-1/chimera/compute/internal/cuda"

func (b *cudaBackend) Unary(op UnaryOp, dst, x *Tensor) {
	checkUnary(b.dev, op, dst, x)
	if b.begin() {
		b.one(b.cmd(cuda.Unary, uint32(op), x.len), dst, x)
	}
}

func (b *cudaBackend) UnaryGrad(op UnaryOp, dx, dy, x, y *Tensor) {
	x, y = checkUnaryGrad(b.dev, op, dx, dy, x, y)
	if b.begin() {
		b.one(b.cmd(cuda.UnaryGrad, uint32(op), dx.len), dx, dy, x, y)
	}
}

func (b *cudaBackend) Binary(op BinaryOp, dst, a, w *Tensor) {
	how := checkBinary(b.dev, dst, a, w)
	if dst.len == 0 || !b.begin() {
		return
	}
	var c *cuda.Cmd
	switch how {
	case spreadSame:
		c = b.cmd(cuda.Binary, uint32(op), a.len)
	case spreadCol:
		c = b.cmd(cuda.BinaryCol, uint32(op), w.len, a.rowLen())
	default: // one element is a row of one
		c = b.cmd(cuda.BinaryRow, uint32(op), a.len/w.len, w.len)
	}
	b.one(c, dst, a, w)
}

func (b *cudaBackend) BinaryScalar(op BinaryOp, dst, a *Tensor, v float32) {
	checkSame("BinaryScalar", b.dev, dst, a)
	if b.begin() {
		b.one(scaled(b.cmd(cuda.BinaryScalar, uint32(op), a.len), v), dst, a)
	}
}

// scaled sets the scalars of a command.
func scaled(c *cuda.Cmd, s ...float32) *cuda.Cmd {
	for i, v := range s {
		c.Scalar[i] = float64(v)
	}
	return c
}

func (b *cudaBackend) AXPBY(dst *Tensor, alpha float32, x *Tensor, beta float32, y *Tensor) {
	checkSame("AXPBY", b.dev, dst, x, y)
	if b.begin() {
		b.one(scaled(b.cmd(cuda.AXPBY, 0, dst.len), alpha, beta), dst, x, y)
	}
}

func (b *cudaBackend) Where(dst, cond, x, y *Tensor) {
	checkWhere(b.dev, dst, cond, x, y)
	if b.begin() {
		b.one(b.cmd(cuda.Where, 0, dst.len), dst, cond, x, y)
	}
}

func (b *cudaBackend) Dropout(dst, x *Tensor, p float32, r Random) {
	checkDropout(b.dev, dst, x, p)
	if !b.begin() {
		return
	}
	c := scaled(b.cmd(cuda.Dropout, 0, dst.len), p, 1/(1-p))
	key := halves(r.Seed)
	c.Dims[1], c.Dims[2], c.Dims[3] = int64(key[0]), int64(key[1]), int64(r.Offset)
	counter := halves(r.Counter)
	c.Dims[4], c.Dims[5] = int64(counter[0]), int64(counter[1])
	b.one(c, dst, x)
}
