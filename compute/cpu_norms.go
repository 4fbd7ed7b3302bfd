package compute

import "github.com/chimera-1/chimera/compute/internal/kernel"

// normOp is LayerNorm, or without mean RMSNorm; with dy its gradient.
type normOp struct {
	set         kernel.Set
	dst, dy, x  []float32
	mean, rstd  []float32
	gamma, beta []float32
	n           int
	eps         float32
	layer       bool
}

func (o *normOp) span(lo, hi, _ int) {
	dst, x, rstd := o.dst[lo*o.n:hi*o.n], o.x[lo*o.n:hi*o.n], o.rstd[lo:hi]
	switch {
	case o.layer && o.dy == nil:
		o.set.LayerNorm(dst, o.mean[lo:hi], rstd, x, o.gamma, o.beta, o.n, o.eps)
	case o.layer:
		o.set.LayerNormGrad(dst, o.dy[lo*o.n:hi*o.n], x, o.mean[lo:hi], rstd, o.gamma, o.n)
	case o.dy == nil:
		o.set.RMSNorm(dst, rstd, x, o.gamma, o.n, o.eps)
	default:
		o.set.RMSNormGrad(dst, o.dy[lo*o.n:hi*o.n], x, rstd, o.gamma, o.n)
	}
}

// normParamOp is the gradients of the parameters, by columns.
type normParamOp struct {
	set           kernel.Set
	dgamma, dbeta []float32
	dy, x         []float32
	mean, rstd    []float32
	m, n          int
}

func (o *normParamOp) span(lo, hi, _ int) {
	if o.dbeta == nil {
		o.set.RMSNormParamGrad(o.dgamma[lo:hi], o.dy, o.x, o.rstd, o.m, o.n, lo, hi)
		return
	}
	o.set.LayerNormParamGrad(o.dgamma[lo:hi], o.dbeta[lo:hi], o.dy, o.x, o.mean, o.rstd, o.m, o.n, lo, hi)
}

func (b *cpuBackend) LayerNorm(dst, mean, rstd, x, gamma, beta *Tensor, eps float32) {
	need("LayerNorm", b.dev, mean, beta)
	checkNorm("LayerNorm", b.dev, dst, mean, rstd, x, gamma, beta)
	if x.len == 0 {
		return
	}
	o := &b.ops.norm
	*o = normOp{
		set: b.set, dst: dst.Float32s(), x: x.Float32s(), mean: mean.Float32s(), rstd: rstd.Float32s(),
		gamma: gamma.Float32s(), beta: beta.Float32s(), n: x.rowLen(), eps: eps, layer: true,
	}
	b.all(o, x.rows(), 2*o.n)
}

func (b *cpuBackend) RMSNorm(dst, rrms, x, gamma *Tensor, eps float32) {
	checkNorm("RMSNorm", b.dev, dst, nil, rrms, x, gamma, nil)
	if x.len == 0 {
		return
	}
	o := &b.ops.norm
	*o = normOp{set: b.set, dst: dst.Float32s(), x: x.Float32s(), rstd: rrms.Float32s(), gamma: gamma.Float32s(), n: x.rowLen(), eps: eps}
	b.all(o, x.rows(), 2*o.n)
}

func (b *cpuBackend) LayerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma *Tensor) {
	need("LayerNormGrad", b.dev, mean)
	if (dgamma == nil) != (dbeta == nil) {
		fail("LayerNormGrad", "one of dgamma and dbeta is nil")
	}
	checkNormGrad("LayerNormGrad", b.dev, dx, dgamma, dbeta, dy, x, mean, rstd, gamma)
	b.normGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma)
}

func (b *cpuBackend) RMSNormGrad(dx, dgamma, dy, x, rrms, gamma *Tensor) {
	checkNormGrad("RMSNormGrad", b.dev, dx, dgamma, nil, dy, x, nil, rrms, gamma)
	b.normGrad(dx, dgamma, nil, dy, x, nil, rrms, gamma)
}

func (b *cpuBackend) normGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma *Tensor) {
	n, m := x.rowLen(), x.rows()
	var means []float32
	if mean != nil {
		means = mean.Float32s()
	}
	if dx != nil && x.len > 0 {
		b.ops.norm = normOp{
			set: b.set, dst: dx.Float32s(), dy: dy.Float32s(), x: x.Float32s(), mean: means, rstd: rstd.Float32s(),
			gamma: gamma.Float32s(), n: n, layer: mean != nil,
		}
		b.all(&b.ops.norm, m, 3*n)
	}
	if dgamma == nil {
		return
	}
	o := &b.ops.normParam
	*o = normParamOp{set: b.set, dgamma: dgamma.Float32s(), dy: dy.Float32s(), x: x.Float32s(), mean: means, rstd: rstd.Float32s(), m: m, n: n}
	if dbeta != nil {
		o.dbeta = dbeta.Float32s()
	}
	b.all(o, n, 2*m)
}
