package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// rowsOf reads a file whole: its rows, its rejects and its end.
func rowsOf(t *testing.T, path string, opt Options) (rows []string, rejects int, end End) {
	t.Helper()
	in, err := List(context.Background(), []string{path}, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Unit{Input: in[0]}.Open(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, bad, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if bad != nil {
			rejects++
			continue
		}
		rows = append(rows, string(row.Text))
	}
	if end, err = r.Close(); err != nil {
		t.Fatal(err)
	}
	return rows, rejects, end
}

// TestUnchecked reads a whole and a cut zstd file both ways: a whole one gives
// the same rows, end and checksum, a cut one is called damaged.
func TestUnchecked(t *testing.T) {
	var lines, packed bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&lines, "{\"text\":\"row %d of a file that is compressed\"}\n", i)
	}
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(lines.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		size int
		cut  bool
	}{{"whole", packed.Len(), false}, {"cut", packed.Len() * 2 / 3, true}} {
		path := filepath.Join(t.TempDir(), c.name+".jsonl.zst")
		if err := os.WriteFile(path, packed.Bytes()[:c.size], 0o640); err != nil {
			t.Fatal(err)
		}
		rows, rejects, end := rowsOf(t, path, Options{Unchecked: true})
		checked, checkedRejects, checkedEnd := rowsOf(t, path, Options{})
		if end.Damaged != c.cut || checkedEnd.Damaged != c.cut {
			t.Errorf("%s: damaged = %t unchecked, %t checked, want %t", c.name, end.Damaged, checkedEnd.Damaged, c.cut)
		}
		if c.cut {
			continue
		}
		if len(rows) != 5000 || len(checked) != 5000 || rejects != 0 || checkedRejects != 0 {
			t.Errorf("%s: %d rows and %d rejects unchecked, %d and %d checked; want 5000 and 0", c.name, len(rows), rejects, len(checked), checkedRejects)
		}
		if end != checkedEnd {
			t.Errorf("%s: end %+v unchecked, %+v checked", c.name, end, checkedEnd)
		}
	}
}
