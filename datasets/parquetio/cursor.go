package parquetio

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go"
)

// A cursor walks one column chunk. It holds the Arrow data of the page it
// stands in, or of a part of that page if a dictionary has to be gathered.
type cursor struct {
	file *File
	leaf *leaf
	rows int64 // rows the row group has

	pages  *pageReader
	chunk  *parquet.FileColumnChunk
	gather *gather         // the rest of a dictionary-encoded page
	page   *pageOwner      // the page gather reads
	data   arrow.ArrayData // nil before the first page
	used   int             // rows of data already taken
	row    int64           // row of the group that comes next
}

func newCursor(f *File, l *leaf, group int) *cursor {
	g := f.pf.RowGroups()[group]
	chunk := g.ColumnChunks()[l.index].(*parquet.FileColumnChunk)
	return &cursor{file: f, leaf: l, rows: g.NumRows(), chunk: chunk, pages: newPageReader(f, group, l.index)}
}

func (c *cursor) close() {
	c.drop()
	c.dropPage()
}

// drop lets go of the current data.
func (c *cursor) drop() {
	if c.data != nil {
		c.data.Release()
		c.data = nil
	}
	c.used = 0
}

func (c *cursor) dropPage() {
	if c.page != nil {
		c.page.release()
		c.page, c.gather = nil, nil
	}
}

// available is how many rows can be taken without reading; after fill at least
// one.
func (c *cursor) available() int {
	if c.data == nil {
		return 0
	}
	return c.data.Len() - c.used
}

// fill reads until there is a row to take.
func (c *cursor) fill() error {
	for c.available() == 0 {
		c.drop()
		if c.gather != nil && c.gather.row < c.gather.rows {
			c.data = c.gather.next()
			continue
		}
		c.dropPage()
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) nextPage() error {
	if c.row >= c.rows {
		return fmt.Errorf("read beyond %d rows", c.rows)
	}
	page, err := c.pages.next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("pages end after %d of %d rows", c.row, c.rows)
	}
	if err != nil {
		return err
	}
	owner := newPageOwner(c.file, page)
	if n := page.NumValues(); n > c.rows-c.row {
		owner.release()
		return fmt.Errorf("page of %d rows where %d are left", n, c.rows-c.row)
	}
	if page.Dictionary() != nil {
		c.page = owner
		c.gather, err = newGather(c.file, c.leaf, page)
		return err
	}
	defer owner.release() // the arrays hold it from here on
	c.data, err = c.file.plainPage(c.leaf, owner)
	return err
}

// take returns the next n rows, which must be available.
func (c *cursor) take(n int) arrow.Array {
	data := array.NewSliceData(c.data, int64(c.used), int64(c.used+n))
	defer data.Release()
	c.advance(n)
	return array.MakeFromData(data)
}

func (c *cursor) advance(n int) {
	c.used += n
	c.row += int64(n)
}

// seek moves forward to a row of the group, past whole pages where the offset
// index says where they lie.
func (c *cursor) seek(row int64) error {
	if first, at, ok := c.pageStart(row); ok && first > c.row+int64(c.available()) {
		c.drop()
		c.dropPage()
		c.pages.seek(at)
		c.row = first
	}
	for c.row < row {
		if err := c.fill(); err != nil {
			return err
		}
		c.advance(min(c.available(), int(row-c.row)))
	}
	return nil
}

// pageStart is the first row of the page that holds a row, and where it lies.
func (c *cursor) pageStart(row int64) (first, at int64, ok bool) {
	index, ok := c.offsetIndex()
	if !ok {
		return 0, 0, false
	}
	p := sort.Search(index.NumPages(), func(i int) bool { return index.FirstRowIndex(i) > row }) - 1
	return index.FirstRowIndex(p), index.Offset(p), true
}
