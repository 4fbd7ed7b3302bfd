package parquetio

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/chimera-1/chimera/datasets"
)

// pageLengths are how many rows the pages of a column of row group 0 have.
func pageLengths(t *testing.T, f *File, col string) []int64 {
	t.Helper()
	l := f.leaves[col]
	index, ok := f.offsetIndex(f.pf.RowGroups()[0].ColumnChunks()[l.index].(*parquet.FileColumnChunk), l.index)
	if !ok {
		t.Fatalf("no offset index of %s", col)
	}
	var rows []int64
	for i := range index.NumPages() {
		r := pageRows(index, i, f.RowGroupRows(0))
		rows = append(rows, r.to-r.from)
	}
	return rows
}

// Columns that are looked up have small pages, however the rows come to the
// writer: 8192 integers of 8 bytes, 145 signatures of 448 bytes and 4 for their
// length. Signatures are not compressed.
func TestSmallPages(t *testing.T) {
	rows := signatures(20000)
	for _, chunk := range []int{1, 97, 512, 20000} {
		var buf bytes.Buffer
		w := NewWriter[datasets.Band](&buf, WriterOptions{})
		for part := range slices.Chunk(rows, chunk) {
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f := openFile(t, buf.Bytes())
		for _, col := range []string{"row_id", "key"} {
			if diff := cmp.Diff([]int64{8192, 8192, 20000 - 2*8192}, pageLengths(t, f, col)); diff != "" {
				t.Errorf("rows in pages of %s, written %d at once:\n%s", col, chunk, diff)
			}
		}
		want := slices.Repeat([]int64{145}, 20000/145)
		if diff := cmp.Diff(append(want, 20000%145), pageLengths(t, f, "signature")); diff != "" {
			t.Errorf("rows in pages of signatures, written %d at once:\n%s", chunk, diff)
		}
		if c := f.pf.Metadata().RowGroups[0].Columns[f.leaves["signature"].index].MetaData.Codec; c != format.Uncompressed {
			t.Errorf("signatures are compressed with %v", c)
		}
		if !slices.EqualFunc(rows, readRowsOf[datasets.Band](t, f, nil), sameBand) {
			t.Fatal("rows differ")
		}
	}
}

func sameBand(a, b datasets.Band) bool {
	same := a.Signature != nil && b.Signature != nil && bytes.Equal(*a.Signature, *b.Signature)
	a.Signature, b.Signature = nil, nil
	return same && a == b
}

// A row group ends the pages of all columns.
func TestSmallPagesOfRowGroups(t *testing.T) {
	data, _ := writeFile(t, signatures(1000), WriterOptions{RowGroupBytes: 150 << 10})
	f := openFile(t, data)
	for g := range f.RowGroups() {
		if n := f.RowGroupRows(g); n > 600 {
			t.Errorf("row group of %d rows", n)
		}
	}
	n := f.RowGroupRows(0)
	if diff := cmp.Diff([]int64{145, 145, n - 290}, pageLengths(t, f, "signature")); diff != "" {
		t.Error(diff)
	}
	if got := len(readRowsOf[datasets.Band](t, f, nil)); got != 1000 {
		t.Errorf("%d rows, want 1000", got)
	}
}
