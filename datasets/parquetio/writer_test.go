package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/chimera-1/chimera/datasets"
)

// documents makes rows with every kind of field, nulls at every depth, and
// texts of up to 6 KB.
func documents(n int) []datasets.Document {
	rows := make([]datasets.Document, n)
	for i := range rows {
		text := fmt.Sprintf("text %d %s", i, strings.Repeat("lorem né ", i%600))
		frac := float64(i) / 8
		rows[i] = datasets.Document{
			RowID: datasets.MakeRowID(3, int64(i)), DocID: fmt.Sprintf("doc-%d", i*i), Source: "forum",
			OriginFile: "raw/a.jsonl", OriginRow: int64(i + 1), Text: &text, TextBytes: int64(len(text)),
			ContentHash: [16]byte{byte(i), byte(i >> 8)}, Signals: &datasets.Signals{}, Generation: 3, RunID: "run",
			IngestedAt: time.Date(2026, 11, 20, 1, 2, 3, 4000, time.UTC),
		}
		rows[i].Signals.GopherRepetition.Chars = int64(i)
		rows[i].Signals.C4Quality.LoremIpsum = i%3 == 0
		if i%5 == 0 {
			rows[i].Signals.GopherRepetition.DupParaFrac = &frac
			rows[i].Signals.FineWebAfterC4 = &datasets.FineWebAfterC4{Lines: int64(i)}
		}
		if i%7 == 3 {
			rows[i].Text, rows[i].Signals = nil, nil
		}
	}
	return rows
}

func writeFile[T any](t testing.TB, rows []T, opt WriterOptions) ([]byte, Info) {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter[T](&buf, opt)
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), info
}

func readRowsOf[T any](t testing.TB, f *File, groups []int) []T {
	t.Helper()
	var rows []T
	err := ReadRows(context.Background(), f, groups, func(block []T) error {
		rows = append(rows, block...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRoundTrip(t *testing.T) {
	want := documents(5000)
	data, info := writeFile(t, want, WriterOptions{RowGroupBytes: 2 << 20, Metadata: map[string]string{"seed": "7", "job": "test"}})
	f := openFile(t, data)
	if diff := cmp.Diff(want, readRowsOf[datasets.Document](t, f, nil)); diff != "" {
		t.Fatalf("rows differ (-want +got):\n%.2000s", diff)
	}
	if info.Rows != 5000 || info.Bytes != int64(len(data)) || f.Rows() != 5000 {
		t.Errorf("%d rows of %d bytes, want 5000 of %d", info.Rows, info.Bytes, len(data))
	}
	if f.Metadata("seed") != "7" || f.Metadata("job") != "test" || f.Metadata("none") != "" {
		t.Error("metadata is not what was given")
	}
	if f.RowGroups() != len(info.Splits) || f.RowGroups() < 5 {
		t.Errorf("%d row groups at %v", f.RowGroups(), info.Splits)
	}
	second := readRowsOf[datasets.Document](t, f, []int{1})
	if diff := cmp.Diff(want[f.RowGroupRows(0):][:f.RowGroupRows(1)], second); diff != "" {
		t.Errorf("row group 1 differs:\n%.2000s", diff)
	}
	if n := f.RowGroupBytes(0, "text"); n < 1<<20 || n > 3<<20 {
		t.Errorf("row group 0 has %d bytes of text, want about 2 MiB less signals", n)
	}
}

// Rows through Arrow are the rows through structs.
func TestBatchesAgreeWithRows(t *testing.T) {
	rows := documents(3000)
	data, _ := writeFile(t, rows, WriterOptions{RowGroupBytes: 2 << 20})
	f := openFile(t, data)
	want := make(map[string][]any)
	for i := range rows {
		r := &rows[i]
		add := func(col string, ok bool, v func() any) {
			if !ok {
				want[col] = append(want[col], nil)
				return
			}
			want[col] = append(want[col], v())
		}
		add("row_id", true, func() any { return r.RowID })
		add("source", true, func() any { return r.Source })
		add("text", r.Text != nil, func() any { return *r.Text })
		add("content_hash", true, func() any { return string(r.ContentHash[:]) })
		add("generation", true, func() any { return r.Generation })
		add("ingested_at", true, func() any { return r.IngestedAt.UnixMicro() })
		has := r.Signals != nil
		add("signals.gopher_repetition.chars", has, func() any { return r.Signals.GopherRepetition.Chars })
		add("signals.c4_quality.lorem_ipsum", has, func() any { return r.Signals.C4Quality.LoremIpsum })
		add("signals.gopher_repetition.dup_para_frac", has && r.Signals.GopherRepetition.DupParaFrac != nil,
			func() any { return *r.Signals.GopherRepetition.DupParaFrac })
		add("signals.fineweb_after_c4.lines", has && r.Signals.FineWebAfterC4 != nil,
			func() any { return r.Signals.FineWebAfterC4.Lines })
	}
	var cols []string
	for col := range want {
		cols = append(cols, col)
	}
	got, _ := collect(t, f.Batches(context.Background(), nil, cols...), 0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns differ (-want +got):\n%.2000s", diff)
	}
}

// Nothing in a file depends on chance.
func TestDeterministic(t *testing.T) {
	rows := documents(2000)
	opt := WriterOptions{RowGroupBytes: 1 << 20, Metadata: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"}}
	first, a := writeFile(t, rows, opt)
	second, b := writeFile(t, rows, opt)
	if !bytes.Equal(first, second) || a.SHA256 != b.SHA256 {
		t.Error("two files of the same rows differ")
	}
}

func TestEmptyFile(t *testing.T) {
	data, info := writeFile[datasets.Tombstone](t, nil, WriterOptions{})
	f := openFile(t, data)
	if rows := readRowsOf[datasets.Tombstone](t, f, nil); len(rows) != 0 || info.Rows != 0 || f.Rows() != 0 {
		t.Errorf("%d rows in an empty file", len(rows))
	}
	got, _ := collect(t, f.Batches(context.Background(), nil, "row_id"), 0)
	if len(got) != 0 {
		t.Errorf("batches of an empty file: %v", got)
	}
}

// The physical layout: field ids everywhere, encodings as chosen, pages of
// about 1 MiB with checksums, no bounds on text.
func TestLayout(t *testing.T) {
	data, info := writeFile(t, documents(5000), WriterOptions{})
	f := openFile(t, data)
	meta := f.pf.Metadata()
	ids := make(map[int32]string)
	for _, e := range meta.Schema[1:] {
		if other, dup := ids[e.FieldID]; e.FieldID == 0 || dup {
			t.Errorf("column %s has field id %d, as %q has", e.Name, e.FieldID, other)
		}
		ids[e.FieldID] = e.Name
	}
	if ids[1] != "row_id" || ids[9] != "signals" || ids[100] != "gopher_repetition" || ids[101] != "chars" || ids[611] != "list_ratio" {
		t.Errorf("field ids are %v", ids)
	}
	for path, want := range map[string]format.Encoding{
		"text": format.Plain, "doc_id": format.Plain, "content_hash": format.Plain, "source": format.RLEDictionary,
		"origin_file": format.RLEDictionary, "run_id": format.RLEDictionary, "row_id": format.DeltaBinaryPacked,
		"generation": format.DeltaBinaryPacked, "signals.gopher_repetition.dup_para_frac": format.Plain,
	} {
		c := &meta.RowGroups[0].Columns[f.leaves[path].index].MetaData
		var got []format.Encoding
		for _, s := range c.EncodingStats {
			if s.PageType != format.DictionaryPage {
				got = append(got, s.Encoding)
			}
		}
		if len(got) != 1 || got[0] != want || c.Codec != format.Zstd {
			t.Errorf("column %s is %v, %v; want %v, ZSTD", path, got, c.Codec, want)
		}
	}
	if b := info.Columns[6]; b.Lower != nil || b.Upper != nil || b.Nulls != 714 || b.Values != 5000 || b.Bytes == 0 {
		t.Errorf("bounds of text are %+v, want none, 714 nulls of 5000", b)
	}
	checkPages(t, f, "text")
}

func checkPages(t *testing.T, f *File, col string) {
	t.Helper()
	chunk := f.pf.RowGroups()[0].ColumnChunks()[f.leaves[col].index].(*parquet.FileColumnChunk)
	pages := chunk.Pages()
	defer pages.Close()
	for left := chunk.NumValues(); left > 0; {
		p, err := pages.ReadPage()
		if err != nil {
			t.Fatal(err)
		}
		left -= p.NumValues()
		if size := p.Size(); size > pageBytes+blockBytes+16<<10 || size < pageBytes-blockBytes && left > 0 {
			t.Errorf("page of %d bytes of %s, want about %d", size, col, pageBytes)
		}
		parquet.Release(p)
	}
	index, ok := f.columnIndex(chunk, f.leaves[col].index)
	if !ok {
		t.Fatalf("no column index of %s", col)
	}
	if min := index.MinValue(0); len(min.ByteArray()) != 0 {
		t.Errorf("page bound of %s is %q, want none", col, min.ByteArray())
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("z", 15) + "é" + "tail"
	two := "two"
	rows := []datasets.Decision{
		{RowID: 9, DecidedIn: -1, Decision: "keep", Stage: "b"},
		{RowID: -4, DecidedIn: 7, Decision: "drop", Stage: long, DuplicateOfID: &two},
	}
	_, info := writeFile(t, rows, WriterOptions{})
	int64LE := func(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }
	want := map[int]Bounds{
		1: {Lower: int64LE(-4), Upper: int64LE(9), Values: 2},
		2: {Lower: []byte{0xFF, 0xFF, 0xFF, 0xFF}, Upper: []byte{7, 0, 0, 0}, Values: 2},
		3: {Lower: []byte("drop"), Upper: []byte("keep"), Values: 2},
		4: {Lower: []byte("b"), Upper: []byte(strings.Repeat("z", 15) + "ê"), Values: 2},
		5: {Lower: []byte{}, Upper: []byte{}, Values: 2},
		6: {Nulls: 2, Values: 2},
		7: {Lower: []byte("two"), Upper: []byte("two"), Nulls: 1, Values: 2},
	}
	for id, w := range want {
		got := info.Columns[id]
		if got.Bytes <= 0 {
			t.Errorf("field %d has %d bytes", id, got.Bytes)
		}
		got.Bytes = 0
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("field %d (-want +got):\n%s", id, diff)
		}
	}
}

// Iceberg, Appendix D, and its truncation of bounds: a lower bound may be cut,
// an upper bound that is cut must be raised, and none is better than a wrong one.
func TestTruncateBounds(t *testing.T) {
	a16, top := strings.Repeat("a", 16), string(rune(0x10FFFF))
	for _, c := range []struct{ value, lower, upper string }{
		{"", "", ""},
		{a16, a16, a16},
		{a16 + "b", a16, a16[:15] + "b"},
		{a16[:15] + top + "x", a16[:15] + top, a16[:14] + "b"},
		{a16[:15] + "\uD7FFx", a16[:15] + "\uD7FF", a16[:15] + "\uE000"},
		{strings.Repeat(top, 17), strings.Repeat(top, 16), "<nil>"},
		{strings.Repeat("é", 17), strings.Repeat("é", 16), strings.Repeat("é", 15) + "ê"},
	} {
		lower, upper := string(truncateText([]byte(c.value))), "<nil>"
		if u := roundUpText([]byte(c.value)); u != nil {
			upper = string(u)
		}
		if lower != c.lower || upper != c.upper {
			t.Errorf("bounds of %q are %q and %q, want %q and %q", c.value, lower, upper, c.lower, c.upper)
		}
	}
	ff := strings.Repeat("\xFF", 16)
	for _, c := range []struct{ value, upper string }{
		{"ab", "ab"}, {ff + "x", "<nil>"}, {"a" + ff, "b"}, {"0123456789abcdefg", "0123456789abcdeg"},
	} {
		upper := "<nil>"
		if u := roundUpBytes([]byte(c.value)); u != nil {
			upper = string(u)
		}
		if upper != c.upper {
			t.Errorf("upper bound of %q is %q, want %q", c.value, upper, c.upper)
		}
	}
}

// Iceberg leaves NaN out of bounds.
func TestNaNIsNoBound(t *testing.T) {
	nan := float32(math.NaN())
	one := float32(1)
	_, info := writeFile(t, []datasets.Decision{{Similarity: &nan}, {Similarity: &one}}, WriterOptions{})
	for _, bound := range [][]byte{info.Columns[8].Lower, info.Columns[8].Upper} {
		if bound != nil && !bytes.Equal(bound, []byte{0, 0, 0x80, 0x3F}) {
			t.Errorf("bound is %v, want none, or 1.0", bound)
		}
	}
}

// A disk that is full is an error of the disk, at every byte.
func TestFullDisk(t *testing.T) {
	rows := documents(300)
	data, _ := writeFile(t, rows, WriterOptions{RowGroupBytes: 256 << 10})
	for room := 0; room < len(data); room += len(data)/50 + 1 {
		w := NewWriter[datasets.Document](&fullDisk{room: room}, WriterOptions{RowGroupBytes: 256 << 10})
		err := w.Write(rows)
		if _, closing := w.Close(); err == nil {
			err = closing
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with room for %d bytes: error %v, want ENOSPC", room, err)
		}
	}
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(d.room, len(p))
	d.room -= n
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}
