package compute

import "slices"

// The functions of this file and of check_*.go hold the rules of shapes, for all
// backends: they panic with a ShapeError, or return the dimensions.

// need panics unless all tensors exist, are open, lie on d and are not packed.
func need(op string, d *Device, ts ...*Tensor) {
	for i, t := range ts {
		if t == nil {
			fail(op, "operand %d is nil", i+1)
		}
		if t.packed {
			fail(op, "operand %d, %v, is packed", i+1, t)
		}
		placed(op, d, t)
	}
}

// optional is need for those that are not nil.
func optional(op string, d *Device, ts ...*Tensor) {
	for _, t := range ts {
		if t != nil {
			need(op, d, t)
		}
	}
}

func placed(op string, d *Device, t *Tensor) {
	t.live(op)
	if t.dev != d {
		fail(op, "%v is not on %s", t, d.name)
	}
}

// typed panics unless all have the type; nil ones are left out.
func typed(op string, want DType, ts ...*Tensor) {
	for _, t := range ts {
		if t != nil && t.dtype != want {
			fail(op, "%v is not %s", t, want)
		}
	}
}

// equal panics unless all have the shape of x; nil ones are left out.
func equal(op string, x *Tensor, ts ...*Tensor) {
	for _, t := range ts {
		if t != nil && !slices.Equal(t.shape, x.shape) {
			fail(op, "shapes %v and %v differ", t.shape, x.shape)
		}
	}
}

// perRow panics unless all have one element for each row of x.
func perRow(op string, x *Tensor, ts ...*Tensor) {
	for _, t := range ts {
		if t != nil && t.len != x.rows() {
			fail(op, "shape %v has not one element for each row of %v", t.shape, x.shape)
		}
	}
}

// perColumn panics unless all are as long as the rows of x.
func perColumn(op string, x *Tensor, ts ...*Tensor) {
	for _, t := range ts {
		if t != nil && t.len != x.rowLen() {
			fail(op, "shape %v is not as long as the rows of %v", t.shape, x.shape)
		}
	}
}

// apart panics if a result shares memory with an operand and is not allowed to.
func apart(op string, dst *Tensor, ts ...*Tensor) {
	for _, t := range ts {
		if t == nil || t.buf != dst.buf {
			continue
		}
		lo, hi := max(t.off*t.dtype.Size(), dst.off*dst.dtype.Size()), min((t.off+t.len)*t.dtype.Size(), (dst.off+dst.len)*dst.dtype.Size())
		if lo < hi {
			fail(op, "the result %v overlaps the operand %v", dst, t)
		}
	}
}

// axisOf splits a shape at an axis into the lengths outside, along and inside it.
func axisOf(op string, x *Tensor, axis int) (outer, n, inner int) {
	if axis < 0 {
		axis += len(x.shape)
	}
	if axis < 0 || axis >= len(x.shape) {
		fail(op, "no axis %d in %v", axis, x.shape)
	}
	return product(x.shape[:axis]), x.shape[axis], product(x.shape[axis+1:])
}

// matMulDims are the dimensions of a product: batch products of m by k and k by n.
type matMulDims struct{ batch, m, n, k int }

func checkMatMul(d *Device, dst, a, b *Tensor, o MatMulOptions) matMulDims {
	const op = "MatMul"
	need(op, d, dst, a)
	optional(op, d, o.Bias)
	if b == nil {
		fail(op, "b is nil")
	}
	placed(op, d, b)
	typed(op, F32, dst, a, o.Bias)
	if b.packed && o.TransB {
		fail(op, "b %v is packed and cannot be transposed", b.shape)
	}
	if !b.packed && b.dtype != F32 {
		fail(op, "b %v is not float32", b)
	}
	if b.dtype == BF16 && d.opts.Mode != Fast {
		fail(op, "b %v: products in bfloat16 need a device opened with Fast", b)
	}
	if len(a.shape) < 2 || len(b.shape) < 2 || len(dst.shape) < 2 {
		fail(op, "dst %v, a %v, b %v: products need two axes", dst.shape, a.shape, b.shape)
	}
	m, k := a.Dim(-2), a.Dim(-1)
	if o.TransA {
		m, k = k, m
	}
	kb, n := b.Dim(-2), b.Dim(-1)
	if o.TransB {
		kb, n = n, kb
	}
	batch := a.shape[:len(a.shape)-2]
	fits := k == kb && dst.Dim(-2) == m && dst.Dim(-1) == n && slices.Equal(batch, dst.shape[:len(dst.shape)-2]) &&
		(len(b.shape) == 2 || slices.Equal(batch, b.shape[:len(b.shape)-2]))
	if !fits {
		fail(op, "dst %v, a %v (transposed: %t), b %v (transposed: %t) do not fit", dst.shape, a.shape, o.TransA, b.shape, o.TransB)
	}
	if o.Bias != nil && o.Bias.len != n {
		fail(op, "bias %v for dst %v", o.Bias.shape, dst.shape)
	}
	apart(op, dst, a, b, o.Bias)
	dims := matMulDims{product(batch), m, n, k}
	if len(b.shape) == 2 && !o.TransA {
		dims.batch, dims.m = 1, dims.batch*m
	}
	return dims
}

func checkPack(d *Device, dst, w *Tensor, trans bool) (k, n int) {
	const op = "Pack"
	need(op, d, w)
	typed(op, F32, w)
	if dst == nil || !dst.packed {
		fail(op, "dst was not made by NewPacked")
	}
	placed(op, d, dst)
	k, n = dst.shape[0], dst.shape[1]
	want := []int{k, n}
	if trans {
		want = []int{n, k}
	}
	if !slices.Equal(w.shape, want) {
		fail(op, "w %v (transposed: %t) for dst %v", w.shape, trans, dst.shape)
	}
	return k, n
}

// spread says how the second operand of a binary function is repeated.
type spread uint8

const (
	spreadSame spread = iota
	spreadRow
	spreadCol
	spreadScalar
)

func checkBinary(d *Device, dst, a, b *Tensor) spread {
	const op = "Binary"
	need(op, d, dst, a, b)
	typed(op, F32, dst, a, b)
	equal(op, a, dst)
	n := len(b.shape)
	switch {
	case slices.Equal(a.shape, b.shape):
		return spreadSame
	case b.len == 1:
		return spreadScalar
	case n <= len(a.shape) && slices.Equal(b.shape, a.shape[len(a.shape)-n:]):
		return spreadRow
	case n == len(a.shape) && b.shape[n-1] == 1 && slices.Equal(b.shape[:n-1], a.shape[:n-1]):
		return spreadCol
	}
	fail(op, "shape %v cannot be repeated along %v", b.shape, a.shape)
	return 0
}
