package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/cuda"
)

func (b *cudaBackend) Copy(dst, src *Tensor) {
	checkCopy(b.dev, dst, src)
	if dst.len == 0 || !b.begin() {
		return
	}
	switch {
	case dst.dtype == src.dtype:
		b.one(b.cmd(cuda.Copy, cuda.Size(dst.dtype.Size()), dst.len), dst, src)
	case dst.dtype == BF16:
		b.one(b.cmd(cuda.ToBF16, 0, dst.len), dst, src)
	default:
		b.one(b.cmd(cuda.FromBF16, 0, dst.len), dst, src)
	}
}

func (b *cudaBackend) Fill(dst *Tensor, v float64) {
	need("Fill", b.dev, dst)
	if dst.len == 0 || !b.begin() {
		return
	}
	c := b.cmd(cuda.Fill, cuda.Size(dst.dtype.Size()), dst.len)
	c.Dims[1] = int64(bitsOf(dst.dtype, v))
	b.one(c, dst)
}

// bitsOf is v as an element of the type.
func bitsOf(d DType, v float64) uint64 {
	switch d {
	case F64:
		return math.Float64bits(v)
	case I32:
		return uint64(uint32(int32(v)))
	case U32:
		return uint64(uint32(v))
	case U8:
		return uint64(uint8(v))
	}
	w := math.Float32bits(float32(v))
	switch {
	case d == F32:
		return uint64(w)
	case v != v:
		return uint64(w>>16&0x8000 | 0x7fc0)
	}
	return uint64((w + 0x7fff + w>>16&1) >> 16)
}

// strided is a command over at most 6 axes; the tensors' elements have 4 bytes.
func (b *cudaBackend) strided(flags uint32, shape, strides []int) *cuda.Cmd {
	c := b.cmd(cuda.Strided, flags|cuda.Size(4))
	for i := range maxAxes {
		c.Dims[i] = 1
	}
	for i := range shape {
		c.Dims[i], c.Dims[maxAxes+i] = int64(shape[i]), int64(strides[i])
	}
	return c
}

func (b *cudaBackend) Permute(dst, x *Tensor, axes []int) {
	checkPermute(b.dev, dst, x, axes)
	if dst.len == 0 || !b.begin() {
		return
	}
	var strides [maxAxes]int
	for i, a := range axes {
		strides[i] = product(x.shape[a+1:])
	}
	b.one(b.strided(0, dst.shape, strides[:]), dst, x)
}

func (b *cudaBackend) Slice(dst, x *Tensor, axis, start int) {
	outer, n, inner := checkStrip("Slice", b.dev, dst, x, axis, start)
	if dst.len == 0 || !b.begin() {
		return
	}
	c := b.strip(0, x, outer, n, inner)
	use(c, dst, x)
	c.Offset[1] += uint64(start * inner)
	b.flush()
}

func (b *cudaBackend) Paste(dst, x *Tensor, axis, start int, add bool) {
	outer, n, inner := checkStrip("Paste", b.dev, x, dst, axis, start)
	flags := cuda.Reverse
	if add {
		typed("Paste", F32, dst)
		flags |= cuda.Accumulate
	}
	if x.len == 0 || !b.begin() {
		return
	}
	c := b.strip(flags, dst, outer, n, inner)
	use(c, dst, x)
	c.Offset[0] += uint64(start * inner)
	b.flush()
}

// strip is a command over a strip of an axis of whole.
func (b *cudaBackend) strip(flags uint32, whole *Tensor, outer, n, inner int) *cuda.Cmd {
	shape, strides := [2]int{outer, n * inner}, [2]int{whole.len / outer, 1}
	return b.strided(flags, shape[:], strides[:])
}

func (b *cudaBackend) Gather(dst, table, idx *Tensor) {
	v, n := checkLookup("Gather", b.dev, dst, table, idx)
	if b.begin() {
		b.one(b.cmd(cuda.Gather, cuda.Size(4), idx.len, n, v), dst, table, idx)
	}
}

func (b *cudaBackend) ScatterAdd(table, idx, x *Tensor) {
	v, n := checkLookup("ScatterAdd", b.dev, x, table, idx)
	if b.begin() {
		b.one(b.cmd(cuda.ScatterAdd, 0, idx.len, n, v), table, x, idx)
	}
}
