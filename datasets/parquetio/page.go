package parquetio

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

const (
	offsetBytes = 4
	maxData     = 1<<31 - 1 // what an int32 offset reaches
)

// pageOwner lends a page's buffers to Arrow: it is the allocator that the last
// Release of such a buffer goes to. When the page has no user left its memory
// serves the next one.
type pageOwner struct {
	file *File
	page dataPage
	uses atomic.Int32
}

// newPageOwner has one user, who is to release it.
func newPageOwner(f *File, page dataPage) *pageOwner {
	o := &pageOwner{file: f, page: page}
	o.retain()
	return o
}

func (o *pageOwner) retain() {
	o.file.pages.Add(1)
	o.uses.Add(1)
}

func (o *pageOwner) release() {
	o.file.pages.Add(-1)
	if o.uses.Add(-1) == 0 {
		parquet.Release(o.page.Page)
		recycle(o.page.buffer)
	}
}

func (o *pageOwner) Allocate(int) []byte           { panic("parquetio: pages do not allocate") }
func (o *pageOwner) Reallocate(int, []byte) []byte { panic("parquetio: pages do not allocate") }
func (o *pageOwner) Free([]byte)                   { o.release() }

// lend makes an Arrow buffer of bytes that belong to the page.
func (o *pageOwner) lend(b []byte) *memory.Buffer {
	o.retain()
	return memory.NewBufferWithAllocator(b, o)
}

// allocate makes a buffer of n bytes that is ours to fill.
func (f *File) allocate(n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(f.mem)
	buf.Resize(n)
	return buf
}

// newData takes over the buffers.
func newData(typ arrow.DataType, n int, nulls int, buffers ...*memory.Buffer) arrow.ArrayData {
	data := array.NewData(typ, n, buffers, nil, nulls, 0)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return data
}

// plainPage is a page that is not dictionary-encoded, as one Arrow array of all
// its rows. Without nulls it copies nothing; with nulls it copies offsets and
// numbers, but never strings.
func (f *File) plainPage(l *leaf, owner *pageOwner) (arrow.ArrayData, error) {
	page := owner.page
	rows := int(page.NumValues())
	levels, values, err := l.levels(page, rows)
	if err != nil {
		return nil, err
	}
	v := page.Data()
	data, offsets := v.Data()
	switch {
	case l.typ.ID() == arrow.BOOL:
		return f.booleans(l, owner, rows, values, levels, data)
	case l.width > 0:
		return f.fixed(l, owner, rows, values, levels, data)
	default:
		return f.strings(l, owner, rows, values, levels, data, offsets)
	}
}

// levels returns the definition levels, nil if nothing is null, and the number
// of values that are not null.
func (l *leaf) levels(page parquet.Page, rows int) (levels []byte, values int, err error) {
	if l.maxLevel == 0 {
		return nil, rows, nil
	}
	levels = page.DefinitionLevels()
	if len(levels) != rows {
		return nil, 0, fmt.Errorf("%d definition levels for %d rows", len(levels), rows)
	}
	for _, level := range levels {
		if level == l.maxLevel {
			values++
		}
	}
	if values == rows {
		levels = nil
	}
	return levels, values, nil
}

// validity is Arrow's bitmap of the rows that are not null.
func (f *File) validity(levels []byte, maxLevel byte) *memory.Buffer {
	buf := f.allocate((len(levels) + 7) / 8)
	bits := buf.Bytes()
	clear(bits)
	for i, level := range levels {
		if level == maxLevel {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return buf
}

func (f *File) booleans(l *leaf, o *pageOwner, rows, values int, levels, data []byte) (arrow.ArrayData, error) {
	if len(data) < (values+7)/8 {
		return nil, fmt.Errorf("%d bytes for %d booleans", len(data), values)
	}
	if levels == nil {
		return newData(l.typ, rows, 0, nil, o.lend(data)), nil
	}
	buf := f.allocate((rows + 7) / 8)
	bits := buf.Bytes()
	clear(bits)
	j := 0
	for i, level := range levels {
		if level == l.maxLevel {
			bits[i/8] |= data[j/8] >> (j % 8) & 1 << (i % 8)
			j++
		}
	}
	return newData(l.typ, rows, rows-values, f.validity(levels, l.maxLevel), buf), nil
}

func (f *File) fixed(l *leaf, o *pageOwner, rows, values int, levels, data []byte) (arrow.ArrayData, error) {
	if len(data) < values*l.width {
		return nil, fmt.Errorf("%d bytes for %d values of %d", len(data), values, l.width)
	}
	if levels == nil {
		return newData(l.typ, rows, 0, nil, o.lend(data)), nil
	}
	buf := f.allocate(rows * l.width)
	out := buf.Bytes()
	clear(out)
	for i, level := range levels {
		if level == l.maxLevel {
			copy(out[i*l.width:(i+1)*l.width], data)
			data = data[l.width:]
		}
	}
	return newData(l.typ, rows, rows-values, f.validity(levels, l.maxLevel), buf), nil
}

func (f *File) strings(l *leaf, o *pageOwner, rows, values int, levels, data []byte, offsets []uint32) (arrow.ArrayData, error) {
	if err := checkOffsets(offsets, values, len(data)); err != nil {
		return nil, err
	}
	if levels == nil {
		return newData(l.typ, rows, 0, nil, o.lend(asBytes(offsets[:rows+1])), o.lend(data)), nil
	}
	buf := f.allocate((rows + 1) * offsetBytes)
	out := asOffsets(buf.Bytes())
	j := 0
	for i, level := range levels {
		out[i] = offsets[j]
		if level == l.maxLevel {
			j++
		}
	}
	out[rows] = offsets[j]
	return newData(l.typ, rows, rows-values, f.validity(levels, l.maxLevel), buf, o.lend(data)), nil
}

// checkOffsets makes sure that every string lies within the page, so that a
// hostile page cannot make a later slice panic.
func checkOffsets(offsets []uint32, values, size int) error {
	if len(offsets) < values+1 || size > maxData {
		return fmt.Errorf("%d offsets for %d strings in %d bytes", len(offsets), values, size)
	}
	last := offsets[0]
	for _, at := range offsets[1 : values+1] {
		if at < last {
			return fmt.Errorf("string offsets run backwards")
		}
		last = at
	}
	if int64(last) > int64(size) {
		return fmt.Errorf("string ends at %d of %d bytes", last, size)
	}
	return nil
}

func asBytes(offsets []uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(offsets))), len(offsets)*offsetBytes)
}

func asOffsets(b []byte) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/offsetBytes)
}
