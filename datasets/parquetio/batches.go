package parquetio

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// maxBatchRows bounds a record batch, and the rows that it is taken from. Batches
// also end where a page of any column ends, because arrays are slices of pages:
// about 500 documents of 2 KiB.
const maxBatchRows = 8192

// Batches is a stream of record batches. It is not for concurrent use.
type Batches struct {
	ctx    context.Context // of the call that made the stream, as sql.Rows does
	file   *File
	leaves []*leaf
	schema *arrow.Schema
	search *search // nil: every row is wanted

	spans   []span // not begun yet
	current span   // what is left of the span begun
	found   []run  // wanted rows that are known
	runs    []run  // of which these are not returned yet
	cursors []*cursor
	group   int // of the cursors; -1: none
	first   int64
	row     int64
	err     error
}

// Batches streams the named leaf columns ("text", or dotted as in
// "signals.gopher_quality.words") of row groups, nil being all, in file order.
func (f *File) Batches(ctx context.Context, rowGroups []int, cols ...string) *Batches {
	if rowGroups == nil {
		for g := range f.RowGroups() {
			rowGroups = append(rowGroups, g)
		}
	}
	b := f.batches(ctx, cols)
	for _, g := range rowGroups {
		b.spans = append(b.spans, span{g, run{0, f.RowGroupRows(g)}})
	}
	return b
}

func (f *File) batches(ctx context.Context, cols []string) *Batches {
	b := &Batches{ctx: ctx, file: f, group: -1}
	var fields []arrow.Field
	for _, col := range cols {
		l, err := f.leaf(col)
		if err != nil {
			b.err = err
			return b
		}
		b.leaves = append(b.leaves, l)
		fields = append(fields, arrow.Field{Name: col, Type: l.typ, Nullable: l.maxLevel > 0})
	}
	b.schema = arrow.NewSchema(fields, nil)
	return b
}

// Schema has a field for each column asked for, under the name it was asked by;
// nil if a column cannot be read.
func (b *Batches) Schema() *arrow.Schema { return b.schema }

// Row is the file row, from 0, of the first row of the last batch, and after an
// error of the first row that could not be read. The rows of a batch of Batches
// follow each other in the file; Range and Lookup leave rows out.
func (b *Batches) Row() int64 { return b.row }

// Next returns the next batch, or io.EOF. The batch is the caller's, who should
// release it: its page buffers then serve the next pages. A batch that is never
// released costs garbage collection, nothing else.
func (b *Batches) Next() (arrow.Record, error) {
	if b.err != nil {
		return nil, b.err
	}
	rec, err := b.next()
	if err != nil {
		b.err = err
		b.closeCursors()
	}
	return rec, err
}

func (b *Batches) next() (arrow.Record, error) {
	for b.ctx.Err() == nil && len(b.runs) == 0 {
		if err := b.refill(); err != nil {
			return nil, err
		}
	}
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	from := b.runs[0].from
	b.row = b.first + from
	err := b.each(func(c *cursor) error {
		if err := c.seek(from); err != nil {
			return err
		}
		return c.fill()
	})
	if err != nil {
		return nil, err
	}
	return b.record(), nil
}

// refill finds the next wanted rows, if only within some rows of a span.
func (b *Batches) refill() error {
	if b.current.from == b.current.to {
		if len(b.spans) == 0 {
			return io.EOF
		}
		b.current, b.spans = b.spans[0], b.spans[1:]
		b.openGroup()
	}
	if b.search != nil {
		return b.probe()
	}
	b.found = append(b.found[:0], b.current.run)
	b.runs = b.found
	b.current.from = b.current.to
	return nil
}

// openGroup makes cursors for the row group of the current span.
func (b *Batches) openGroup() {
	if b.group == b.current.group {
		return
	}
	b.closeCursors()
	b.group = b.current.group
	b.first = b.file.firstRow(b.group)
	if b.search != nil {
		b.search.open(b.file, b.group)
	}
	for _, l := range b.leaves {
		if b.search != nil && b.search.leaf == l {
			b.cursors = append(b.cursors, nil) // its values are at hand
			continue
		}
		b.cursors = append(b.cursors, newCursor(b.file, l, b.group))
	}
}

// each runs a step for every column but the key of a search.
func (b *Batches) each(step func(*cursor) error) error {
	for _, c := range b.cursors {
		if c == nil {
			continue
		}
		if err := b.guard(c, step); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batches) guard(c *cursor, step func(*cursor) error) error {
	place := func() string { return fmt.Sprintf("row group %d, column %s", b.group, c.leaf.path) }
	return b.file.source.guard(b.ctx, place, func() error { return step(c) })
}

// record takes as many wanted rows as every column has at hand.
func (b *Batches) record() arrow.Record {
	end := b.runs[0].from + maxBatchRows
	for _, c := range b.cursors {
		if c != nil {
			end = min(end, c.row+int64(c.available()))
		}
	}
	rows, rest := cut(b.runs, end)
	b.runs = rest
	columns := make([]arrow.Array, len(b.cursors))
	for i, c := range b.cursors {
		if c == nil {
			columns[i] = b.search.take(b.file, rows)
		} else {
			columns[i] = c.take(rows)
		}
	}
	rec := array.NewRecord(b.schema, columns, length(rows))
	for _, a := range columns {
		a.Release()
	}
	return rec
}

func (b *Batches) closeCursors() {
	for _, c := range b.cursors {
		if c != nil {
			c.close()
		}
	}
	if b.search != nil {
		b.search.close()
	}
	b.cursors, b.group = nil, -1
}

// Close ends the stream. Batches already returned stay valid.
func (b *Batches) Close() {
	b.closeCursors()
	if b.err == nil {
		b.err = io.EOF
	}
}
