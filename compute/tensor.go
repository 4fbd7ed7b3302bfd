package compute

import (
	"fmt"
	"slices"
	"unsafe"
)

// A Tensor is an array of numbers of one type on one [Device], row-major and
// without gaps: the last axis is contiguous.
//
// The tensor that [Device.New] returns owns its memory until [Tensor.Close].
// Views ([Tensor.View], [Tensor.Rows]) share it and need no closing. Using a
// tensor or a view of it after Close panics. A tensor may be read by several
// goroutines at a time; who writes must be alone.
type Tensor struct {
	dev    *Device
	dtype  DType
	shape  []int
	packed bool
	len    int
	off    int // elements from the start of the buffer
	buf    *buffer
	owner  bool
}

// Device is where the tensor lies.
func (t *Tensor) Device() *Device { return t.dev }

// DType is the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape is the lengths of the axes. The caller must not change it.
func (t *Tensor) Shape() []int { return t.shape }

// Dim is the length of axis i; a negative i counts from the end.
func (t *Tensor) Dim(i int) int {
	if i < 0 {
		i += len(t.shape)
	}
	return t.shape[i]
}

// Len is the number of elements.
func (t *Tensor) Len() int { return t.len }

// Packed says whether the tensor is a right operand in the layout of products,
// see [Backend].Pack. Its elements can then be used by products alone.
func (t *Tensor) Packed() bool { return t.packed }

// rowLen is the length of the last axis, 1 for a scalar.
func (t *Tensor) rowLen() int {
	if len(t.shape) == 0 {
		return 1
	}
	return t.shape[len(t.shape)-1]
}

// rows is the number of rows: the product of all axes but the last.
func (t *Tensor) rows() int { return product(t.shape[:max(len(t.shape)-1, 0)]) }

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// String names type, shape and device; it does not print elements.
func (t *Tensor) String() string {
	p := ""
	if t.packed {
		p = " packed"
	}
	return fmt.Sprintf("%s%v%s on %s", t.dtype, t.shape, p, t.dev.name)
}

// Close gives the memory back. Closing a view does nothing; closing twice panics.
func (t *Tensor) Close() {
	if !t.owner {
		return
	}
	t.live("Close")
	t.dev.release(t.buf)
}

// live panics if the memory of t was given back.
func (t *Tensor) live(op string) {
	if t.buf.closed.Load() {
		fail(op, "tensor %s%v was used after Close", t.dtype, t.shape)
	}
}

// View is the same elements in another shape of the same length. It allocates a
// small header; take views once, not in a loop.
func (t *Tensor) View(shape ...int) *Tensor {
	t.live("View")
	if product(shape) != t.len || t.packed {
		fail("View", "%v does not hold the elements of %v", slices.Clone(shape), t)
	}
	v := *t
	v.shape, v.owner = slices.Clone(shape), false
	return &v
}

// Rows is the part of the first axis from i to j, exclusive.
func (t *Tensor) Rows(i, j int) *Tensor {
	t.live("Rows")
	if len(t.shape) == 0 || t.packed || i < 0 || j < i || j > t.shape[0] {
		fail("Rows", "%d to %d of %v", i, j, t)
	}
	v := *t
	v.shape, v.owner = slices.Clone(t.shape), false
	v.shape[0] = j - i
	stride := product(t.shape[1:])
	v.off, v.len = t.off+i*stride, (j-i)*stride
	return &v
}

// Float32s is the memory of a float32 tensor of a host device itself: writing to
// it changes the tensor. It panics for other types and devices; CopyTo works for
// all devices.
func (t *Tensor) Float32s() []float32 { return elems[float32](t, "Float32s", F32) }

// Float64s is the memory of a float64 tensor of a host device, as Float32s.
func (t *Tensor) Float64s() []float64 { return elems[float64](t, "Float64s", F64) }

// Int32s is the memory of an int32 tensor of a host device, as Float32s.
func (t *Tensor) Int32s() []int32 { return elems[int32](t, "Int32s", I32) }

// Uint32s is the memory of a uint32 tensor of a host device, as Float32s.
func (t *Tensor) Uint32s() []uint32 { return elems[uint32](t, "Uint32s", U32) }

// Uint8s is the memory of a uint8 tensor of a host device, as Float32s.
func (t *Tensor) Uint8s() []uint8 { return elems[uint8](t, "Uint8s", U8) }

// BFloat16s is the memory of a bfloat16 tensor of a host device as bit patterns,
// as Float32s.
func (t *Tensor) BFloat16s() []uint16 { return elems[uint16](t, "BFloat16s", BF16) }

func elems[E any](t *Tensor, op string, want DType) []E {
	if t.dtype != want {
		fail(op, "%v is not %s", t, want)
	}
	t.live(op)
	if t.buf.mem == nil && t.len > 0 {
		fail(op, "%v is not in host memory", t)
	}
	if t.len == 0 {
		return nil
	}
	size := want.Size()
	return unsafe.Slice((*E)(unsafe.Pointer(&t.buf.mem[t.off*size])), t.storedLen())
}

// storedLen is the number of elements in memory, which packing rounds up.
func (t *Tensor) storedLen() int {
	if t.packed {
		return packedLen(t.dtype, t.shape[0], t.shape[1])
	}
	return t.len
}

// CopyFrom copies src, as long as the tensor and of its element type (float32,
// float64, int32, uint32, uint8, or uint16 for bfloat16), into the tensor.
func (t *Tensor) CopyFrom(src any) error { return t.transfer("CopyFrom", src, true) }

// CopyTo copies the tensor into dst, as long as the tensor and of its type, after
// what was asked of the device before.
func (t *Tensor) CopyTo(dst any) error { return t.transfer("CopyTo", dst, false) }

func (t *Tensor) transfer(op string, s any, in bool) error {
	t.live(op)
	b, dtype, n := bytesOf(s)
	if b == nil && n < 0 {
		fail(op, "%T for %v", s, t)
	}
	if dtype != t.dtype || n != t.len || t.packed {
		fail(op, "%d elements %s for %v", n, dtype, t)
	}
	at := t.off * t.dtype.Size()
	if t.buf.mem != nil || n == 0 {
		if in {
			copy(t.buf.mem[at:], b)
		} else {
			copy(b, t.buf.mem[at:])
		}
		return nil
	}
	return t.dev.remote.transfer(t.buf.handle, at, b, in)
}

// bytesOf is the memory of a slice, its element type and length; -1 for what is
// no slice of numbers.
func bytesOf(s any) ([]byte, DType, int) {
	switch s := s.(type) {
	case []float32:
		return raw(s), F32, len(s)
	case []uint16:
		return raw(s), BF16, len(s)
	case []float64:
		return raw(s), F64, len(s)
	case []int32:
		return raw(s), I32, len(s)
	case []uint32:
		return raw(s), U32, len(s)
	case []uint8:
		return s, U8, len(s)
	}
	return nil, 0, -1
}

func raw[E any](s []E) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}
