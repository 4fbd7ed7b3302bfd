package parquetio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
)

// countingReader counts the bytes that are read.
type countingReader struct {
	r io.ReaderAt
	n atomic.Int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// signatures are rows of text.bands as signature files hold them: 7 apart, with
// signatures that fill many pages.
func signatures(n int) []datasets.Band {
	rng := rand.New(rand.NewPCG(5, 6))
	rows := make([]datasets.Band, n)
	for i := range rows {
		sig := make([]byte, 448)
		for j := range sig {
			sig[j] = byte(rng.Uint32())
		}
		rows[i] = datasets.Band{Band: datasets.BandSignature, Key: int64(i * 7), RowID: int64(i * 7), Signature: &sig}
	}
	return rows
}

func TestRangeAndLookup(t *testing.T) {
	rows := signatures(20000)
	data, _ := writeFile(t, rows, WriterOptions{RowGroupBytes: 3 << 20})
	counter := &countingReader{r: bytes.NewReader(data)}
	f, err := Open(counter, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	ctx := context.Background()
	for range 50 {
		lo := rng.Int64N(20000 * 7)
		hi := lo + rng.Int64N(3000)
		got, starts := collect(t, f.Range(ctx, "key", lo, hi, "key", "signature"), -1)
		checkFound(t, rows, got, starts, func(key int64) bool { return lo <= key && key <= hi })

		keys := []int64{rng.Int64N(20000 * 7), rng.Int64N(20000 * 7), -5, 1 << 60}
		slices.Sort(keys)
		got, starts = collect(t, f.Lookup(ctx, "key", keys, "key", "signature"), -1)
		checkFound(t, rows, got, starts, func(key int64) bool { return slices.Contains(keys, key) })
	}
}

// checkFound makes sure that every wanted row is there, and that whatever is
// there is a row of the file.
func checkFound(t *testing.T, rows []datasets.Band, got map[string][]any, starts []int64, wanted func(int64) bool) {
	t.Helper()
	if !slices.IsSorted(starts) {
		t.Errorf("batches start at rows %v", starts)
	}
	found := make(map[int64]bool)
	for i, key := range got["key"] {
		key := key.(int64)
		if sig := *rows[key/7].Signature; string(sig) != got["signature"][i] {
			t.Fatalf("key %d came with the signature of another row", key)
		}
		found[key] = true
	}
	for i := range rows {
		if wanted(rows[i].Key) && !found[rows[i].Key] {
			t.Fatalf("key %d was not found", rows[i].Key)
		}
	}
}

// A look-up reads pages, not the file. Keys are one page a row group here, so
// the row group is the unit: a page of keys and those pages of signatures.
func TestLookupReadsLittle(t *testing.T) {
	rows := signatures(40000)
	data, _ := writeFile(t, rows, WriterOptions{RowGroupBytes: 2 << 20})
	counter := &countingReader{r: bytes.NewReader(data)}
	f, err := Open(counter, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	before := counter.n.Load()
	got, _ := collect(t, f.Lookup(context.Background(), "key", []int64{7 * 20000}, "key", "signature"), -1)
	if n := len(got["key"]); n == 0 || n > 10000 {
		t.Errorf("%d rows for one key of 40000", n)
	}
	if n := counter.n.Load() - before; n > int64(len(data))/4 {
		t.Errorf("read %d bytes of %d for one key", n, len(data))
	}
	got, _ = collect(t, f.Range(context.Background(), "key", 1<<40, 1<<41, "key"), -1)
	if len(got) != 0 {
		t.Errorf("%d rows beyond the last key", len(got["key"]))
	}
}

// Pages are skipped inside a row group too, whatever the column's type. The file
// by pyarrow has pages of 16 rows and a page index.
func TestRangeSkipsPages(t *testing.T) {
	want := foreignRows()
	f := openPath(t, "testdata/plain_v1_gzip.parquet")
	for lo := int64(0); lo < 2100; lo += 101 {
		got, _ := collect(t, f.Range(context.Background(), "id", lo, lo+50, foreignColumns...), -1)
		n := len(got["id"])
		if n == 0 || n > 150 {
			t.Fatalf("%d rows for keys %d to %d", n, lo, lo+50)
		}
		first := int(got["id"][0].(int64) / 7)
		for _, col := range foreignColumns {
			if diff := cmp.Diff(want[col][first:first+n], got[col]); diff != "" {
				t.Fatalf("keys %d to %d: column %s differs:\n%s", lo, lo+50, col, diff)
			}
		}
	}
}

func TestPack(t *testing.T) {
	rows := documents(3000)
	var sources []*File
	for part := range slices.Chunk(rows, 1000) {
		data, _ := writeFile(t, part, WriterOptions{RowGroupBytes: 1 << 20})
		sources = append(sources, openFile(t, data))
	}
	var buf bytes.Buffer
	info, err := Pack[datasets.Document](&buf, sources, WriterOptions{Metadata: map[string]string{"packed": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	f := openFile(t, buf.Bytes())
	if diff := cmp.Diff(rows, readRowsOf[datasets.Document](t, f, nil)); diff != "" {
		t.Fatalf("rows differ:\n%.2000s", diff)
	}
	groups := 0
	for _, s := range sources {
		groups += s.RowGroups()
		for g := range s.RowGroups() {
			chunk := s.pf.Metadata().RowGroups[g].Columns[5].MetaData
			page := make([]byte, chunk.TotalCompressedSize)
			if _, err := s.source.ReadAt(page, chunk.DataPageOffset); err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(buf.Bytes(), page) {
				t.Fatal("pages of text were not copied as they are")
			}
		}
	}
	if f.RowGroups() != groups || info.Rows != 3000 || info.Bytes != int64(buf.Len()) || f.Metadata("packed") != "yes" {
		t.Errorf("%d row groups, %+v; want %d", f.RowGroups(), info, groups)
	}
	_, whole := writeFile(t, rows, WriterOptions{})
	for id, b := range whole.Columns {
		got := info.Columns[id]
		b.Bytes, got.Bytes = 0, 0
		if diff := cmp.Diff(b, got); diff != "" {
			t.Errorf("bounds of field %d differ:\n%s", id, diff)
		}
	}
}

// TestPackCopiesUncompressedColumns packs the index, whose keys are written
// without compression: its pages come over as they are, signatures included.
func TestPackCopiesUncompressedColumns(t *testing.T) {
	rows := make([]datasets.Band, 2000)
	for i := range rows {
		signature := make([]byte, 448)
		for j := range signature {
			signature[j] = byte(i * (j + 7) >> 3)
		}
		rows[i] = datasets.Band{Band: datasets.BandSignature, Key: int64(i) * 977, RowID: int64(i) * 977, Signature: &signature}
	}
	data, _ := writeFile(t, rows, WriterOptions{})
	f := openFile(t, data)
	if !f.copyable(0, SchemaOf[datasets.Band]()) {
		t.Error("a row group of our own writer is not copied")
	}
	var buf bytes.Buffer
	if _, err := Pack[datasets.Band](&buf, []*File{f, f}, WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(rows, rows...), readRowsOf[datasets.Band](t, openFile(t, buf.Bytes()), nil)); diff != "" {
		t.Fatalf("rows differ:\n%.2000s", diff)
	}
}

// A file of an older schema is written anew: missing columns are null or zero.
func TestPackOlderSchema(t *testing.T) {
	type older struct {
		RowID  int64  `parquet:"row_id,id(1)"`
		Reason string `parquet:"reason,id(3)"`
	}
	data, _ := writeFile(t, []older{{1, "x"}, {2, "y"}}, WriterOptions{})
	var buf bytes.Buffer
	if _, err := Pack[datasets.Tombstone](&buf, []*File{openFile(t, data)}, WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	want := []datasets.Tombstone{{RowID: 1, Reason: "x"}, {RowID: 2, Reason: "y"}}
	if diff := cmp.Diff(want, readRowsOf[datasets.Tombstone](t, openFile(t, buf.Bytes()), nil)); diff != "" {
		t.Error(diff)
	}
}

// A file without a digest is the same file.
func TestNoDigest(t *testing.T) {
	rows := documents(100)
	plain, info := writeFile(t, rows, WriterOptions{})
	bare, none := writeFile(t, rows, WriterOptions{NoDigest: true})
	sum := sha256.Sum256(plain)
	if !bytes.Equal(plain, bare) || none.SHA256 != "" || info.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("digests %q and %q, want %x and none, of equal files", info.SHA256, none.SHA256, sum)
	}
}
