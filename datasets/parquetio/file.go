package parquetio

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	readBufferBytes = 1 << 20
	maxFooterBytes  = 64 << 20 // metadata may unfold to several hundred times its size
	tailBytes       = 8        // footer length and magic
)

// A File is an open Parquet file. It is safe for concurrent use; the Batches it
// makes are not.
type File struct {
	source *source
	size   int64
	pf     *parquet.File
	leaves map[string]*leaf // by dotted path

	columns []*parquet.Column // of the shadow, in column order

	mem   memory.Allocator // for what cannot be zero copy
	pages atomic.Int64     // pages that arrays still hold
}

// Open reads the footer of a file of the given size. r must stay open as long
// as the File is used.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{source: &source{r: r}, size: size, mem: &arrays}
	ctx := context.Background() // reading a footer takes no cancelling
	err := f.source.guard(ctx, func() string { return "footer" }, func() error {
		if err := checkFooter(f.source, size); err != nil {
			return err
		}
		var err error
		f.pf, err = parquet.OpenFile(f.source, size, &parquet.FileConfig{
			SkipPageIndex:    true, // read when Range or Lookup want it
			SkipBloomFilters: true,
			ReadBufferSize:   readBufferBytes,
		})
		if err != nil {
			return err
		}
		if err := checkMetadata(f.pf.Metadata(), size); err != nil {
			return err
		}
		f.leaves = leavesOf(f.pf.Root())
		f.columns, err = shadowColumns(f.pf.Metadata())
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// checkFooter refuses a footer that would make parquet-go allocate without
// bounds.
func checkFooter(r io.ReaderAt, size int64) error {
	if size < tailBytes+4 {
		return damaged("%d bytes are no parquet file", size)
	}
	var tail [tailBytes]byte
	if _, err := r.ReadAt(tail[:], size-tailBytes); err != nil && err != io.EOF {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return damaged("no magic number at its end: the file is cut or encrypted")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-tailBytes-4 || n > maxFooterBytes {
		return damaged("footer of %d bytes in a file of %d", n, size)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-tailBytes-n); err != nil && err != io.EOF {
		return err
	}
	return checkThrift(footer)
}

// checkMetadata holds what the footer says against the size of the file.
func checkMetadata(meta *format.FileMetaData, size int64) error {
	leaves := len(leafElements(meta))
	var rows int64
	for g := range meta.RowGroups {
		group := &meta.RowGroups[g]
		if group.NumRows < 0 || len(group.Columns) != leaves {
			return damaged("row group %d: %d rows, %d of %d columns", g, group.NumRows, len(group.Columns), leaves)
		}
		if int(group.Ordinal) != g && group.Ordinal != 0 {
			return damaged("row group %d has ordinal %d", g, group.Ordinal)
		}
		group.Ordinal = int16(g) // writers may leave it out; parquet-go indexes by it
		rows += group.NumRows
		for c := range group.Columns {
			if err := checkChunk(&group.Columns[c], size); err != nil {
				return damaged("row group %d, column %d: %w", g, c, err)
			}
		}
	}
	if rows != meta.NumRows || rows < 0 {
		return damaged("row groups have %d rows, the footer says %d", rows, meta.NumRows)
	}
	return nil
}

func checkChunk(chunk *format.ColumnChunk, size int64) error {
	meta := &chunk.MetaData
	at := chunkStart(meta)
	switch {
	case meta.TotalCompressedSize < 0 || meta.TotalUncompressedSize < 0 || meta.NumValues < 0:
		return damaged("negative size")
	case !within(at, meta.TotalCompressedSize, size):
		return damaged("bytes %d+%d of a file of %d", at, meta.TotalCompressedSize, size)
	case !within(chunk.ColumnIndexOffset, int64(chunk.ColumnIndexLength), size),
		!within(chunk.OffsetIndexOffset, int64(chunk.OffsetIndexLength), size):
		return damaged("page index outside the file")
	}
	return nil
}

func within(at, n, size int64) bool { return at >= 0 && n >= 0 && at <= size && n <= size-at }

// Rows is the number of rows of the file.
func (f *File) Rows() int64 { return f.pf.NumRows() }

// RowGroups is the number of row groups.
func (f *File) RowGroups() int { return len(f.pf.RowGroups()) }

// RowGroupRows is the number of rows of a row group.
func (f *File) RowGroupRows(i int) int64 { return f.pf.RowGroups()[i].NumRows() }

// RowGroupBytes is the raw size of the named leaf columns of a row group, of
// all columns if none is named. Columns that do not exist count nothing.
func (f *File) RowGroupBytes(i int, cols ...string) int64 {
	var n int64
	for path, leaf := range f.leaves {
		if len(cols) == 0 || contains(cols, path) {
			n += f.pf.Metadata().RowGroups[i].Columns[leaf.index].MetaData.TotalUncompressedSize
		}
	}
	return n
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// firstRow is the file row at which a row group starts.
func (f *File) firstRow(group int) int64 {
	var n int64
	for i := range group {
		n += f.RowGroupRows(i)
	}
	return n
}

// Schema is the file's own schema.
func (f *File) Schema() *parquet.Schema { return f.pf.Schema() }

// Metadata is the value of a key of the file's key-value metadata, "" if there
// is none.
func (f *File) Metadata(key string) string {
	v, _ := f.pf.Lookup(key)
	return v
}

// Type is the Arrow type of a leaf column by its dotted path. The error wraps
// ErrNoColumn, or says that the column cannot be read as a flat one.
func (f *File) Type(path string) (arrow.DataType, error) {
	leaf, err := f.leaf(path)
	if err != nil {
		return nil, err
	}
	return leaf.typ, nil
}

func (f *File) leaf(path string) (*leaf, error) {
	leaf := f.leaves[path]
	if leaf == nil {
		return nil, &ColumnError{Path: path, Reason: ErrNoColumn}
	}
	if leaf.unsupported != nil {
		return nil, &ColumnError{Path: path, Reason: leaf.unsupported}
	}
	return leaf, nil
}

// A ColumnError says why a column cannot be read.
type ColumnError struct {
	Path   string
	Reason error
}

func (e *ColumnError) Error() string { return "column " + e.Path + ": " + e.Reason.Error() }
func (e *ColumnError) Unwrap() error { return e.Reason }

// dotted joins a column path.
func dotted(path []string) string { return strings.Join(path, ".") }
