package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/chimera-1/chimera/datasets"
)

// read goes through all of a file in every way there is. It returns the error of
// the first way that fails.
func readEverything(data []byte) error {
	ctx := context.Background()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	var cols []string
	for path, l := range f.leaves {
		if l.unsupported == nil {
			cols = append(cols, path)
		}
	}
	streams := []*Batches{f.Batches(ctx, nil, cols...)}
	for _, key := range []string{"id", "row_id"} {
		streams = append(streams, f.Range(ctx, key, 100, 200, cols...), f.Lookup(ctx, key, []int64{7, 70}, cols...))
	}
	for _, b := range streams {
		if e := drain(b); e != nil && !errors.Is(e, ErrNoColumn) && err == nil {
			err = e
		}
	}
	_, e := Pack[datasets.Tombstone](io.Discard, []*File{f}, WriterOptions{})
	return errors.Join(err, e)
}

func drain(b *Batches) error {
	defer b.Close()
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rec.Release()
	}
}

// Whatever a file holds, reading it ends: with rows, or with ErrDamaged.
func TestDamagedFiles(t *testing.T) {
	files := map[string][]byte{}
	for _, path := range foreignFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = data
	}
	files["own"], _ = writeFile(t, []datasets.Tombstone{{RowID: 1, Generation: 2, Reason: "a"}, {RowID: 3, Generation: 4, Reason: "b"}}, WriterOptions{})
	rng := rand.New(rand.NewPCG(8, 9))
	for name, data := range files {
		for range 150 {
			hurt := bytes.Clone(data)
			for range 1 + rng.IntN(3) {
				hurt[rng.IntN(len(hurt))] ^= 1 << rng.IntN(8)
			}
			if rng.IntN(4) == 0 {
				hurt = hurt[:rng.IntN(len(hurt))]
			}
			if err := readEverything(hurt); err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: error is not ErrDamaged: %v", name, err)
			}
		}
	}
}

// Rows before the damage are read, and the error says where it is.
func TestRowsBeforeDamage(t *testing.T) {
	want := documents(5000)
	data, _ := writeFile(t, want, WriterOptions{RowGroupBytes: 4 << 20})
	f := openFile(t, data)
	if f.RowGroups() < 2 {
		t.Fatal("one row group")
	}
	text := f.pf.Metadata().RowGroups[1].Columns[f.leaves["text"].index].MetaData
	index, ok := f.offsetIndex(f.pf.RowGroups()[1].ColumnChunks()[f.leaves["text"].index].(*parquet.FileColumnChunk), f.leaves["text"].index)
	if !ok || index.NumPages() < 3 {
		t.Fatal("too few pages")
	}
	data[index.Offset(2)+200] ^= 4 // within the third page
	_ = text

	f = openFile(t, data)
	b := f.Batches(context.Background(), nil, "row_id", "text")
	defer b.Close()
	rows := int64(0)
	for {
		rec, err := b.Next()
		if err != nil {
			if !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "damaged parquet file: row group 1, column text: ") {
				t.Errorf("error %q does not name row group 1, column text", err)
			}
			break
		}
		rows += rec.NumRows()
		rec.Release()
	}
	if good := f.RowGroupRows(0) + index.FirstRowIndex(2); rows != good || b.Row() != good {
		t.Errorf("%d rows were read and %d is named as lost, want %d", rows, b.Row(), good)
	}
	if _, err := b.Next(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a second call says %v", err)
	}
}

// A failing disk is no damage.
func TestDiskError(t *testing.T) {
	data, _ := writeFile(t, documents(2000), WriterOptions{RowGroupBytes: 1 << 20})
	for _, healthy := range []int64{0, 3, 5, 8} {
		disk := &failingDisk{r: bytes.NewReader(data)}
		disk.left = healthy
		f, err := Open(disk, int64(len(data)))
		if err == nil {
			err = drain(f.Batches(context.Background(), nil, "text"))
		}
		if !errors.Is(err, syscall.EIO) || errors.Is(err, ErrDamaged) {
			t.Errorf("after %d reads: error %v, want EIO", healthy, err)
		}
	}
}

type failingDisk struct {
	r    io.ReaderAt
	left int64
}

func (d *failingDisk) ReadAt(p []byte, off int64) (int, error) {
	if d.left--; d.left < 0 {
		return 0, syscall.EIO
	}
	return d.r.ReadAt(p, off)
}

// Counts in metadata that ask for more memory than the file is large.
func TestHostileFooter(t *testing.T) {
	footer := func(b ...byte) []byte {
		data := append([]byte("PAR1"), b...)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(b)))
		return append(data, "PAR1"...)
	}
	// Field 4 of FileMetaData is the list of row groups: 2 billion structs.
	huge := footer(0x49, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00, 0x00)
	deep := footer(bytes.Repeat([]byte{0x1C}, 1000)...)
	for name, data := range map[string][]byte{
		"huge list": huge, "deep nesting": deep, "empty": nil, "magic only": []byte("PAR1PAR1"),
		"footer beyond file": []byte("PAR1\xFF\xFF\xFF\x7FPAR1"), "no magic": bytes.Repeat([]byte("x"), 100),
	} {
		if _, err := Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: error %v, want ErrDamaged", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint32(100), byte(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint32, flip byte) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= flip
		}
		if err := readEverything(data); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error is not ErrDamaged: %v", err)
		}
	})
}

// The walk accepts what parquet-go writes and what it reads.
func TestCheckThrift(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"empty struct", []byte{0}, true},
		{"cut", nil, false},
		{"i32 then stop", []byte{0x15, 0x02, 0}, true},
		{"binary longer than the rest", []byte{0x18, 0x05, 'a', 0}, false},
		{"list of 3 bytes", []byte{0x19, 0x33, 1, 2, 3, 0}, true},
		{"list of 3 in 2", []byte{0x19, 0x33, 1, 2}, false},
		{"map", []byte{0x1B, 0x01, 0x33, 1, 2, 0}, true},
		{"unknown type", []byte{0x1E, 0}, false},
	} {
		if got := checkThrift(c.b) == nil; got != c.ok {
			t.Errorf("%s: accepted is %v, want %v", c.name, got, c.ok)
		}
	}
}

// A small dictionary page can stand for more text than memory holds; batches
// stay small all the same.
func TestDictionaryDoesNotUnfold(t *testing.T) {
	type row struct {
		Source string `parquet:"source,id(1)"`
	}
	big := strings.Repeat("x", 900<<10)
	rows := make([]row, 2000) // 1.8 GB unfolded
	for i := range rows {
		rows[i].Source = big
	}
	data, _ := writeFile(t, rows, WriterOptions{RowGroupBytes: 1 << 40})
	if len(data) > 16<<20 {
		t.Fatalf("file of %d bytes is no dictionary", len(data))
	}
	b := openFile(t, data).Batches(context.Background(), nil, "source")
	defer b.Close()
	n := int64(0)
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if size := rec.Column(0).Data().Buffers()[2].Len(); size > gatherBytes+len(big) {
			t.Fatalf("batch of %d bytes", size)
		}
		n += rec.NumRows()
		rec.Release()
	}
	if diff := cmp.Diff(int64(2000), n); diff != "" {
		t.Error(diff)
	}
}
