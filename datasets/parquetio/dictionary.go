package parquetio

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

const (
	gatherRows  = 8192
	gatherBytes = 16 << 20 // a small page may stand for far more than memory holds
)

// A gather turns a dictionary-encoded page into arrays of bounded size, one
// after the other.
type gather struct {
	file    *File
	leaf    *leaf
	page    parquet.Page
	levels  []byte  // nil: nothing is null
	indexes []int32 // of the values that are not null

	data    []byte // dictionary values
	offsets []uint32
	size    int // number of dictionary values

	row, rows, value int
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
	g := &gather{file: f, leaf: l, page: page, levels: levels, rows: rows,
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
		return checkOffsets(g.offsets, g.size, len(g.data))
	case len(g.data) < g.size*g.leaf.width:
		return fmt.Errorf("%d bytes for %d dictionary values", len(g.data), g.size)
	}
	return nil
}

func (g *gather) checkIndexes() error {
	for _, i := range g.indexes {
		if uint32(i) >= uint32(g.size) {
			return fmt.Errorf("dictionary index %d of %d", i, g.size)
		}
	}
	return nil
}

// next returns the array of the next rows; there must be some left.
func (g *gather) next() arrow.ArrayData {
	if g.leaf.width > 0 {
		return g.nextFixed()
	}
	return g.nextStrings()
}

// null says whether a row is null.
func (g *gather) null(row int) bool { return g.levels != nil && g.levels[row] != g.leaf.maxLevel }

func (g *gather) nextFixed() arrow.ArrayData {
	n, w, nulls := min(gatherRows, g.rows-g.row), g.leaf.width, 0
	buf := g.file.allocate(n * w)
	out := buf.Bytes()
	clear(out)
	for i := range n {
		if g.null(g.row + i) {
			nulls++
			continue
		}
		at := int(g.indexes[g.value]) * w
		copy(out[i*w:(i+1)*w], g.data[at:at+w])
		g.value++
	}
	return g.finish(n, nulls, buf)
}

func (g *gather) nextStrings() arrow.ArrayData {
	n, nulls, size := g.fit()
	offsets, data := g.file.allocate((n+1)*offsetBytes), g.file.allocate(size)
	out, end := asOffsets(offsets.Bytes()), 0
	for i := range n {
		out[i] = uint32(end)
		if !g.null(g.row + i) {
			k := g.indexes[g.value]
			end += copy(data.Bytes()[end:], g.data[g.offsets[k]:g.offsets[k+1]])
			g.value++
		}
	}
	out[n] = uint32(end)
	return g.finish(n, nulls, offsets, data)
}

// fit is how many rows gatherBytes hold, at least one.
func (g *gather) fit() (n, nulls, size int) {
	value := g.value
	for n < gatherRows && g.row+n < g.rows && (n == 0 || size < gatherBytes) {
		if g.null(g.row + n) {
			nulls++
		} else {
			k := g.indexes[value]
			size += int(g.offsets[k+1] - g.offsets[k])
			value++
		}
		n++
	}
	return n, nulls, size
}

func (g *gather) finish(n, nulls int, buffers ...*memory.Buffer) arrow.ArrayData {
	var validity *memory.Buffer
	if nulls > 0 {
		validity = g.file.validity(g.levels[g.row:g.row+n], g.leaf.maxLevel)
	}
	g.row += n
	return newData(g.leaf.typ, n, nulls, append([]*memory.Buffer{validity}, buffers...)...)
}
