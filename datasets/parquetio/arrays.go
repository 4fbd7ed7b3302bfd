package parquetio

import (
	"math/bits"
	"sync"
	"unsafe"
)

// arrays allocates the buffers of arrays that are copies. Those that were
// released serve again, like the buffers of pages; they are not cleared.
var arrays arrayAllocator

const (
	smallestArray = 6  // 64 bytes
	largestArray  = 24 // 16 MiB: garbage collection is cheaper than keeping more
)

// arrayAllocator keeps free buffers by their size, which is a power of two.
type arrayAllocator struct{ free [largestArray + 1]sync.Pool }

func (a *arrayAllocator) Allocate(size int) []byte {
	class := max(smallestArray, bits.Len(uint(max(0, size-1))))
	if class > largestArray {
		return make([]byte, size)
	}
	if p, ok := a.free[class].Get().(*byte); ok {
		return unsafe.Slice(p, 1<<class)[:size]
	}
	return make([]byte, size, 1<<class)
}

func (a *arrayAllocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	out := a.Allocate(size)
	copy(out, b)
	a.Free(b)
	return out
}

func (a *arrayAllocator) Free(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class >= smallestArray && class <= largestArray && cap(b) == 1<<class {
		a.free[class].Put(unsafe.SliceData(b))
	}
}
