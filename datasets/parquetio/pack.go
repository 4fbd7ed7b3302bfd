package parquetio

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// Pack joins the rows of sources, files of rows of type T, in order. Row groups
// that were written as this package writes them are copied as they are, without
// being decompressed; others are written anew. Columns that a source lacks are
// null.
func Pack[T any](w io.Writer, sources []*File, opt WriterOptions) (Info, error) {
	out := NewWriter[T](w, opt)
	tmpl := sync.OnceValues(nullsOf[T])
	for i, src := range sources {
		src, err := complete(src, SchemaOf[T](), tmpl)
		if err != nil {
			return Info{}, fmt.Errorf("pack file %d: %w", i, err)
		}
		for g := range src.RowGroups() {
			if err := packGroup(out, src, g); err != nil {
				return Info{}, fmt.Errorf("pack file %d: %w", i, err)
			}
		}
	}
	return out.Close()
}

// complete is the file with all columns of a schema, if it can be had.
func complete(src *File, schema *parquet.Schema, tmpl func() (*nulls, error)) (*File, error) {
	if len(src.Schema().Columns()) >= len(schema.Columns()) {
		return src, nil
	}
	n, err := tmpl()
	if err != nil {
		return nil, err
	}
	return widen(src, n)
}

func packGroup[T any](w *Writer[T], src *File, group int) error {
	if src.RowGroupRows(group) == 0 {
		return nil
	}
	if !src.copyable(group, SchemaOf[T]()) {
		return rewriteGroup(w, src, group)
	}
	place := func() string { return fmt.Sprintf("row group %d", group) }
	err := src.source.guard(context.Background(), place, func() error {
		_, err := w.pw.WriteRowGroup(src.pf.RowGroups()[group])
		if w.out.err != nil {
			return nil // no fault of the source
		}
		return err
	})
	if w.out.err != nil {
		return w.out.err
	}
	return err
}

func rewriteGroup[T any](w *Writer[T], src *File, group int) error {
	if err := ReadRows(context.Background(), src, []int{group}, w.Write); err != nil {
		return err
	}
	return w.endGroup()
}

// copyable says whether a row group is what the writer of a schema would have
// written, down to the pages, and has page indexes that can be trusted.
func (f *File) copyable(group int, schema *parquet.Schema) bool {
	if !parquet.EqualNodes(f.Schema(), schema) {
		return false
	}
	for i, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		chunk := f.pf.RowGroups()[group].ColumnChunks()[i].(*parquet.FileColumnChunk)
		meta := &f.pf.Metadata().RowGroups[group].Columns[i]
		if meta.MetaData.Codec != codecCode(leaf.Node) || !encodedAs(meta.MetaData.EncodingStats, leaf.Node.Encoding()) {
			return false
		}
		_, offsets := f.offsetIndex(chunk, i)
		_, bounds := f.columnIndex(chunk, i)
		if !offsets || !bounds {
			return false
		}
	}
	return true
}

// codecCode is what the writer compresses a column with.
func codecCode(leaf parquet.Node) format.CompressionCodec {
	if c := leaf.Compression(); c != nil {
		return c.CompressionCodec()
	}
	return format.Zstd
}

// encodedAs checks that all pages have one encoding.
func encodedAs(stats []format.PageEncodingStats, want encoding.Encoding) bool {
	dictionary := false
	for _, s := range stats {
		switch {
		case s.PageType == format.DictionaryPage:
			dictionary = true
		case s.PageType != format.DataPage || s.Encoding != want.Encoding():
			return false
		}
	}
	return len(stats) > 0 && dictionary == (want.Encoding() == format.RLEDictionary)
}
