package parquetio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Pack joins the rows of sources, files of rows of type T, in order. Row groups
// that were written as this package writes them are copied as they are, without
// being decompressed; others are written anew.
func Pack[T any](w io.Writer, sources []*File, opt WriterOptions) (Info, error) {
	out := newDigestWriter(w)
	pw := newParquetWriter[T](out, opt)
	for i, src := range sources {
		for g := range src.RowGroups() {
			if err := packGroup(pw, out, src, g); err != nil {
				return Info{}, fmt.Errorf("pack file %d: %w", i, err)
			}
		}
	}
	return finish(pw, out)
}

func packGroup[T any](pw *parquet.GenericWriter[T], out *digestWriter, src *File, group int) error {
	if src.RowGroupRows(group) == 0 {
		return nil
	}
	ctx := context.Background()
	place := func() string { return fmt.Sprintf("row group %d", group) }
	mismatch := false
	err := src.source.guard(ctx, place, func() error {
		src.loadIndexes(group)
		_, err := pw.WriteRowGroup(src.pf.RowGroups()[group])
		if mismatch = errors.Is(err, parquet.ErrRowGroupSchemaMismatch); mismatch || out.err != nil {
			return nil
		}
		return err
	})
	if err == nil {
		err = out.err
	}
	if !mismatch || err != nil {
		return err
	}
	return rewriteGroup(pw, src, group)
}

// rewriteGroup goes through rows: the file's schema is an older one.
func rewriteGroup[T any](pw *parquet.GenericWriter[T], src *File, group int) error {
	err := ReadRows(context.Background(), src, []int{group}, func(rows []T) error {
		_, err := pw.Write(rows)
		return err
	})
	if err != nil {
		return err
	}
	return pw.Flush()
}

// loadIndexes checks the page indexes of a group before parquet-go copies them.
func (f *File) loadIndexes(group int) {
	for i, c := range f.pf.RowGroups()[group].ColumnChunks() {
		chunk := c.(*parquet.FileColumnChunk)
		f.offsetIndex(chunk, i)
		f.columnIndex(chunk, i)
	}
}
