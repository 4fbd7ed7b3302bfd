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

// A cursor walks one column chunk. It stands in a page, whose rows it has as
// Arrow data, or as indexes of a dictionary that are looked up when rows are taken.
type cursor struct {
	file *File
	leaf *leaf
	rows int64 // rows the row group has

	pages  *pageReader
	chunk  *parquet.FileColumnChunk
	index  parquet.OffsetIndex // nil: none, or not asked for yet
	asked  bool                // for the index
	due    int64               // rows of the next page by the index; 0: not known
	gather *gather             // of a dictionary-encoded page
	page   *pageOwner          // the page gather reads
	data   arrow.ArrayData     // of any other page
	first  int64               // row of the group that the page begins at
	row    int64               // row of the group that comes next
}

func newCursor(f *File, l *leaf, group int) *cursor {
	g := f.pf.RowGroups()[group]
	chunk := g.ColumnChunks()[l.index].(*parquet.FileColumnChunk)
	return &cursor{file: f, leaf: l, rows: g.NumRows(), chunk: chunk, pages: newPageReader(f, group, l.index)}
}

// close lets go of the current page.
func (c *cursor) close() {
	if c.data != nil {
		c.data.Release()
		c.data = nil
	}
	if c.page != nil {
		c.page.release()
		c.page, c.gather = nil, nil
	}
}

// available is how many rows can be taken without reading; after fill at least
// one.
func (c *cursor) available() int {
	switch {
	case c.gather != nil:
		return c.gather.available()
	case c.data != nil:
		return c.data.Len() - int(c.row-c.first)
	default:
		return 0
	}
}

// fill reads until there is a row to take.
func (c *cursor) fill() error {
	for c.available() == 0 {
		c.close()
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
	defer owner.release() // whoever needs the page holds it from here on
	n, due := page.NumValues(), c.due
	c.first, c.due = c.row, 0
	if n > c.rows-c.row || due != 0 && n != due {
		return fmt.Errorf("page of %d rows where %d are left and the index has %d", n, c.rows-c.row, due)
	}
	if page.Dictionary() == nil {
		c.data, err = c.file.plainPage(c.leaf, owner)
		return err
	}
	if c.gather, err = newGather(c.file, c.leaf, page); err == nil {
		owner.retain()
		c.page = owner
	}
	return err
}

// take returns the rows of runs, which lie behind each other within what is
// available.
func (c *cursor) take(runs []run) arrow.Array {
	to := runs[len(runs)-1].to
	if c.gather == nil {
		c.row = to
		return c.file.pick(c.leaf, c.data, c.first, runs)
	}
	data := c.gather.take(runs, c.first)
	defer data.Release()
	c.row = to
	return array.MakeFromData(data)
}

// seek moves forward to a row of the group, past whole pages where the offset
// index says where they lie.
func (c *cursor) seek(row int64) error {
	if row-c.row > int64(c.available()) {
		c.seekPage(row)
	}
	for c.row < row {
		if err := c.fill(); err != nil {
			return err
		}
		n := min(int64(c.available()), row-c.row)
		if c.gather != nil {
			c.gather.skip(int(n))
		}
		c.row += n
	}
	return nil
}

// seekPage moves to the page that holds a row, if it is not the current one and
// there is an index.
func (c *cursor) seekPage(row int64) {
	if !c.asked {
		c.asked = true
		if index, ok := c.file.offsetIndex(c.chunk, c.leaf.index); ok {
			c.index = index
		}
	}
	if c.index == nil {
		return
	}
	p := sort.Search(c.index.NumPages(), func(i int) bool { return c.index.FirstRowIndex(i) > row }) - 1
	if rows := pageRows(c.index, p, c.rows); rows.from > c.row {
		c.close()
		c.pages.seek(c.index.Offset(p), c.index.CompressedPageSize(p))
		c.row, c.due = rows.from, rows.to-rows.from
	}
}

// pageRows are the rows of page i of a row group of so many rows.
func pageRows(index parquet.OffsetIndex, i int, rows int64) run {
	if i+1 < index.NumPages() {
		rows = index.FirstRowIndex(i + 1)
	}
	return run{index.FirstRowIndex(i), rows}
}
