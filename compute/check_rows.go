package compute

// checkReduce returns the lengths outside, along and inside the axis.
func checkReduce(d *Device, op ReduceOp, dst, x *Tensor, axis int) (outer, n, inner int) {
	const name = "Reduce"
	need(name, d, dst, x)
	typed(name, F32, dst, x)
	apart(name, dst, x)
	if op > ReduceSumSquares {
		fail(name, "no reduction %d", op)
	}
	outer, n, inner = axisOf(name, x, axis)
	if dst.len != outer*inner {
		fail(name, "dst %v for %v without axis %d", dst.shape, x.shape, axis)
	}
	return outer, n, inner
}

func checkArgMax(d *Device, dst, x *Tensor) {
	need("ArgMax", d, dst, x)
	typed("ArgMax", I32, dst)
	typed("ArgMax", F32, x)
	perRow("ArgMax", x, dst)
}

func checkTopK(d *Device, values, idx, x *Tensor) (k int) {
	const op = "TopK"
	need(op, d, values, idx, x)
	typed(op, F32, values, x)
	typed(op, I32, idx)
	equal(op, values, idx)
	apart(op, values, x)
	k = values.rowLen()
	if values.rows() != x.rows() || k > x.rowLen() {
		fail(op, "%v of %v", values.shape, x.shape)
	}
	return k
}

func checkSoftmax(op string, d *Device, dst, x, mask *Tensor) {
	checkSame(op, d, dst, x)
	optional(op, d, mask)
	typed(op, U8, mask)
	equal(op, x, mask)
}

func checkSoftmaxGrad(op string, d *Device, dx, dy, y *Tensor) { checkSame(op, d, dx, dy, y) }

// checkNorm checks LayerNorm and, with nil mean and beta, RMSNorm.
func checkNorm(op string, d *Device, dst, mean, rstd, x, gamma, beta *Tensor) {
	checkSame(op, d, dst, x)
	need(op, d, rstd, gamma)
	optional(op, d, mean, beta)
	typed(op, F32, rstd, gamma, mean, beta)
	perRow(op, x, rstd, mean)
	perColumn(op, x, gamma, beta)
}

func checkNormGrad(op string, d *Device, dx, dgamma, dbeta, dy, x, mean, rstd, gamma *Tensor) {
	checkSame(op, d, dy, x)
	need(op, d, rstd, gamma)
	optional(op, d, dx, dgamma, dbeta, mean)
	typed(op, F32, dx, dgamma, dbeta, mean, rstd, gamma)
	equal(op, x, dx)
	perRow(op, x, rstd, mean)
	perColumn(op, x, gamma, dgamma, dbeta)
	if dx != nil && (dgamma != nil || dbeta != nil) {
		apart(op, dx, dy, x) // the gradients of the parameters read both after dx is written
	}
}

// attentionDims are b sequences of t positions, h heads of width d.
type attentionDims struct{ b, t, h, d int }

func (a attentionDims) c() int { return a.h * a.d }

func checkAttention(op string, d *Device, heads int, qkv, out, lse *Tensor, grads ...*Tensor) attentionDims {
	need(op, d, qkv, out, lse)
	need(op, d, grads...)
	typed(op, F32, qkv, out, lse)
	typed(op, F32, grads...)
	if len(qkv.shape) != 3 || heads < 1 || qkv.shape[2]%(3*heads) != 0 {
		fail(op, "qkv %v is not [b,t,3c] with c in %d heads", qkv.shape, heads)
	}
	a := attentionDims{qkv.shape[0], qkv.shape[1], heads, qkv.shape[2] / (3 * heads)}
	if len(out.shape) != 3 || out.shape[0] != a.b || out.shape[1] != a.t || out.shape[2] != a.c() || lse.len != a.b*a.h*a.t {
		fail(op, "out %v, lse %v for qkv %v in %d heads", out.shape, lse.shape, qkv.shape, heads)
	}
	apart(op, out, qkv)
	return a
}

// checkCache checks caches [b,h,t,d] against qkv [b,3c]; t is the caches' length.
func checkCache(op string, d *Device, keys, values, qkv, pos *Tensor) attentionDims {
	need(op, d, keys, values, qkv, pos)
	typed(op, F32, qkv)
	typed(op, I32, pos)
	if keys.dtype != values.dtype || keys.dtype != F32 && keys.dtype != BF16 {
		fail(op, "caches %v and %v: the same type is needed, float32 or bfloat16", keys, values)
	}
	equal(op, keys, values)
	s := keys.shape
	if len(s) != 4 || len(qkv.shape) != 2 || qkv.shape[0] != s[0] || qkv.shape[1] != 3*s[1]*s[3] || pos.len != s[0] {
		fail(op, "caches %v, qkv %v, positions %v", s, qkv.shape, pos.shape)
	}
	return attentionDims{s[0], s[2], s[1], s[3]}
}

// checkPositions panics if a position lies outside the caches, on host devices.
func checkPositions(op string, pos []int32, t int) {
	for i, p := range pos {
		if p < 0 || int(p) >= t {
			fail(op, "position %d of sequence %d outside caches of %d", p, i, t)
		}
	}
}

func checkDecode(d *Device, out, qkv, keys, values, pos *Tensor) attentionDims {
	a := checkCache("DecodeAttention", d, keys, values, qkv, pos)
	need("DecodeAttention", d, out)
	typed("DecodeAttention", F32, out)
	if len(out.shape) != 2 || out.shape[0] != a.b || out.shape[1] != a.c() {
		fail("DecodeAttention", "out %v for qkv %v", out.shape, qkv.shape)
	}
	apart("DecodeAttention", out, qkv)
	return a
}

// checkLoss checks losses of the rows of x against a target of x's shape, if any.
func checkLoss(op string, d *Device, loss, dx, x, like *Tensor) {
	need(op, d, loss, x)
	optional(op, d, dx, like)
	typed(op, F32, loss, dx, x, like)
	perRow(op, x, loss)
	equal(op, x, dx, like)
	apart(op, loss, dx, x, like)
}

// checkTarget checks indices below the classes of x, or ignore.
func checkTarget(d *Device, x, target *Tensor) {
	need("CrossEntropy", d, target)
	typed("CrossEntropy", I32, target)
	perRow("CrossEntropy", x, target)
}

func checkTwoHot(d *Device, dst, values, bins *Tensor) {
	const op = "TwoHot"
	need(op, d, dst, values, bins)
	typed(op, F32, dst, values, bins)
	perRow(op, dst, values)
	perColumn(op, dst, bins)
	if bins.len == 0 {
		fail(op, "bins %v are empty", bins.shape)
	}
}

func checkDivergence(d *Device, op DivergenceOp, loss, dx, x, y *Tensor, temperature float32) {
	const name = "Divergence"
	need(name, d, y)
	checkLoss(name, d, loss, dx, x, y)
	if op < ForwardKL || op > JensenShannon {
		fail(name, "no divergence %d", op)
	}
	if !(temperature > 0) {
		fail(name, "temperature %g is not above 0", temperature)
	}
}
