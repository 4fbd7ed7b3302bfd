package parquetio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// foundRow has a column of every kind that is cut or copied in its own way.
type foundRow struct {
	Key    *int64   `parquet:"key"` // null: found by nothing
	RowID  int64    `parquet:"row_id,uncompressed,delta"`
	Text   *string  `parquet:"text"`
	Raw    string   `parquet:"raw,uncompressed"`
	Flag   bool     `parquet:"flag"`
	Maybe  *bool    `parquet:"maybe"`
	Ratio  *float64 `parquet:"ratio"`
	Hash   [16]byte `parquet:"hash"`
	Source string   `parquet:"source,dict"`
	Stage  *string  `parquet:"stage,dict"`
	Count  *int64   `parquet:"count,dict"`
}

var foundColumns = map[string]func(r *foundRow) any{
	"key":    func(r *foundRow) any { return deref(r.Key) },
	"row_id": func(r *foundRow) any { return r.RowID },
	"text":   func(r *foundRow) any { return deref(r.Text) },
	"raw":    func(r *foundRow) any { return r.Raw },
	"flag":   func(r *foundRow) any { return r.Flag },
	"maybe":  func(r *foundRow) any { return deref(r.Maybe) },
	"ratio":  func(r *foundRow) any { return deref(r.Ratio) },
	"hash":   func(r *foundRow) any { return string(r.Hash[:]) },
	"source": func(r *foundRow) any { return r.Source },
	"stage":  func(r *foundRow) any { return deref(r.Stage) },
	"count":  func(r *foundRow) any { return deref(r.Count) },
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// foundRows have ascending keys with gaps and repetitions.
func foundRows(rng *rand.Rand, n int) []foundRow {
	nulls, same := rng.IntN(3), rng.IntN(3)
	rare := func() bool { return nulls > 0 && rng.IntN(4*nulls) == 0 }
	rows, key := make([]foundRow, n), int64(rng.IntN(100)-50)
	for i := range rows {
		r := &rows[i]
		if same == 0 || rng.IntN(4) > same {
			key += int64(1 + rng.IntN(5))
		}
		k, text, stage, flag, ratio, count := key, strings.Repeat("tëxt ", rng.IntN(20)), fmt.Sprint("s", i/50%7), i%3 == 0, float64(i)/4, int64(i%9)
		*r = foundRow{Key: &k, RowID: int64(i) * 3, Text: &text, Raw: fmt.Sprint("raw", i), Flag: rng.IntN(2) == 0, Maybe: &flag, Ratio: &ratio,
			Hash: [16]byte{byte(i), byte(i >> 8), 15: 1}, Source: fmt.Sprint("src", i%5), Stage: &stage, Count: &count}
		for _, drop := range []func(){func() { r.Key = nil }, func() { r.Text = nil }, func() { r.Maybe = nil }, func() { r.Ratio = nil },
			func() { r.Stage = nil }, func() { r.Count = nil }} {
			if rare() {
				drop()
			}
		}
	}
	return rows
}

// writeFound writes rows with pages and row groups of any size, as another
// writer might.
func writeFound(t *testing.T, rng *rand.Rand, rows []foundRow) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[foundRow](&buf, parquet.SchemaOf(foundRow{}), &parquet.WriterConfig{
		Compression:     &writeCodec{},
		PageBufferSize:  256 << rng.IntN(10),
		DataPageVersion: 1 + rng.IntN(2),
	})
	chunk, group, left := 1+rng.IntN(60), 1+rng.IntN(len(rows)), 0
	for part := range slices.Chunk(rows, chunk) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if left += len(part); left >= group {
			left = 0
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// dropIndexes makes a file look as if it had no page index for some columns.
func dropIndexes(rng *rand.Rand, f *File) {
	for g := range f.RowGroups() {
		columns := f.pf.Metadata().RowGroups[g].Columns
		for c := range columns {
			if rng.IntN(2) == 0 {
				columns[c].OffsetIndexOffset = 0
			}
			if rng.IntN(4) == 0 {
				columns[c].ColumnIndexOffset = 0
			}
		}
	}
}

// checkSearch holds what a search streams against the rows that are to be found:
// those, in order, with their place in the file, and no others.
func checkSearch(t *testing.T, b *Batches, rows []foundRow, cols []string, wanted func(key int64) bool) {
	t.Helper()
	defer b.Close()
	var want []int
	for i := range rows {
		if k := rows[i].Key; k != nil && wanted(*k) {
			want = append(want, i)
		}
	}
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n := int(rec.NumRows())
		if n == 0 || n > len(want) || n > maxBatchRows || b.Row() != int64(want[0]) {
			t.Fatalf("batch of %d rows from row %d on; %d rows are wanted: %v", n, b.Row(), len(want), want[:min(9, len(want))])
		}
		for c, col := range cols {
			checkColumn(t, rec.Column(c), rows, want[:n], col)
		}
		want = want[n:]
		rec.Release()
	}
	if len(want) > 0 {
		t.Fatalf("%d rows from %d on were not found", len(want), want[0])
	}
}

func checkColumn(t *testing.T, a arrow.Array, rows []foundRow, want []int, col string) {
	t.Helper()
	nulls := 0
	for i, row := range want {
		wanted := foundColumns[col](&rows[row])
		if diff := cmp.Diff(wanted, value(t, a, i)); diff != "" {
			t.Fatalf("row %d, column %s (-want +got):\n%s", row, col, diff)
		}
		if wanted == nil {
			nulls++
		}
	}
	if a.NullN() != nulls {
		t.Fatalf("column %s has %d nulls, says %d", col, nulls, a.NullN())
	}
}

// foundKeys are sorted keys, sparse or dense, some of which no row has, and some
// of which are there twice.
func foundKeys(rng *rand.Rand, last int64) []int64 {
	keys := []int64{-1 << 62, 1 << 62}
	for range rng.IntN(1 << rng.IntN(11)) {
		keys = append(keys, rng.Int64N(last+100)-70)
	}
	if rng.IntN(3) == 0 { // a block
		from := rng.Int64N(last + 1)
		for k := range rng.Int64N(800) {
			keys = append(keys, from+k)
		}
	}
	slices.Sort(keys)
	return keys
}

// TestSearchAgainstOracle compares searches of random files with a walk over all
// rows.
func TestSearchAgainstOracle(t *testing.T) {
	ctx := context.Background()
	var all []string
	for col := range foundColumns {
		all = append(all, col)
	}
	slices.Sort(all)
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 77))
			rows := foundRows(rng, 1+rng.IntN(1500))
			f := openFile(t, writeFound(t, rng, rows))
			if seed%4 == 3 {
				dropIndexes(rng, f)
			}
			last := int64(1)
			for i := range rows {
				if k := rows[i].Key; k != nil {
					last = max(last, *k)
				}
			}
			for range 6 {
				rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				cols := append(slices.Clone(all[:rng.IntN(len(all)+1)]), all[:rng.IntN(2)]...)
				keys := foundKeys(rng, last)
				checkSearch(t, f.Lookup(ctx, "key", keys, cols...), rows, cols, func(k int64) bool {
					_, found := slices.BinarySearch(keys, k)
					return found
				})
				lo := rng.Int64N(last+80) - 70
				hi := lo + rng.Int64N(last+1)
				checkSearch(t, f.Range(ctx, "key", lo, hi, cols...), rows, cols, func(k int64) bool { return lo <= k && k <= hi })
			}
		})
	}
}

// Keys that are not sorted after all are found where the bounds of pages allow.
func TestSearchOfUnsortedFile(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	rows := foundRows(rng, 2000)
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	f := openFile(t, writeFound(t, rng, rows))
	keys := foundKeys(rng, 4000)
	checkSearch(t, f.Lookup(context.Background(), "key", keys, "raw"), rows, []string{"raw"}, func(k int64) bool {
		_, found := slices.BinarySearch(keys, k)
		return found
	})
}
