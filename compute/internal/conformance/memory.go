package conformance

import (
	"bytes"
	"fmt"
	"unsafe"
)

// element is what buffers are made of.
type element interface {
	float32 | float64 | int32 | uint8 | uint16 | uint32 | uint64
}

// guard is the number of bytes watched on either side of a buffer.
const guard = 256

// poison fills outputs, gaps and guards: a NaN as float32 and, each half, as
// bfloat16, and no index.
var poison = [2]byte{0xa5, 0xff}

func fillPoison(b []byte) {
	for i := range b {
		b[i] = poison[i%2]
	}
}

// placement is where a buffer lies.
type placement int

const (
	heap      placement = iota // at any address its elements allow
	pageEnd                    // before a page that may not be touched
	pageStart                  // behind one
)

// role is what a kernel may do with a buffer.
type role int

const (
	input  role = iota // read
	output             // write all of it
	update             // read and write
	work               // anything
)

// buffer is memory lent to a kernel: rows by cols elements with leading
// dimension ld, all in bytes.
type buffer struct {
	role           role
	raw            []byte // with what is watched around it
	before         []byte // raw at the start of the call
	at             int    // where the buffer starts in raw
	rows, cols, ld int
	size           int // of an element
	dense          func() any
}

// lend makes a buffer that holds x (rows by cols), or poison if x is nil.
func lend[T element](c *call, role role, x []T, rows, cols, ld int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	length := 0
	if rows > 0 {
		length = (rows-1)*ld + cols
	}
	raw, at := c.place(length*size, size)
	fillPoison(raw)
	b := &buffer{role: role, raw: raw, at: at, rows: rows, cols: cols * size, ld: ld * size, size: size}
	s := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(raw[at:]))), length)
	if length == 0 {
		s = []T{}
	}
	for i := range rows {
		if x != nil {
			copy(s[i*ld:i*ld+cols], x[i*cols:])
		}
	}
	b.before = bytes.Clone(raw)
	b.dense = func() any {
		d := make([]T, 0, rows*cols)
		for i := range rows {
			d = append(d, s[i*ld:i*ld+cols]...)
		}
		return d
	}
	c.buffers = append(c.buffers, b)
	return s
}

// place is memory for a buffer of so many bytes, with guards.
func (c *call) place(bytes, align int) (raw []byte, at int) {
	if c.placement == heap {
		raw = make([]byte, bytes+2*guard+64)
		at = guard + align*c.r.IntN(64/align)
		base := int(uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % uintptr(align))
		if base != 0 {
			at += align - base
		}
		return raw[: at+bytes+guard : at+bytes+guard], at
	}
	page, free := borrowPages(bytes)
	c.free = append(c.free, free)
	if c.placement == pageStart {
		return page[:min(len(page), bytes+guard)], 0
	}
	from := max(0, len(page)-bytes-guard)
	return page[from:], len(page) - bytes - from
}

// check says what the kernel did to the buffer that it may not do.
func (b *buffer) check() error {
	at, end := 0, b.at
	for i := range b.rows {
		if !bytes.Equal(b.raw[at:end], b.before[at:end]) {
			return fmt.Errorf("bytes before row %d of %d were written", i, b.rows)
		}
		at = b.at + i*b.ld + b.cols
		end = at + b.ld - b.cols
		if row := b.raw[at-b.cols : at]; b.role == input && !bytes.Equal(row, b.before[at-b.cols:at]) {
			return fmt.Errorf("an input was written, row %d", i)
		} else if b.role == output {
			if j := unwritten(row, b.size); j >= 0 {
				return fmt.Errorf("element (%d, %d) of an output was not written", i, j)
			}
		}
	}
	if !bytes.Equal(b.raw[at:], b.before[at:]) {
		return fmt.Errorf("bytes behind a buffer of %d rows were written", b.rows)
	}
	return nil
}

// unwritten is the first element that is still poison, or -1.
func unwritten(row []byte, size int) int {
next:
	for j := 0; j < len(row); j += size {
		for i := range size {
			if row[j+i] != poison[(j+i)%2] {
				continue next
			}
		}
		return j / size
	}
	return -1
}
