package parquetio

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The page index is a hint: a file without one, or with one that cannot be
// right, is read page by page instead.

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
