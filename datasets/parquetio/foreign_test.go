package parquetio

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

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

// foreignRows is what testdata/make_fixtures.py wrote, column by column; nil is
// null.
func foreignRows() map[string][]any {
	rows := make(map[string][]any)
	add := func(col string, null bool, v any) {
		if null {
			v = nil
		}
		rows[col] = append(rows[col], v)
	}
	for i := range 300 {
		add("id", false, int64(i*7))
		add("text", i%11 == 3, fmt.Sprintf("row %d %s", i, strings.Repeat("é", i%5)))
		add("small", i%2 == 1, int32(i%3))
		add("ratio", false, float64(i)/4)
		add("flag", i%5 == 4, i%3 == 0)
		add("hash", false, string(bytes.Repeat([]byte{byte(i)}, 16)))
		add("meta.text", i%13 == 5, fmt.Sprintf("meta %d", i%7))
	}
	return rows
}

var foreignColumns = []string{"id", "text", "small", "ratio", "flag", "hash", "meta.text"}

func foreignFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(paths) != 7 {
		t.Fatalf("%d fixtures, %v; want 7", len(paths), err)
	}
	return paths
}

// openFile opens a file in memory with an allocator that must be empty at the
// end of the test, and no page may still be lent.
func openFile(t *testing.T, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	checked := memory.NewCheckedAllocator(&arrays)
	f.mem = checked
	t.Cleanup(func() {
		checked.AssertSize(t, 0)
		if n := f.pages.Load(); n != 0 {
			t.Errorf("%d page buffers are still lent", n)
		}
	})
	return f
}

func openPath(t *testing.T, path string) *File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return openFile(t, data)
}

// value is an array's value as a Go value; nil is null.
func value(t *testing.T, a arrow.Array, i int) any {
	t.Helper()
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Int64:
		return a.Value(i)
	case *array.Int32:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Float32:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.Binary:
		return string(a.Value(i))
	case *array.FixedSizeBinary:
		return string(a.Value(i))
	case *array.Timestamp:
		return int64(a.Value(i))
	default:
		t.Fatalf("unexpected array %T", a)
		return nil
	}
}

// collect reads a stream to its end, column by column. Unless first is negative
// the batches must lie one behind the other from that file row on.
func collect(t *testing.T, b *Batches, first int64) (map[string][]any, []int64) {
	t.Helper()
	defer b.Close()
	got, starts := make(map[string][]any), []int64(nil)
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			return got, starts
		}
		if err != nil {
			t.Fatal(err)
		}
		if first >= 0 && b.Row() != first {
			t.Fatalf("batch starts at row %d, want %d", b.Row(), first)
		}
		starts = append(starts, b.Row())
		if first >= 0 {
			first = b.Row() + rec.NumRows()
		}
		for c := range int(rec.NumCols()) {
			name := rec.ColumnName(c)
			for i := range int(rec.NumRows()) {
				got[name] = append(got[name], value(t, rec.Column(c), i))
			}
		}
		rec.Release()
	}
}

func TestForeignFiles(t *testing.T) {
	want := foreignRows()
	for _, path := range foreignFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := openPath(t, path)
			if f.Rows() != 300 {
				t.Errorf("%d rows, want 300", f.Rows())
			}
			got, _ := collect(t, f.Batches(context.Background(), nil, foreignColumns...), 0)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Each column alone, so that page bounds do not meet, and one row group.
func TestForeignColumnAlone(t *testing.T) {
	want := foreignRows()
	for _, path := range foreignFiles(t) {
		f := openPath(t, path)
		for _, col := range foreignColumns {
			got, _ := collect(t, f.Batches(context.Background(), nil, col), 0)
			if diff := cmp.Diff(want[col], got[col]); diff != "" {
				t.Errorf("%s: column %s differs:\n%s", path, col, diff)
			}
		}
		if f.RowGroups() == 3 {
			got, starts := collect(t, f.Batches(context.Background(), []int{1}, "id"), 128)
			if diff := cmp.Diff(want["id"][128:256], got["id"]); diff != "" || starts[0] != 128 {
				t.Errorf("%s: row group 1 differs:\n%s", path, diff)
			}
		}
	}
}

func TestRefusedColumns(t *testing.T) {
	f := openPath(t, "testdata/plain_v1_gzip.parquet")
	_, err := f.Batches(context.Background(), nil, "id", "title").Next()
	if !errors.Is(err, ErrNoColumn) || err.Error() != "column title: no such column" {
		t.Errorf("error %v, want ErrNoColumn for title", err)
	}
	_, err = f.Batches(context.Background(), nil, "tags.list.element").Next()
	if want := "column tags.list.element: is a list or map, not a flat column"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	_, err = f.Range(context.Background(), "ratio", 1, 2, "id").Next()
	if want := "column ratio: is float64, keys are int64"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// Without a column there are still rows.
func TestNoColumns(t *testing.T) {
	b := openPath(t, "testdata/plain_v1_gzip.parquet").Batches(context.Background(), nil)
	rows := int64(0)
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows += rec.NumRows()
		rec.Release()
	}
	if rows != 300 {
		t.Errorf("%d rows, want 300", rows)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	b := openPath(t, "testdata/plain_v1_gzip.parquet").Batches(ctx, nil, "id")
	rec, err := b.Next()
	if err != nil {
		t.Fatal(err)
	}
	rec.Release()
	cancel()
	if _, err := b.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
