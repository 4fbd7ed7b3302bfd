package parquetio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

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

// checkFound makes sure that every wanted row is there, and no other.
func checkFound(t *testing.T, rows []datasets.Band, got map[string][]any, starts []int64, wanted func(int64) bool) {
	t.Helper()
	if !slices.IsSorted(starts) {
		t.Errorf("batches start at rows %v", starts)
	}
	var keys, sigs []any
	for i := range rows {
		if wanted(rows[i].Key) {
			keys, sigs = append(keys, rows[i].Key), append(sigs, string(*rows[i].Signature))
		}
	}
	if diff := cmp.Diff(keys, got["key"]); diff != "" {
		t.Fatalf("keys differ (-want +got):\n%.2000s", diff)
	}
	if !slices.Equal(sigs, got["signature"]) {
		t.Fatal("keys came with the signatures of other rows")
	}
}

// A look-up reads pages, not the file: the footer aside, one page of keys and one
// of signatures, with what their headers take.
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
	if n := len(got["key"]); n != 1 {
		t.Errorf("%d rows for one key of 40000", n)
	}
	if n := counter.n.Load() - before; n > 3*smallPageBytes {
		t.Errorf("read %d bytes for one key, want about a page of keys and one of signatures", n)
	}
	got, _ = collect(t, f.Range(context.Background(), "key", 1<<40, 1<<41, "key"), -1)
	if len(got) != 0 {
		t.Errorf("%d rows beyond the last key", len(got["key"]))
	}
}

// Pages without wanted rows are not read: all but three of them are damaged here.
// Then one of the three is, which is found out, at the right place.
func TestSearchReadsOnlyPagesOfRows(t *testing.T) {
	rows := signatures(5000)
	data, _ := writeFile(t, rows, WriterOptions{})
	f := openFile(t, data)
	l := f.leaves["signature"]
	index, ok := f.offsetIndex(f.pf.RowGroups()[0].ColumnChunks()[l.index].(*parquet.FileColumnChunk), l.index)
	if !ok || index.NumPages() < 30 {
		t.Fatal("too few pages")
	}
	wanted := []int{3, 17, 18} // pages
	var keys []int64
	want := map[string][]any{}
	for p := range index.NumPages() {
		first := index.FirstRowIndex(p)
		if !slices.Contains(wanted, p) {
			data[index.Offset(p)+1000] ^= 1
			continue
		}
		for _, row := range []int64{first, first + 1, first + 70, index.FirstRowIndex(p+1) - 1} {
			keys = append(keys, rows[row].Key)
			want["signature"] = append(want["signature"], string(*rows[row].Signature))
		}
	}
	got, starts := collect(t, f.Lookup(context.Background(), "row_id", keys, "signature"), -1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signatures differ:\n%.2000s", diff)
	}
	if diff := cmp.Diff([]int64{index.FirstRowIndex(3), index.FirstRowIndex(17), index.FirstRowIndex(18)}, starts); diff != "" {
		t.Errorf("batches start elsewhere:\n%s", diff)
	}

	data[index.Offset(17)+1000] ^= 1
	b := openFile(t, data).Lookup(context.Background(), "row_id", keys[1:], "signature")
	rec, err := b.Next()
	if err != nil || b.Row() != index.FirstRowIndex(3)+1 || rec.NumRows() != 3 {
		t.Fatalf("first batch: row %d, %v", b.Row(), err)
	}
	rec.Release()
	_, err = b.Next()
	if !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "damaged parquet file: row group 0, column signature: ") || b.Row() != index.FirstRowIndex(17) {
		t.Errorf("row %d: %v; want damage of row group 0, column signature at row %d", b.Row(), err, index.FirstRowIndex(17))
	}
}

// A page of keys that is damaged costs its rows, and is named.
func TestSearchOfDamagedKeys(t *testing.T) {
	rows := signatures(30000)
	data, _ := writeFile(t, rows, WriterOptions{})
	f := openFile(t, data)
	l := f.leaves["row_id"]
	index, _ := f.offsetIndex(f.pf.RowGroups()[0].ColumnChunks()[l.index].(*parquet.FileColumnChunk), l.index)
	data[index.Offset(1)+100] ^= 1
	b := f.Range(context.Background(), "row_id", rows[8000].RowID, rows[9000].RowID, "row_id", "signature")
	defer b.Close()
	n := int64(0)
	for {
		rec, err := b.Next()
		if err != nil {
			if !strings.HasPrefix(err.Error(), "damaged parquet file: row group 0, column row_id: ") || b.Row() != 8192 || n != 192 {
				t.Errorf("after %d rows, row %d: %v; want damage of row_id at 8192 after 192", n, b.Row(), err)
			}
			return
		}
		n += rec.NumRows()
		rec.Release()
	}
}

// An index that promises other rows than a page has is damage: rows of other keys
// would come back.
func TestSearchWithLyingIndex(t *testing.T) {
	rows := signatures(5000)
	data, _ := writeFile(t, rows, WriterOptions{})
	f := openFile(t, data)
	l := f.leaves["signature"]
	index, _ := f.offsetIndex(f.pf.RowGroups()[0].ColumnChunks()[l.index].(*parquet.FileColumnChunk), l.index)
	c := newCursor(f, l, 0)
	defer c.close()
	c.asked, c.index = true, shifted{index}
	if err := c.seek(3000); err == nil || !strings.Contains(err.Error(), "the index has") {
		t.Errorf("error %v, want one that says what the index has", err)
	}
}

// shifted says of every page but the first that it begins ever more rows late.
type shifted struct{ parquet.OffsetIndex }

func (s shifted) FirstRowIndex(i int) int64 { return s.OffsetIndex.FirstRowIndex(i) + int64(i) }

// Pages are skipped inside a row group too, whatever the column's type. The file
// by pyarrow has pages of 16 rows and a page index.
func TestRangeSkipsPages(t *testing.T) {
	want := foreignRows()
	f := openPath(t, "testdata/plain_v1_gzip.parquet")
	for lo := int64(0); lo < 2100; lo += 101 {
		got, _ := collect(t, f.Range(context.Background(), "id", lo, lo+50, foreignColumns...), -1)
		first := int(lo+6) / 7 // keys are 7 apart
		n := min(300, int(lo+50)/7+1) - first
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

// A file of signatures as they were written before, compressed and in pages of a
// megabyte, is read all the same, and packed as it would be written now.
func TestOlderSignatures(t *testing.T) {
	type older struct {
		Band      int32   `parquet:"band,id(1)"`
		Key       int64   `parquet:"key,id(2),uncompressed"`
		Check     int64   `parquet:"check,id(3),uncompressed"`
		RowID     int64   `parquet:"row_id,id(4),uncompressed"`
		Signature *[]byte `parquet:"signature,id(5)"`
	}
	rows := signatures(9000)
	before := make([]older, len(rows))
	for i := range rows {
		before[i] = older(rows[i])
	}
	var old bytes.Buffer
	pw := parquet.NewGenericWriter[older](&old, SchemaOf[older](), parquet.Compression(&writeCodec{}), parquet.PageBufferSize(pageBytes), parquet.DataPageVersion(1))
	if _, err := pw.Write(before); err != nil {
		t.Fatal(err)
	}
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	f := openFile(t, old.Bytes())
	got, _ := collect(t, f.Lookup(context.Background(), "row_id", []int64{7, 700, 7 * 8999}, "key", "signature"), -1)
	if diff := cmp.Diff([]any{int64(7), int64(700), int64(7 * 8999)}, got["key"]); diff != "" || got["signature"][2] != string(*rows[8999].Signature) {
		t.Errorf("keys differ, or signatures:\n%s", diff)
	}
	var packed bytes.Buffer
	if _, err := Pack[datasets.Band](&packed, []*File{f}, WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	now, _ := writeFile(t, rows, WriterOptions{})
	if diff := cmp.Diff(pageLengths(t, openFile(t, now), "signature"), pageLengths(t, openFile(t, packed.Bytes()), "signature")); diff != "" {
		t.Errorf("pages are not cut as they are now:\n%.2000s", diff)
	}
	if !slices.EqualFunc(rows, readRowsOf[datasets.Band](t, openFile(t, packed.Bytes()), nil), sameBand) {
		t.Error("rows differ")
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
