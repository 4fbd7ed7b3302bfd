package parquetio

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/format"
)

type narrowRow struct {
	RowID int64   `parquet:"row_id,id(1)"`
	Text  *string `parquet:"text,id(2)"`
	Last  string  `parquet:"last,id(9)"`
}

type wideRow struct {
	RowID   int64      `parquet:"row_id,id(1)"`
	Text    *string    `parquet:"text,id(2)"`
	Figures *wideGroup `parquet:"figures,id(3)"`
	Name    *string    `parquet:"name,id(8)"`
	Last    string     `parquet:"last,id(9)"`
}

type wideGroup struct {
	Count  int64      `parquet:"count,id(4)"`
	Share  *float64   `parquet:"share,id(5)"`
	Deeper *wideInner `parquet:"deeper,id(6)"`
}

type wideInner struct {
	Flag bool `parquet:"flag,id(7)"`
}

// TestPackWidens packs files without some columns that may be null, and compares
// the file with one that was written with nulls: the rows, and all that the
// footer and the page indexes say, but for sizes and offsets.
func TestPackWidens(t *testing.T) {
	var narrow [2][]narrowRow
	var wide [2][]wideRow
	s := "some text"
	for i := range 5000 {
		n := narrowRow{RowID: int64(i), Last: "x"}
		if i%3 > 0 {
			n.Text = &s
		}
		k := i / 4000
		narrow[k] = append(narrow[k], n)
		wide[k] = append(wide[k], wideRow{RowID: n.RowID, Text: n.Text, Last: n.Last})
	}
	var opt WriterOptions
	got := packed[wideRow](t, reopen(t, narrow[0], opt), reopen(t, narrow[1], opt))
	want := packed[wideRow](t, reopen(t, wide[0], opt), reopen(t, wide[1], opt))
	if diff := cmp.Diff(rowsIn[wideRow](t, want), rowsIn[wideRow](t, got)); diff != "" {
		t.Errorf("rows (-written +widened):\n%.1000s", diff)
	}
	a, b := metadataOf(t, want, wideRow{}), metadataOf(t, got, wideRow{})
	if len(a.Groups) != 2 {
		t.Errorf("%d row groups", len(a.Groups))
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("metadata (-written +widened):\n%.3000s", diff)
	}
	if again := packed[wideRow](t, got); !bytes.Equal(content(t, again), content(t, packed[wideRow](t, got))) {
		t.Error("packing what was widened is not deterministic")
	}
	for g := range got.RowGroups() {
		if !got.copyable(g, SchemaOf[wideRow]()) {
			t.Errorf("row group %d would be written anew", g)
		}
	}
}

// TestPackDoesNotWiden has sources that lack a column which cannot be null, or
// have one too many: they are written anew, as ever.
func TestPackDoesNotWiden(t *testing.T) {
	type other struct {
		RowID int64 `parquet:"row_id,id(1)"`
	}
	f := packed[wideRow](t, reopen(t, []other{{3}}, WriterOptions{}))
	if diff := cmp.Diff([]wideRow{{RowID: 3}}, rowsIn[wideRow](t, f)); diff != "" {
		t.Errorf("a column is missing that cannot be null:\n%s", diff)
	}
	f = packed[other](t, reopen(t, []wideRow{{RowID: 4}}, WriterOptions{}))
	if diff := cmp.Diff([]other{{4}}, rowsIn[other](t, f)); diff != "" {
		t.Errorf("columns too many:\n%s", diff)
	}
}

func reopen[T any](t *testing.T, rows []T, opt WriterOptions) *File {
	t.Helper()
	b, _ := writeFile(t, rows, opt)
	return open(t, b)
}

func open(t *testing.T, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func packed[T any](t *testing.T, sources ...*File) *File {
	t.Helper()
	var b bytes.Buffer
	if _, err := Pack[T](&b, sources, WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	return open(t, b.Bytes())
}

func content(t *testing.T, f *File) []byte {
	t.Helper()
	b := make([]byte, f.size)
	if _, err := f.source.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func rowsIn[T any](t *testing.T, f *File) []T {
	t.Helper()
	var out []T
	err := ReadRows(context.Background(), f, nil, func(rows []T) error {
		out = append(out, rows...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// footprint is what a file says of itself, but for where things lie.
type footprint struct {
	Schema, Orders string
	Groups         [][]format.ColumnMetaData
	Indexes        []string
}

func metadataOf[T any](t *testing.T, f *File, _ T) footprint {
	t.Helper()
	meta := f.pf.Metadata()
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	out := footprint{Schema: text(meta.Schema), Orders: text(meta.ColumnOrders)}
	for _, g := range f.pf.RowGroups() {
		for _, c := range g.ColumnChunks() {
			index, err := c.ColumnIndex()
			if err != nil {
				t.Fatal(err)
			}
			for p := range index.NumPages() {
				out.Indexes = append(out.Indexes, text([]any{index.NullPage(p), index.NullCount(p), index.IsAscending(), index.IsDescending()}))
			}
		}
	}
	for _, g := range meta.RowGroups {
		var columns []format.ColumnMetaData
		for _, c := range g.Columns {
			m := c.MetaData
			m.DataPageOffset, m.DictionaryPageOffset, m.TotalCompressedSize, m.TotalUncompressedSize = 0, 0, 0, 0
			columns = append(columns, m)
		}
		out.Groups = append(out.Groups, columns)
	}
	return out
}
