package parquetio

import (
	"cmp"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The page index is a hint: a file without one, or with one that cannot be
// right, is read page by page instead.

func (c *cursor) offsetIndex() (parquet.OffsetIndex, bool) {
	return c.file.offsetIndex(c.chunk, c.leaf.index)
}

func (f *File) offsetIndex(chunk *parquet.FileColumnChunk, column int) (parquet.OffsetIndex, bool) {
	meta := f.chunkMeta(chunk, column)
	if !f.sound(meta.OffsetIndexOffset, int64(meta.OffsetIndexLength)) {
		return nil, false
	}
	index, err := chunk.OffsetIndex()
	if err != nil || !plausible(index, &meta.MetaData) {
		return nil, false
	}
	return index, true
}

// plausible checks that pages lie in the chunk, one after the other.
func plausible(index parquet.OffsetIndex, meta *format.ColumnMetaData) bool {
	start := chunkStart(meta)
	end := start + meta.TotalCompressedSize
	row, at := int64(-1), start
	for i := range index.NumPages() {
		if index.FirstRowIndex(i) <= row || index.Offset(i) < at || index.Offset(i) >= end {
			return false
		}
		row, at = index.FirstRowIndex(i), index.Offset(i)
	}
	return index.NumPages() > 0 && index.FirstRowIndex(0) == 0
}

func (f *File) columnIndex(chunk *parquet.FileColumnChunk, column int) (parquet.ColumnIndex, bool) {
	meta := f.chunkMeta(chunk, column)
	if !f.sound(meta.ColumnIndexOffset, int64(meta.ColumnIndexLength)) {
		return nil, false
	}
	index, err := chunk.ColumnIndex()
	return index, err == nil
}

func (f *File) chunkMeta(chunk *parquet.FileColumnChunk, column int) *format.ColumnChunk {
	groups := f.pf.RowGroups()
	for g := range groups {
		if groups[g].ColumnChunks()[column] == parquet.ColumnChunk(chunk) {
			return &f.pf.Metadata().RowGroups[g].Columns[column]
		}
	}
	panic("parquetio: column chunk of another file")
}

// sound reads an index and checks its lengths before parquet-go trusts them.
func (f *File) sound(at, n int64) bool {
	if at == 0 || n <= 0 || n > maxFooterBytes {
		return false
	}
	b := make([]byte, n)
	if _, err := f.source.ReadAt(b, at); err != nil && err != io.EOF {
		return false
	}
	return checkThrift(b) == nil
}

// A span is a run of rows [from, to) of a row group.
type span struct {
	group    int
	from, to int64
}

// candidates are the runs of rows of a group whose pages can hold an int64 key
// that want accepts by its page's bounds. Without a page index the group counts
// as one page with the bounds of its statistics.
func (f *File) candidates(l *leaf, group int, want func(lo, hi int64) bool) []span {
	g := f.pf.RowGroups()[group]
	if g.NumRows() == 0 {
		return nil
	}
	whole := []span{{group, 0, g.NumRows()}}
	chunk := g.ColumnChunks()[l.index].(*parquet.FileColumnChunk)
	if lo, hi, ok := chunk.Bounds(); ok && !want(lo.Int64(), hi.Int64()) {
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
	return f.matchPages(group, g.NumRows(), offsets, bounds, want)
}

func (f *File) matchPages(group int, rows int64, offsets parquet.OffsetIndex, bounds parquet.ColumnIndex, want func(lo, hi int64) bool) []span {
	var spans []span
	for i := range offsets.NumPages() {
		if bounds.NullPage(i) || !want(bounds.MinValue(i).Int64(), bounds.MaxValue(i).Int64()) {
			continue
		}
		s := span{group, offsets.FirstRowIndex(i), rows}
		if i+1 < offsets.NumPages() {
			s.to = offsets.FirstRowIndex(i + 1)
		}
		if n := len(spans); n > 0 && spans[n-1].to == s.from {
			spans[n-1].to = s.to
		} else {
			spans = append(spans, s)
		}
	}
	return spans
}

// holdsRange accepts pages that overlap [lo, hi].
func holdsRange(lo, hi int64) func(int64, int64) bool {
	return func(first, last int64) bool { return first <= hi && last >= lo }
}

// holdsAny accepts pages whose bounds enclose one of the sorted keys.
func holdsAny(keys []int64) func(int64, int64) bool {
	return func(first, last int64) bool {
		i, _ := slices.BinarySearchFunc(keys, first, cmp.Compare)
		return i < len(keys) && keys[i] <= last
	}
}
