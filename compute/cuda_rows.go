package compute

import (
	"github.com/chimera-1/chimera/compute/internal/cuda"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

func (b *cudaBackend) Reduce(op ReduceOp, dst, x *Tensor, axis int) {
	outer, n, inner := checkReduce(b.dev, op, dst, x, axis)
	if dst.len == 0 || !b.begin() {
		return
	}
	sub := [...]kernel.ReduceOp{kernel.ReduceSum, kernel.ReduceSum, kernel.ReduceMax, kernel.ReduceMin, kernel.ReduceSumSquares}[op]
	if inner == 1 {
		use(b.cmd(cuda.RowReduce, uint32(sub), outer, n), dst, x)
	} else {
		use(b.cmd(cuda.ColReduce, uint32(sub), outer, n, inner), dst, x)
	}
	if op == ReduceMean {
		use(scaled(b.cmd(cuda.BinaryScalar, uint32(Div), dst.len), float32(n)), dst, dst)
	}
	b.flush()
}

func (b *cudaBackend) ArgMax(dst, x *Tensor) {
	checkArgMax(b.dev, dst, x)
	if b.begin() {
		b.one(b.cmd(cuda.ArgMax, 0, dst.len, x.rowLen()), dst, x)
	}
}

func (b *cudaBackend) TopK(values, idx, x *Tensor) {
	k := checkTopK(b.dev, values, idx, x)
	if k > 0 && b.begin() {
		b.one(b.cmd(cuda.TopK, 0, x.rows(), x.rowLen(), k), values, idx, x)
	}
}

func (b *cudaBackend) softmax(op cuda.Op, dst, x, third *Tensor) {
	if x.len > 0 && b.begin() {
		b.one(b.cmd(op, 0, x.rows(), x.rowLen(), x.rows()), dst, x, third)
	}
}

func (b *cudaBackend) Softmax(dst, x, mask *Tensor) {
	checkSoftmax("Softmax", b.dev, dst, x, mask)
	b.softmax(cuda.Softmax, dst, x, mask)
}

func (b *cudaBackend) LogSoftmax(dst, x, mask *Tensor) {
	checkSoftmax("LogSoftmax", b.dev, dst, x, mask)
	b.softmax(cuda.LogSoftmax, dst, x, mask)
}

func (b *cudaBackend) SoftmaxGrad(dx, dy, y *Tensor) {
	checkSoftmaxGrad("SoftmaxGrad", b.dev, dx, dy, y)
	b.softmax(cuda.SoftmaxGrad, dx, dy, y)
}

func (b *cudaBackend) LogSoftmaxGrad(dx, dy, y *Tensor) {
	checkSoftmaxGrad("LogSoftmaxGrad", b.dev, dx, dy, y)
	b.softmax(cuda.LogSoftmaxGrad, dx, dy, y)
}

func (b *cudaBackend) LayerNorm(dst, mean, rstd, x, gamma, beta *Tensor, eps float32) {
	need("LayerNorm", b.dev, mean, beta)
	checkNorm("LayerNorm", b.dev, dst, mean, rstd, x, gamma, beta)
	if x.len > 0 && b.begin() {
		b.one(scaled(b.cmd(cuda.LayerNorm, 0, x.rows(), x.rowLen()), eps), dst, mean, rstd, x, gamma, beta)
	}
}

func (b *cudaBackend) RMSNorm(dst, rrms, x, gamma *Tensor, eps float32) {
	checkNorm("RMSNorm", b.dev, dst, nil, rrms, x, gamma, nil)
	if x.len > 0 && b.begin() {
		b.one(scaled(b.cmd(cuda.RMSNorm, 0, x.rows(), x.rowLen()), eps), dst, rrms, x, gamma)
	}
}

func (b *cudaBackend) LayerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma *Tensor) {
	need("LayerNormGrad", b.dev, mean)
	if (dgamma == nil) != (dbeta == nil) {
		fail("LayerNormGrad", "one of dgamma and dbeta is nil")
	}
	checkNormGrad("LayerNormGrad", b.dev, dx, dgamma, dbeta, dy, x, mean, rstd, gamma)
	if !b.begin() {
		return
	}
	if dx != nil && x.len > 0 {
		use(b.cmd(cuda.LayerNormGrad, 0, x.rows(), x.rowLen()), dx, dy, x, mean, rstd, gamma)
	}
	if dgamma != nil {
		use(b.cmd(cuda.LayerNormParamGrad, 0, x.rows(), x.rowLen()), dgamma, dbeta, dy, x, mean, rstd)
	}
	b.flush()
}

func (b *cudaBackend) RMSNormGrad(dx, dgamma, dy, x, rrms, gamma *Tensor) {
	checkNormGrad("RMSNormGrad", b.dev, dx, dgamma, nil, dy, x, nil, rrms, gamma)
	if !b.begin() {
		return
	}
	if dx != nil && x.len > 0 {
		use(b.cmd(cuda.RMSNormGrad, 0, x.rows(), x.rowLen()), dx, dy, x, rrms, gamma)
	}
	if dgamma != nil {
		use(b.cmd(cuda.RMSNormParamGrad, 0, x.rows(), x.rowLen()), dgamma, dy, x, rrms)
	}
	b.flush()
}

func (b *cudaBackend) loss(c *cuda.Cmd, loss, dx, x, other *Tensor) { b.one(c, loss, dx, x, other) }

func (b *cudaBackend) CrossEntropy(loss, dx, x, target *Tensor, ignore int, scale float32) {
	checkLoss("CrossEntropy", b.dev, loss, dx, x, nil)
	checkTarget(b.dev, x, target)
	if b.begin() {
		b.loss(scaled(b.cmd(cuda.CrossEntropy, 0, loss.len, x.rowLen(), int(int32(ignore))), scale), loss, dx, x, target)
	}
}

func (b *cudaBackend) SoftCrossEntropy(loss, dx, x, w *Tensor, scale float32) {
	need("SoftCrossEntropy", b.dev, w)
	checkLoss("SoftCrossEntropy", b.dev, loss, dx, x, w)
	if b.begin() {
		b.loss(scaled(b.cmd(cuda.SoftCrossEntropy, 0, loss.len, x.rowLen()), scale), loss, dx, x, w)
	}
}

func (b *cudaBackend) Divergence(op DivergenceOp, loss, dx, x, y *Tensor, temperature, scale float32) {
	checkDivergence(b.dev, op, loss, dx, x, y, temperature)
	if b.begin() {
		b.loss(scaled(b.cmd(cuda.Divergence, uint32(op), loss.len, x.rowLen()), 1/temperature, scale), loss, dx, x, y)
	}
}

func (b *cudaBackend) SquaredError(loss, dx, x, y *Tensor, scale float32) {
	need("SquaredError", b.dev, y)
	checkLoss("SquaredError", b.dev, loss, dx, x, y)
	if b.begin() {
		b.loss(scaled(b.cmd(cuda.SquaredError, 0, loss.len, x.rowLen()), scale), loss, dx, x, y)
	}
}

func (b *cudaBackend) TwoHot(dst, values, bins *Tensor) {
	checkTwoHot(b.dev, dst, values, bins)
	if b.begin() {
		b.one(b.cmd(cuda.TwoHot, 0, values.len, bins.len), dst, values, bins)
	}
}
