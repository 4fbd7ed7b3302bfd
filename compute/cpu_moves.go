package compute

import (
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// convertOp copies between float32 and bfloat16.
type convertOp struct {
	set    kernel.Set
	f      []float32
	h      []uint16
	narrow bool
}

func (o *convertOp) span(lo, hi, _ int) {
	if o.narrow {
		o.set.ToBF16(o.h[lo:hi], o.f[lo:hi])
		return
	}
	o.set.FromBF16(o.f[lo:hi], o.h[lo:hi])
}

func (b *cpuBackend) Copy(dst, src *Tensor) {
	checkCopy(b.dev, dst, src)
	if dst.len == 0 {
		return
	}
	o := &b.ops.convert
	switch {
	case dst.dtype == src.dtype:
		if b.begin() {
			copy(dst.memory(), src.memory())
			b.end()
		}
	case dst.dtype == BF16:
		*o = convertOp{b.set, src.Float32s(), dst.BFloat16s(), true}
		b.all(o, dst.len, 1)
	default:
		*o = convertOp{b.set, dst.Float32s(), src.BFloat16s(), false}
		b.all(o, dst.len, 1)
	}
}

// memory is the bytes of a tensor of a host device.
func (t *Tensor) memory() []byte {
	if t.len == 0 {
		return nil
	}
	s := t.dtype.Size()
	return t.buf.mem[t.off*s : (t.off+t.len)*s]
}

func (b *cpuBackend) Fill(dst *Tensor, v float64) {
	need("Fill", b.dev, dst)
	if dst.len == 0 || !b.begin() {
		return
	}
	defer b.end()
	switch dst.dtype {
	case F32:
		fill(dst.Float32s(), float32(v))
	case BF16:
		var h [1]uint16
		b.set.ToBF16(h[:], []float32{float32(v)})
		fill(dst.BFloat16s(), h[0])
	case F64:
		fill(dst.Float64s(), v)
	case I32:
		fill(dst.Int32s(), int32(v))
	case U32:
		fill(dst.Uint32s(), uint32(v))
	case U8:
		fill(dst.Uint8s(), uint8(v))
	}
}

func fill[E any](s []E, v E) {
	for i := range s {
		s[i] = v
	}
}

// permuteOp fills rows of the result: the last axis of dst, with a stride in x.
type permuteOp struct {
	dst, x  []uint32
	axes    int
	shape   [maxAxes]int // of dst
	strides [maxAxes]int // in x, of dst's axes
}

func (o *permuteOp) span(lo, hi, _ int) {
	n, stride := o.shape[o.axes-1], o.strides[o.axes-1]
	for r := lo; r < hi; r++ {
		at, rest := 0, r
		for a := o.axes - 2; a >= 0; a-- {
			at += rest % o.shape[a] * o.strides[a]
			rest /= o.shape[a]
		}
		row := o.dst[r*n : r*n+n]
		if stride == 1 {
			copy(row, o.x[at:at+n])
			continue
		}
		for j := range row {
			row[j] = o.x[at+j*stride]
		}
	}
}

func (b *cpuBackend) Permute(dst, x *Tensor, axes []int) {
	checkPermute(b.dev, dst, x, axes)
	if dst.len == 0 {
		return
	}
	if len(axes) == 0 {
		b.Copy(dst, x)
		return
	}
	o := &b.ops.permute
	*o = permuteOp{dst: words(dst), x: words(x), axes: len(axes)}
	for i, a := range axes {
		o.shape[i], o.strides[i] = dst.shape[i], product(x.shape[a+1:])
	}
	b.all(o, dst.rows(), dst.rowLen()*2)
}

// words is the memory of a tensor of four-byte elements.
func words(t *Tensor) []uint32 {
	v := *t
	v.dtype = U32
	return v.Uint32s()
}

// stridedOp copies a strip of an axis.
type stridedOp struct {
	set               kernel.Set
	part, whole       []uint32
	add               []float32 // the whole, where it is added to
	partF             []float32
	width, rowLen, at int // of the strip, of a row of the whole, start in it
	out               bool
}

func (o *stridedOp) span(lo, hi, _ int) {
	for r := lo; r < hi; r++ {
		p, w := r*o.width, r*o.rowLen+o.at
		switch {
		case o.add != nil:
			dst := o.add[w : w+o.width]
			o.set.Binary(kernel.Add, dst, dst, o.partF[p:p+o.width])
		case o.out:
			copy(o.part[p:p+o.width], o.whole[w:w+o.width])
		default:
			copy(o.whole[w:w+o.width], o.part[p:p+o.width])
		}
	}
}

func (b *cpuBackend) Slice(dst, x *Tensor, axis, start int) {
	outer, n, inner := checkStrip("Slice", b.dev, dst, x, axis, start)
	if dst.len == 0 {
		return
	}
	o := &b.ops.strided
	*o = stridedOp{part: words(dst), whole: words(x), width: n * inner, rowLen: x.len / outer, at: start * inner, out: true}
	b.all(o, outer, o.width)
}

func (b *cpuBackend) Paste(dst, x *Tensor, axis, start int, add bool) {
	outer, n, inner := checkStrip("Paste", b.dev, x, dst, axis, start)
	if x.len == 0 {
		return
	}
	o := &b.ops.strided
	*o = stridedOp{set: b.set, part: words(x), whole: words(dst), width: n * inner, rowLen: dst.len / outer, at: start * inner}
	if add {
		typed("Paste", F32, dst)
		o.add, o.partF = dst.Float32s(), x.Float32s()
	}
	b.all(o, outer, o.width)
}

// gatherOp looks rows up.
type gatherOp struct {
	dst, table []float32
	idx        []int32
	n          int
}

func (o *gatherOp) span(lo, hi, _ int) {
	for i := lo; i < hi; i++ {
		at := int(o.idx[i]) * o.n
		copy(o.dst[i*o.n:(i+1)*o.n], o.table[at:at+o.n])
	}
}

func (b *cpuBackend) Gather(dst, table, idx *Tensor) {
	v, n := checkLookup("Gather", b.dev, dst, table, idx)
	checkIndices("Gather", idx.Int32s(), v)
	if dst.len == 0 {
		return
	}
	o := &b.ops.gather
	*o = gatherOp{dst.Float32s(), table.Float32s(), idx.Int32s(), n}
	b.all(o, idx.len, n)
}

// scatterOp adds rows to a table in ascending order; threads share the columns.
type scatterOp struct {
	set      kernel.Set
	table, x []float32
	idx      []int32
	n        int
}

func (o *scatterOp) span(lo, hi, _ int) {
	for i, t := range o.idx {
		dst := o.table[int(t)*o.n+lo : int(t)*o.n+hi]
		o.set.Binary(kernel.Add, dst, dst, o.x[i*o.n+lo:i*o.n+hi])
	}
}

func (b *cpuBackend) ScatterAdd(table, idx, x *Tensor) {
	v, n := checkLookup("ScatterAdd", b.dev, x, table, idx)
	checkIndices("ScatterAdd", idx.Int32s(), v)
	if x.len == 0 {
		return
	}
	o := &b.ops.scatter
	*o = scatterOp{b.set, table.Float32s(), x.Float32s(), idx.Int32s(), n}
	b.all(o, n, idx.len)
}
