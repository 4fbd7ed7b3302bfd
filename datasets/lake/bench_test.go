package lake

import (
	"fmt"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// lakeOf is a lake with so many generations, each with a file in four tables.
func lakeOf(b *testing.B, st store.Store, generations int) *Lake {
	b.Helper()
	l := newLake(b, st)
	for i := range generations {
		mustNight(b, l, fmt.Sprint(i), 2)
	}
	return l
}

// BenchmarkCommit is what a night pays for being a night: the lease, four small
// data files, snapshots of nine tables, the record, the moved refs.
func BenchmarkCommit(b *testing.B) {
	for _, generations := range []int{0, 200} {
		for name, open := range map[string]func(testing.TB) store.Store{
			"memory": func(testing.TB) store.Store { return store.NewMemory() },
			"disk":   func(t testing.TB) store.Store { return diskStore(t) },
		} {
			b.Run(fmt.Sprintf("store=%s/generations=%d", name, generations), func(b *testing.B) {
				l := lakeOf(b, open(b), generations)
				b.ResetTimer()
				for i := range b.N {
					mustNight(b, l, fmt.Sprint("bench", i), 2)
				}
			})
		}
	}
}

// BenchmarkOpen is what every command on a lake pays.
func BenchmarkOpen(b *testing.B) {
	st := diskStore(b)
	lakeOf(b, st, 200)
	b.ResetTimer()
	for range b.N {
		reopen(b, st)
	}
}

// BenchmarkFiles is a cold listing of a table with 200 manifests.
func BenchmarkFiles(b *testing.B) {
	st := diskStore(b)
	lakeOf(b, st, 200)
	b.ResetTimer()
	for range b.N {
		l := reopen(b, st)
		files, err := l.Files(ctx, datasets.TableDocuments, 0)
		must(b, err)
		if len(files) != 200 {
			b.Fatalf("%d files", len(files))
		}
	}
}

// BenchmarkMetadata is what every step of a commit pays for every table.
func BenchmarkMetadata(b *testing.B) {
	l := lakeOf(b, store.NewMemory(), 200)
	m, _, err := l.table(ctx, datasets.TableDocuments)
	must(b, err)
	doc, err := m.encode()
	must(b, err)
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for range b.N {
			_, err := parseMetadata(doc)
			must(b, err)
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		for range b.N {
			_, err := m.encode()
			must(b, err)
		}
	})
}

// BenchmarkSeal is the price of a metadata file's checksum.
func BenchmarkSeal(b *testing.B) {
	l := lakeOf(b, store.NewMemory(), 50)
	m, _, err := l.table(ctx, datasets.TableDocuments)
	must(b, err)
	doc, err := m.encode()
	must(b, err)
	b.SetBytes(int64(len(doc)))
	b.ResetTimer()
	for range b.N {
		must(b, checkSeal(doc))
	}
}
