package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets/parquetio"
)

// foreign is what ../parquetio/testdata/make_fixtures.py wrote.
func foreign(id, text func(i int) string) []string {
	var rows []string
	for i := range 300 {
		rows = append(rows, strings.TrimSpace(fmt.Sprintf("%d %s", i+1, text(i))))
		if !strings.HasPrefix(text(i), "reject") {
			rows[i] = fmt.Sprintf("%d %s %s", i+1, id(i), text(i))
		}
	}
	return rows
}

func number(i int) string { return fmt.Sprint(i * 7) }

func bodyText(i int) string {
	if i%11 == 3 {
		return `reject field "text" is null`
	}
	return fmt.Sprintf("%q", fmt.Sprintf("row %d %s", i, strings.Repeat("é", i%5)))
}

func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	paths, err := filepath.Glob("../parquetio/testdata/*.parquet")
	if err != nil || len(paths) != 7 {
		t.Fatalf("%d fixtures, %v; want 7", len(paths), err)
	}
	for _, path := range paths {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestForeignParquet(t *testing.T) {
	for name, data := range fixtures(t) {
		in := input(t, name, data)
		for _, target := range []int64{1, 20000, 1 << 40} {
			units, err := Plan(context.Background(), []Input{in}, target)
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, u := range units {
				rows = append(rows, readUnit(t, u, Options{}).rows...)
			}
			if diff := cmp.Diff(rows, readUnit(t, Unit{Input: in}, Options{}).rows); diff != "" {
				t.Errorf("%s: a unit of just an input differs:\n%.500s", name, diff)
			}
			if diff := cmp.Diff(foreign(number, bodyText), rows); diff != "" {
				t.Errorf("%s in %d units (-want +got):\n%.500s", name, len(units), diff)
			}
		}
	}
}

func TestParquetFields(t *testing.T) {
	data := fixtures(t)["plain_v1_gzip.parquet"]
	u := wholeUnit(t, input(t, "x.parquet", data))
	for _, c := range []struct {
		name   string
		fields FieldMap
		want   []string
	}{
		{"dotted", FieldMap{Text: "meta.text"}, foreign(number, func(i int) string {
			if i%13 == 5 {
				return `reject field "meta.text" is null`
			}
			return fmt.Sprintf("%q", fmt.Sprintf("meta %d", i%7))
		})},
		{"float id", FieldMap{ID: "ratio"}, foreign(func(i int) string { return fmt.Sprint(float64(i) / 4) }, bodyText)},
		{"fixed id", FieldMap{ID: "hash"}, foreign(func(i int) string { return strings.Repeat(fmt.Sprintf("%02x", i%256), 16) }, bodyText)},
		{"missing text", FieldMap{Text: "body"}, foreign(number, func(int) string { return `reject missing field "body"` })},
		{"text is a number", FieldMap{Text: "id"}, foreign(number, func(int) string { return `reject field "id" is int64` })},
		{"text is a list", FieldMap{Text: "tags.list.element"}, foreign(number, func(int) string { return `reject field "tags.list.element" is a list` })},
		{"id is a boolean", FieldMap{ID: "flag"}, foreign(number, func(int) string { return `reject field "flag" is bool` })},
	} {
		if diff := cmp.Diff(c.want, readUnit(t, u, Options{Fields: c.fields}).rows); diff != "" {
			t.Errorf("%s (-want +got):\n%.500s", c.name, diff)
		}
	}
	g := readUnit(t, u, Options{Fields: FieldMap{ID: "small", Source: "meta.text"}})
	if g.rows[0] != `1 0 "row 0 " meta 0` || g.rows[1] != `2  "row 1 é" meta 1` || g.rows[5] != `6  "row 5 "` {
		t.Errorf("with null ids and sources: %v", g.rows[:6])
	}
}

// A footer that is gone costs the file; a page costs the rest of its row group.
func TestDamagedParquet(t *testing.T) {
	data := fixtures(t)["plain_v2_none.parquet"] // 128 rows a group, checksums
	want := foreign(number, bodyText)
	check(t, "x.parquet", string(data[:len(data)-1]), Options{}, "1 reject corrupt parquet")
	check(t, "x.parquet", "PAR1 no parquet at all PAR1", Options{}, "1 reject corrupt parquet")

	at := bytes.Index(data, []byte("row 130 ")) // in the second row group's text
	if at < 0 {
		t.Fatal("fixture has no row 130")
	}
	hurt := bytes.Clone(data)
	hurt[at] ^= 1
	damaged := append(append(want[:128:128], "129 reject corrupt parquet"), want[256:]...)
	for _, target := range []int64{1, 1 << 40} {
		in := input(t, "x.parquet", hurt)
		units, err := Plan(context.Background(), []Input{in}, target)
		if err != nil {
			t.Fatal(err)
		}
		var rows, strict []string
		for _, u := range units {
			g := readUnit(t, u, Options{})
			rows = append(rows, g.rows...)
			strict = append(strict, readUnit(t, u, Options{RejectDamagedFile: true}).rows...)
		}
		if diff := cmp.Diff(damaged, rows); diff != "" {
			t.Errorf("%d units (-want +got):\n%.500s", len(units), diff)
		}
		if diff := cmp.Diff([]string{"1 reject corrupt parquet"}, strict); diff != "" {
			t.Errorf("%d units, whole file to be rejected:\n%s", len(units), diff)
		}
	}
}

func TestParquetTexts(t *testing.T) {
	type row struct {
		ID   string `parquet:"id"`
		Text []byte `parquet:"text"`
	}
	var buf bytes.Buffer
	w := parquetio.NewWriter[row](&buf, parquetio.WriterOptions{})
	rows := []row{{"a", []byte("ok")}, {"b", []byte("caf\xe9")}, {"c", []byte("x\x00")}, {"\xff", []byte("y")}, {"e", bytes.Repeat([]byte("z"), 101)}, {"", []byte("last")}}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, "x.parquet", buf.String(), Options{MaxRowBytes: 100}, `1 a "ok"`, "2 reject invalid UTF-8 3", "3 reject U+0000 1",
		"4 reject invalid UTF-8 0", "5 reject row too long 101/100", `6  "last"`)
}

// Text stays what it was until the next call, and the pages go back.
func TestParquetTextLives(t *testing.T) {
	u := wholeUnit(t, input(t, "x.parquet", fixtures(t)["dictionary_v1_snappy.parquet"]))
	r, err := u.Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		row, bad, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if bad == nil && !bytes.HasPrefix(row.Text, fmt.Appendf(nil, "row %d ", row.Number-1)) {
			t.Errorf("row %d has text %q", row.Number, row.Text)
		}
		n++
	}
	if end, err := r.Close(); err != nil || n != 300 || end.Rows != 300 || end.Lines != 300 {
		t.Errorf("%d rows, End %+v, %v", n, end, err)
	}
}
