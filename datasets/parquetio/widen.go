package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/chimera-1/chimera/datasets/zstdblock"
)

// widen returns the file with those columns of T that it lacks, all null: the
// file's own bytes, and behind them a page of nulls a column and row group and
// another footer. It costs nothing by the row, while writing nulls row by row
// takes as long as writing numbers. A file that lacks no columns, or others than
// columns that may be null, is returned as it is.
func widen(src *File, tmpl *nulls) (*File, error) {
	w := widener{src: src, tmpl: tmpl, meta: *src.pf.Metadata()}
	if !w.match() {
		return src, nil
	}
	place := func() string { return "footer" }
	if err := src.source.guard(context.Background(), place, w.build); err != nil {
		return nil, err
	}
	return Open(&w, w.base+int64(len(w.tail)))
}

// nulls is a file of one row all of whose columns are null that may be.
type nulls struct {
	file  *File
	index map[string]int // of leaf columns by dotted path
}

func nullsOf[T any]() (*nulls, error) {
	var b bytes.Buffer
	w := NewWriter[T](&b, WriterOptions{NoDigest: true})
	if err := w.Write(make([]T, 1)); err != nil {
		return nil, err
	}
	if _, err := w.Close(); err != nil {
		return nil, err
	}
	f, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return nil, err
	}
	n := &nulls{file: f, index: map[string]int{}}
	for i, path := range f.Schema().Columns() {
		n.index[dotted(path)] = i
	}
	return n, nil
}

// isNull reports whether a column's one value is null.
func (n *nulls) isNull(column int) bool {
	chunk := n.file.pf.RowGroups()[0].ColumnChunks()[column].(*parquet.FileColumnChunk)
	index, ok := n.file.columnIndex(chunk, column)
	return ok && index.NumPages() == 1 && index.NullPage(0) && n.file.pf.Metadata().RowGroups[0].Columns[column].MetaData.DictionaryPageOffset == 0
}

// widener is the wide file as it is put together: an io.ReaderAt.
type widener struct {
	src     *File
	tmpl    *nulls
	meta    format.FileMetaData
	columns []int // by column of the wide file: the source's, or -1
	base    int64 // size of the source
	tail    []byte
}

// match finds which columns are missing, and reports whether there are any and
// none but what can be added.
func (w *widener) match() bool {
	wide, have := w.tmpl.file.Schema(), w.src.Schema().Columns()
	for i, path := range wide.Columns() {
		if len(have) > 0 && dotted(have[0]) == dotted(path) {
			w.columns = append(w.columns, len(w.src.Schema().Columns())-len(have))
			have = have[1:]
			continue
		}
		if !w.tmpl.isNull(i) {
			return false
		}
		w.columns = append(w.columns, -1)
	}
	return len(have) == 0 && len(w.src.Schema().Columns()) < len(w.columns)
}

// build appends pages and page indexes of the missing columns, and the footer.
func (w *widener) build() error {
	w.base = w.src.size
	tmpl := w.tmpl.file.pf.Metadata()
	w.meta.Schema, w.meta.ColumnOrders = tmpl.Schema, tmpl.ColumnOrders
	groups := make([]format.RowGroup, len(w.meta.RowGroups))
	for g := range groups {
		groups[g] = w.meta.RowGroups[g]
		groups[g].Columns = make([]format.ColumnChunk, len(w.columns))
		for i, from := range w.columns {
			if from >= 0 {
				groups[g].Columns[i] = w.meta.RowGroups[g].Columns[from]
				continue
			}
			if err := w.appendNulls(i, w.meta.RowGroups[g].NumRows, &groups[g].Columns[i]); err != nil {
				return fmt.Errorf("nulls of column %d: %w", i, err)
			}
		}
	}
	w.meta.RowGroups = groups
	n, err := w.appendThrift(&w.meta)
	w.tail = binary.LittleEndian.AppendUint32(w.tail, uint32(n))
	w.tail = append(w.tail, "PAR1"...)
	return err
}

// appendNulls makes a chunk of n nulls out of the template's chunk of one.
func (w *widener) appendNulls(column int, n int64, chunk *format.ColumnChunk) error {
	file := w.tmpl.file
	*chunk = file.pf.Metadata().RowGroups[0].Columns[column]
	meta := &chunk.MetaData
	meta.NumValues = n
	meta.Statistics.NullCount = n
	meta.SizeStatistics.DefinitionLevelHistogram = scaled(meta.SizeStatistics.DefinitionLevelHistogram, n)
	meta.SizeStatistics.RepetitionLevelHistogram = scaled(meta.SizeStatistics.RepetitionLevelHistogram, n)
	meta.DataPageOffset = w.end()
	raw, err := w.appendPage(newPageReader(file, 0, column), n)
	if err != nil {
		return err
	}
	meta.TotalUncompressedSize, meta.TotalCompressedSize = raw, w.end()-meta.DataPageOffset

	source := file.pf.RowGroups()[0].ColumnChunks()[column].(*parquet.FileColumnChunk)
	index, err := source.ColumnIndex()
	if err != nil {
		return err
	}
	ci := format.ColumnIndex{NullPages: []bool{true}, MinValues: [][]byte{{}}, MaxValues: [][]byte{{}}, NullCounts: []int64{n}}
	ci.BoundaryOrder = boundaryOrder(index)
	ci.DefinitionLevelHistogram = meta.SizeStatistics.DefinitionLevelHistogram // of the only page
	ci.RepetitionLevelHistogram = meta.SizeStatistics.RepetitionLevelHistogram
	chunk.ColumnIndexOffset = w.end()
	if chunk.ColumnIndexLength, err = w.appendThrift(&ci); err != nil {
		return err
	}
	chunk.OffsetIndexOffset = w.end()
	chunk.OffsetIndexLength, err = w.appendThrift(&format.OffsetIndex{
		PageLocations: []format.PageLocation{{Offset: meta.DataPageOffset, CompressedPageSize: int32(meta.TotalCompressedSize)}},
	})
	return err
}

func boundaryOrder(index parquet.ColumnIndex) format.BoundaryOrder {
	switch {
	case index.IsAscending():
		return format.Ascending
	case index.IsDescending():
		return format.Descending
	}
	return format.Unordered
}

// scaled is a histogram of n rows like the one row of h.
func scaled(h []int64, n int64) []int64 {
	var out []int64
	for _, v := range h {
		out = append(out, v*n)
	}
	return out
}

// appendPage makes a page of n nulls out of the template's page of one, and
// returns its raw size, header included: of both only the run of levels differs.
func (w *widener) appendPage(tmpl *pageReader, n int64) (int64, error) {
	h, payload, err := tmpl.load()
	if err != nil {
		return 0, err
	}
	one, _, err := tmpl.unpackData(h, payload)
	if err != nil {
		return 0, err
	}
	values := one[4+binary.LittleEndian.Uint32(one):]
	levels := append(binary.AppendUvarint(nil, uint64(n)<<1), 0)
	raw := append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...)
	raw = append(raw, values...)
	packed := raw
	if tmpl.codec == format.Zstd {
		if packed, err = zstdblock.Encode(nil, raw); err != nil {
			return 0, err
		}
	}
	header := *h
	header.UncompressedPageSize, header.CompressedPageSize = int32(len(raw)), int32(len(packed))
	header.CRC = int32(crc32.ChecksumIEEE(packed))
	header.DataPageHeader.V.NumValues = int32(n)
	size, err := w.appendThrift(&header)
	w.tail = append(w.tail, packed...)
	return int64(size) + int64(len(raw)), err
}

func (w *widener) appendThrift(v any) (int32, error) {
	var proto thrift.CompactProtocol
	b, err := thrift.Marshal(&proto, v)
	w.tail = append(w.tail, b...)
	return int32(len(b)), err
}

// end is where the next byte goes.
func (w *widener) end() int64 { return w.base + int64(len(w.tail)) }

// ReadAt reads the source, and behind it what was appended.
func (w *widener) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < w.base {
		var err error
		n, err = w.src.source.ReadAt(p[:min(int64(len(p)), w.base-off)], off)
		if n < len(p) && off+int64(n) < w.base || n == len(p) {
			return n, err
		}
	}
	at := off + int64(n) - w.base
	if at > int64(len(w.tail)) {
		return n, io.EOF
	}
	k := copy(p[n:], w.tail[at:])
	if n += k; n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
