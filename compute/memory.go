package compute

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// A buffer is the memory of one owning tensor.
type buffer struct {
	mem    []byte // of a host device; longer than size, in whole pages
	handle uint64 // of another device
	size   int64
	closed atomic.Bool
}

// page is the unit of host memory; tensors start at multiples of it.
const page = 4096

// A pool hands out host memory outside the Go heap and keeps what comes back for
// tensors of the same size: a training step asks for the same sizes again and
// again, and fresh pages cost more than the arithmetic on small tensors.
type pool struct {
	mu   sync.Mutex
	free map[int][][]byte // by length
	kept int64            // bytes in free
}

func (p *pool) get(size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if size > 1<<46 {
		return nil, ErrOutOfMemory
	}
	n := int((size + page - 1) &^ (page - 1))
	p.mu.Lock()
	list := p.free[n]
	if len(list) > 0 {
		mem := list[len(list)-1]
		p.free[n] = list[:len(list)-1]
		p.kept -= int64(n)
		p.mu.Unlock()
		clear(mem)
		return mem, nil
	}
	p.mu.Unlock()
	return mapPages(n)
}

func (p *pool) put(mem []byte) {
	if mem == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == nil {
		p.free = map[int][][]byte{}
	}
	p.free[len(mem)] = append(p.free[len(mem)], mem)
	p.kept += int64(len(mem))
}

// drop gives the pages of mem back to the system.
func (p *pool) drop(mem []byte) {
	if mem != nil {
		unmapPages(mem)
	}
}

// trim gives the pages that nobody uses back to the system.
func (p *pool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.free {
		for _, mem := range list {
			unmapPages(mem)
		}
	}
	p.free, p.kept = nil, 0
}

// floats is mem as float32.
func floats(mem []byte) []float32 {
	if len(mem) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[0])), len(mem)/4)
}

// packedLen is the number of elements of a packed k-by-n matrix.
func packedLen(d DType, k, n int) int {
	if d == BF16 {
		k += k % 2
	}
	return kernel.PackedLen(k, n)
}

// New is a tensor of zeros. It wraps [ErrOutOfMemory] if there is no room, and
// panics with a [ShapeError] if a length is negative or the size overflows.
func (d *Device) New(dtype DType, shape ...int) (*Tensor, error) {
	n := checkedLen("New", shape)
	return d.alloc(&Tensor{dev: d, dtype: dtype, shape: append([]int(nil), shape...), len: n, owner: true}, n)
}

// NewPacked is room for a packed k-by-n right operand of products, float32 or
// bfloat16; see [Backend].Pack.
func (d *Device) NewPacked(dtype DType, k, n int) (*Tensor, error) {
	if dtype != F32 && dtype != BF16 {
		fail("NewPacked", "%s cannot be packed", dtype)
	}
	checkedLen("NewPacked", []int{k + 1, n + kernel.PanelWidth})
	t := &Tensor{dev: d, dtype: dtype, shape: []int{k, n}, packed: true, len: k * n, owner: true}
	return d.alloc(t, packedLen(dtype, k, n))
}

// From is a tensor with a copy of the elements of src, see [Tensor.CopyFrom].
func (d *Device) From(src any, shape ...int) (*Tensor, error) {
	_, dtype, n := bytesOf(src)
	if n < 0 {
		fail("From", "%T is no slice of numbers", src)
	}
	t, err := d.New(dtype, shape...)
	if err != nil {
		return nil, err
	}
	if err := t.CopyFrom(src); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// checkedLen is the product of the lengths, which must fit in memory's addresses.
func checkedLen(op string, shape []int) int {
	n := 1
	for _, s := range shape {
		if s < 0 {
			fail(op, "negative length in %v", append([]int(nil), shape...))
		}
		if s > 0 && n > (1<<46)/s {
			fail(op, "%v overflows", append([]int(nil), shape...))
		}
		n *= s
	}
	return n
}

func (d *Device) alloc(t *Tensor, n int) (*Tensor, error) {
	size := int64(n) * int64(t.dtype.Size())
	d.mu.Lock()
	if d.closed || d.limit > 0 && d.used+size > d.limit {
		used, limit, closed := d.used, d.limit, d.closed
		d.mu.Unlock()
		if closed {
			fail("New", "device %s is closed", d.name)
		}
		return nil, fmt.Errorf("%s: %d bytes for %s%v with %d of %d in use: %w", d.name, size, t.dtype, t.shape, used, limit, ErrOutOfMemory)
	}
	d.used += size
	d.peak = max(d.peak, d.used)
	d.tensors++
	d.mu.Unlock()

	t.buf = &buffer{size: size}
	var err error
	if d.remote != nil {
		t.buf.handle, err = d.remote.alloc(size)
	} else {
		t.buf.mem, err = d.pool.get(size)
	}
	if err != nil {
		d.forget(size)
		return nil, fmt.Errorf("%s: %d bytes for %s%v: %w", d.name, size, t.dtype, t.shape, err)
	}
	return t, nil
}

func (d *Device) forget(size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used -= size
	d.tensors--
}

func (d *Device) release(b *buffer) {
	if b.closed.Swap(true) {
		fail("Close", "tensor closed twice")
	}
	d.forget(b.size)
	if d.remote != nil {
		d.remote.free(b.handle)
		return
	}
	d.pool.put(b.mem)
	b.mem = nil
}
