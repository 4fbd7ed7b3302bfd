package parquetio

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

// gatherBytes bounds an array of strings: a small page may stand for far more
// text than memory holds.
const gatherBytes = 16 << 20

// A gather turns rows of a dictionary-encoded page into arrays.
type gather struct {
	file    *File
	leaf    *leaf
	page    parquet.Page
	levels  []byte  // nil: nothing is null
	indexes []int32 // of the values that are not null

	data    []byte // dictionary values
	offsets []uint32
	size    int // number of dictionary values
	most    int // rows that are gathered at once

	row, rows, value int
	picked           []int32
}

func newGather(f *File, l *leaf, page parquet.Page) (*gather, error) {
	rows := int(page.NumValues())
	levels, values, err := l.levels(page, rows)
	if err != nil {
		return nil, err
	}
	v := page.Data()
	raw, _ := v.Data()
	if len(raw) < 4*values {
		return nil, fmt.Errorf("%d bytes for %d dictionary indexes", len(raw), values)
	}
	g := &gather{file: f, leaf: l, page: page, levels: levels, rows: rows, most: maxBatchRows,
		indexes: unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(raw))), values)}
	if err := g.setDictionary(page.Dictionary()); err != nil {
		return nil, err
	}
	return g, g.checkIndexes()
}

func (g *gather) setDictionary(d parquet.Dictionary) error {
	v := d.Page().Data()
	g.data, g.offsets = v.Data()
	g.size = d.Len()
	switch {
	case g.leaf.typ.ID() == arrow.BOOL:
		return fmt.Errorf("dictionary of booleans")
	case g.leaf.width == 0:
		if err := checkOffsets(g.offsets, g.size, len(g.data)); err != nil {
			return err
		}
		g.most = min(g.most, max(1, gatherBytes/max(1, longest(g.offsets[:g.size+1]))))
	case len(g.data) < g.size*g.leaf.width:
		return fmt.Errorf("%d bytes for %d dictionary values", len(g.data), g.size)
	}
	return nil
}

// longest is the length of the longest string.
func longest(offsets []uint32) int {
	var n uint32
	for i, at := range offsets[1:] {
		n = max(n, at-offsets[i])
	}
	return int(n)
}

func (g *gather) checkIndexes() error {
	for _, i := range g.indexes {
		if uint32(i) >= uint32(g.size) {
			return fmt.Errorf("dictionary index %d of %d", i, g.size)
		}
	}
	return nil
}

// available is how many rows can be taken at once.
func (g *gather) available() int { return min(g.most, g.rows-g.row) }

// null says whether a row is null.
func (g *gather) null(row int) bool { return g.levels != nil && g.levels[row] != g.leaf.maxLevel }

// skip leaves out n rows.
func (g *gather) skip(n int) {
	if g.levels == nil {
		g.value += n
	} else {
		for _, level := range g.levels[g.row : g.row+n] {
			if level == g.leaf.maxLevel {
				g.value++
			}
		}
	}
	g.row += n
}

// pick returns the dictionary indexes of the rows of runs, -1 for null, and how
// many are null. It is valid until the next call.
func (g *gather) pick(runs []run, first int64) (picked []int32, nulls int) {
	if r := runs[0]; len(runs) == 1 && g.levels == nil {
		g.skip(int(r.from-first) - g.row)
		from := g.value
		g.skip(int(r.to - r.from))
		return g.indexes[from:g.value], 0
	}
	g.picked = g.picked[:0]
	for _, r := range runs {
		g.skip(int(r.from-first) - g.row)
		for range r.to - r.from {
			if g.null(g.row) {
				g.picked = append(g.picked, -1)
				nulls++
			} else {
				g.picked = append(g.picked, g.indexes[g.value])
				g.value++
			}
			g.row++
		}
	}
	return g.picked, nulls
}

// take returns the rows of runs of the row group, in which the page begins at
// row first.
func (g *gather) take(runs []run, first int64) arrow.ArrayData {
	picked, nulls := g.pick(runs, first)
	if g.leaf.width > 0 {
		return g.finish(picked, nulls, g.fixed(picked))
	}
	offsets, data := g.strings(picked)
	return g.finish(picked, nulls, offsets, data)
}

func (g *gather) fixed(picked []int32) *memory.Buffer {
	w := g.leaf.width
	buf := g.file.allocate(len(picked) * w)
	out := buf.Bytes()
	for i, k := range picked {
		if k < 0 {
			clear(out[i*w : (i+1)*w])
			continue
		}
		copy(out[i*w:(i+1)*w], g.data[int(k)*w:])
	}
	return buf
}

func (g *gather) strings(picked []int32) (offsets, data *memory.Buffer) {
	size := 0
	for _, k := range picked {
		if k >= 0 {
			size += int(g.offsets[k+1] - g.offsets[k])
		}
	}
	offsets, data = g.file.allocate((len(picked)+1)*offsetBytes), g.file.allocate(size)
	out, end := asOffsets(offsets.Bytes()), 0
	for i, k := range picked {
		out[i] = uint32(end)
		if k >= 0 {
			end += copy(data.Bytes()[end:], g.data[g.offsets[k]:g.offsets[k+1]])
		}
	}
	out[len(picked)] = uint32(end)
	return offsets, data
}

func (g *gather) finish(picked []int32, nulls int, buffers ...*memory.Buffer) arrow.ArrayData {
	var validity *memory.Buffer
	if nulls > 0 {
		validity = g.validity(picked)
	}
	return newData(g.leaf.typ, len(picked), nulls, append([]*memory.Buffer{validity}, buffers...)...)
}

func (g *gather) validity(picked []int32) *memory.Buffer {
	buf := g.file.allocate((len(picked) + 7) / 8)
	bits := buf.Bytes()
	clear(bits)
	for i, k := range picked {
		if k >= 0 {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return buf
}
