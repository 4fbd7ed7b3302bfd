package parquetio

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// maxBatchRows bounds a record batch. Batches also end where a page of any
// column ends, because arrays are slices of pages: about 500 documents of 2 KiB.
const maxBatchRows = 8192

// Batches is a stream of record batches. It is not for concurrent use.
type Batches struct {
	ctx    context.Context // of the call that made the stream, as sql.Rows does
	file   *File
	leaves []*leaf
	schema *arrow.Schema

	spans   []span // not begun yet
	current span
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
		b.spans = append(b.spans, span{g, 0, f.RowGroupRows(g)})
	}
	return b
}

// Range streams the rows of a file sorted ascending by an int64 column whose
// pages can hold keys in [lo, hi]. Rows of other keys come along: compare.
func (f *File) Range(ctx context.Context, key string, lo, hi int64, cols ...string) *Batches {
	return f.search(ctx, key, holdsRange(lo, hi), cols)
}

// Lookup streams the rows of a file sorted ascending by an int64 column whose
// pages can hold one of the ascending keys. Rows of other keys come along:
// compare.
func (f *File) Lookup(ctx context.Context, key string, sorted []int64, cols ...string) *Batches {
	return f.search(ctx, key, holdsAny(sorted), cols)
}

func (f *File) search(ctx context.Context, key string, want func(lo, hi int64) bool, cols []string) *Batches {
	b := f.batches(ctx, cols)
	if b.err != nil {
		return b
	}
	l, err := f.leaf(key)
	if err == nil && l.typ.ID() != arrow.INT64 {
		err = &ColumnError{Path: key, Reason: fmt.Errorf("is %s, keys are int64", l.typ)}
	}
	if err != nil {
		b.err = err
		return b
	}
	b.err = f.source.guard(ctx, func() string { return "page index" }, func() error {
		for g := range f.RowGroups() {
			b.spans = append(b.spans, f.candidates(l, g, want)...)
		}
		return nil
	})
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
// error of the first row that could not be read.
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
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	for b.current.from == b.current.to {
		if len(b.spans) == 0 {
			return nil, io.EOF
		}
		b.current, b.spans = b.spans[0], b.spans[1:]
		b.openGroup()
		b.row = b.first + b.current.from
		if err := b.each(func(c *cursor) error { return c.seek(b.current.from) }); err != nil {
			return nil, err
		}
	}
	b.row = b.first + b.current.from
	if err := b.each((*cursor).fill); err != nil {
		return nil, err
	}
	return b.record(), nil
}

// openGroup makes cursors for the row group of the current span.
func (b *Batches) openGroup() {
	if b.group == b.current.group {
		return
	}
	b.closeCursors()
	b.group = b.current.group
	b.first = b.file.firstRow(b.group)
	for _, l := range b.leaves {
		b.cursors = append(b.cursors, newCursor(b.file, l, b.group))
	}
}

func (b *Batches) each(step func(*cursor) error) error {
	for _, c := range b.cursors {
		place := func() string { return fmt.Sprintf("row group %d, column %s", b.group, c.leaf.path) }
		if err := b.file.source.guard(b.ctx, place, func() error { return step(c) }); err != nil {
			return err
		}
	}
	return nil
}

// record takes as many rows as every column has at hand.
func (b *Batches) record() arrow.Record {
	n := int(min(maxBatchRows, b.current.to-b.current.from))
	for _, c := range b.cursors {
		n = min(n, c.available())
	}
	columns := make([]arrow.Array, len(b.cursors))
	for i, c := range b.cursors {
		columns[i] = c.take(n)
	}
	b.current.from += int64(n)
	rec := array.NewRecord(b.schema, columns, int64(n))
	for _, a := range columns {
		a.Release()
	}
	return rec
}

func (b *Batches) closeCursors() {
	for _, c := range b.cursors {
		c.close()
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
