package parquetio

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go"
)

// Range streams the rows of a file sorted ascending by an int64 column whose
// keys are in [lo, hi]. Of other columns only pages with such rows are read.
func (f *File) Range(ctx context.Context, key string, lo, hi int64, cols ...string) *Batches {
	return f.search(ctx, key, keyRange{lo, hi}, cols)
}

// Lookup streams the rows of a file sorted ascending by an int64 column that have
// one of the ascending keys. Of other columns only pages with such rows are read.
// Rows that are far from others come as slices of their pages, short runs of rows
// of the same pages as one copy.
func (f *File) Lookup(ctx context.Context, key string, sorted []int64, cols ...string) *Batches {
	return f.search(ctx, key, keyList(sorted), cols)
}

// A search finds the rows of one row group after the other that have wanted keys:
// it reads the pages of the key column whose bounds say that they may.
type search struct {
	leaf   *leaf // of the key
	want   keySet
	cursor *cursor      // of the row group; nil: none
	keys   *array.Int64 // of some rows, at most maxBatchRows
	at     int64        // row of the group that keys begin at
}

func (f *File) search(ctx context.Context, key string, want keySet, cols []string) *Batches {
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
	b.search = &search{leaf: l, want: want}
	b.err = f.source.guard(ctx, func() string { return "page index" }, func() error {
		for g := range f.RowGroups() {
			b.spans = append(b.spans, f.candidates(l, g, want)...)
		}
		return nil
	})
	return b
}

// probe reads the next keys of the current span and finds the wanted ones.
func (b *Batches) probe() error {
	s, c := b.search, b.search.cursor
	s.drop()
	b.row = b.first + b.current.from
	return b.guard(c, func(*cursor) error {
		if err := c.seek(b.current.from); err != nil {
			return err
		}
		if err := c.fill(); err != nil {
			return err
		}
		n := min(maxBatchRows, int64(c.available()), b.current.to-b.current.from)
		s.at = b.current.from
		b.current.from += n
		s.keys = c.take([]run{{s.at, s.at + n}}).(*array.Int64)
		b.found = s.want.match(b.found[:0], s.keys, s.at)
		b.runs = b.found
		return nil
	})
}

func (s *search) open(f *File, group int) { s.cursor = newCursor(f, s.leaf, group) }

func (s *search) close() {
	s.drop()
	if s.cursor != nil {
		s.cursor.close()
		s.cursor = nil
	}
}

func (s *search) drop() {
	if s.keys != nil {
		s.keys.Release()
		s.keys = nil
	}
}

// take returns the keys of rows.
func (s *search) take(f *File, rows []run) arrow.Array {
	return f.pick(s.leaf, s.keys.Data(), s.at, rows)
}

// candidates are the runs of rows of a group whose pages can hold a wanted key by
// their bounds. Without a page index the group counts as one page with the bounds
// of its statistics.
func (f *File) candidates(l *leaf, group int, want keySet) []span {
	g := f.pf.RowGroups()[group]
	if g.NumRows() == 0 {
		return nil
	}
	whole := []span{{group, run{0, g.NumRows()}}}
	chunk := g.ColumnChunks()[l.index].(*parquet.FileColumnChunk)
	if lo, hi, ok := chunk.Bounds(); ok && !want.overlaps(lo.Int64(), hi.Int64()) {
		return nil
	}
	offsets, ok := f.offsetIndex(chunk, l.index)
	if !ok {
		return whole
	}
	bounds, ok := f.columnIndex(chunk, l.index)
	if !ok || bounds.NumPages() != offsets.NumPages() {
		return whole
	}
	return matchPages(group, g.NumRows(), offsets, bounds, want)
}

func matchPages(group int, rows int64, offsets parquet.OffsetIndex, bounds parquet.ColumnIndex, want keySet) []span {
	var spans []span
	for i := range offsets.NumPages() {
		if bounds.NullPage(i) || !want.overlaps(bounds.MinValue(i).Int64(), bounds.MaxValue(i).Int64()) {
			continue
		}
		s := span{group, pageRows(offsets, i, rows)}
		if n := len(spans); n > 0 && spans[n-1].to == s.from {
			spans[n-1].to = s.to
		} else {
			spans = append(spans, s)
		}
	}
	return spans
}

// A keySet is what a search looks for.
type keySet interface {
	// overlaps reports whether the set has a key in [lo, hi].
	overlaps(lo, hi int64) bool
	// match appends the rows whose keys, those of the rows from at on, are in the
	// set. Keys out of order cost time, no more.
	match(runs []run, keys *array.Int64, at int64) []run
}

// keyRange is the keys from lo to hi.
type keyRange struct{ lo, hi int64 }

func (r keyRange) overlaps(lo, hi int64) bool { return lo <= r.hi && hi >= r.lo }

func (r keyRange) match(runs []run, keys *array.Int64, at int64) []run {
	nulls := keys.NullN() > 0
	for i, k := range keys.Int64Values() {
		if r.lo <= k && k <= r.hi && !(nulls && keys.IsNull(i)) {
			runs = appendRow(runs, at+int64(i))
		}
	}
	return runs
}

// keyList is ascending keys.
type keyList []int64

func (l keyList) overlaps(lo, hi int64) bool {
	i, _ := slices.BinarySearch(l, lo)
	return i < len(l) && l[i] <= hi
}

func (l keyList) match(runs []run, keys *array.Int64, at int64) []run {
	nulls, next := keys.NullN() > 0, 0 // next: the first of the list that is not below the last key
	for i, k := range keys.Int64Values() {
		switch {
		case nulls && keys.IsNull(i):
			continue
		case i == 0 || next > 0 && l[next-1] >= k:
			next, _ = slices.BinarySearch(l, k)
		}
		for next < len(l) && l[next] < k {
			next++
		}
		if next < len(l) && l[next] == k {
			runs = appendRow(runs, at+int64(i))
		}
	}
	return runs
}
