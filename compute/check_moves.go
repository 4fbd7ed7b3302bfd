package compute

import "slices"

func checkCopy(d *Device, dst, src *Tensor) {
	const op = "Copy"
	need(op, d, dst, src)
	if dst.len != src.len {
		fail(op, "%v has not as many elements as %v", dst, src)
	}
	if dst.dtype != src.dtype && !(dst.dtype == F32 && src.dtype == BF16 || dst.dtype == BF16 && src.dtype == F32) {
		fail(op, "%v cannot be converted to %v", src, dst)
	}
}

// maxAxes is the most axes of Permute.
const maxAxes = 6

func checkPermute(d *Device, dst, x *Tensor, axes []int) {
	const op = "Permute"
	need(op, d, dst, x)
	apart(op, dst, x)
	if dst.dtype != x.dtype || x.dtype.Size() != 4 {
		fail(op, "%v and %v: the same type of four bytes is needed", dst, x)
	}
	if len(axes) != len(x.shape) || len(axes) != len(dst.shape) || len(axes) > maxAxes {
		fail(op, "axes %v for %v and %v", slices.Clone(axes), dst.shape, x.shape)
	}
	seen := 0
	for i, a := range axes {
		if a < 0 || a >= len(axes) || seen&(1<<a) != 0 || dst.shape[i] != x.shape[a] {
			fail(op, "axes %v for %v and %v", slices.Clone(axes), dst.shape, x.shape)
		}
		seen |= 1 << a
	}
}

// checkStrip checks that part is a strip of whole that begins at start on the axis.
func checkStrip(op string, d *Device, part, whole *Tensor, axis, start int) (outer, n, inner int) {
	need(op, d, part, whole)
	apart(op, part, whole)
	if part.dtype != whole.dtype || part.dtype.Size() != 4 {
		fail(op, "%v and %v: the same type of four bytes is needed", part, whole)
	}
	outer, n, inner = axisOf(op, part, axis)
	if axis < 0 {
		axis += len(part.shape)
	}
	fits := len(part.shape) == len(whole.shape)
	for i := 0; fits && i < len(part.shape); i++ {
		if i == axis {
			fits = start >= 0 && start+n <= whole.shape[i]
		} else {
			fits = part.shape[i] == whole.shape[i]
		}
	}
	if !fits {
		fail(op, "%v is no strip of %v at %d on axis %d", part.shape, whole.shape, start, axis)
	}
	return outer, n, inner
}

// checkLookup checks rows [idx, n] against a table [v, n].
func checkLookup(op string, d *Device, rows, table, idx *Tensor) (v, n int) {
	need(op, d, rows, table, idx)
	typed(op, F32, rows, table)
	typed(op, I32, idx)
	apart(op, rows, table)
	if len(table.shape) != 2 || len(rows.shape) == 0 || rows.rowLen() != table.shape[1] || rows.rows() != idx.len {
		fail(op, "rows %v, table %v, indices %v", rows.shape, table.shape, idx.shape)
	}
	return table.shape[0], table.shape[1]
}

// checkIndices panics if an index lies outside the table, on host devices.
func checkIndices(op string, idx []int32, v int) {
	for i, x := range idx {
		if x < 0 || int(x) >= v {
			fail(op, "index %d, element %d, outside a table of %d rows", x, i, v)
		}
	}
}
