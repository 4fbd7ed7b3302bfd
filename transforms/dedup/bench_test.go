package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// A benchmark's night: documents of 3 kB in units of 64 MB, a fifth of them near
// duplicates. Times are a document's.
const (
	benchDocs  = 40_000
	benchUnits = 2
	docBytes   = 3000
)

// benchSignatures are the signatures of a night.
func benchSignatures(rng *rand.Rand, n int) [][]byte {
	p := planted{rng: rng}
	sigs := make([][]byte, n)
	for i := range sigs {
		if i > 0 && rng.IntN(5) == 0 {
			sigs[i] = p.mutate(sigs[rng.IntN(i)], 5)
		} else {
			sigs[i] = p.random()
		}
	}
	return sigs
}

func benchEntries(b *testing.B, night int32) []Entry {
	b.Helper()
	scheme := Options{Scheme: "fast"}.scheme()
	var entries []Entry
	for i, sig := range benchSignatures(newRand(uint64(night)), benchDocs) {
		entries = AppendBands(entries, scheme, sig, datasets.MakeRowID(night, int64(i)))
	}
	return entries
}

// cpuTime is what the process has used so far: other work on the machine does
// not change it.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perDoc runs a benchmark and reports the processor time of a document.
func perDoc(b *testing.B, docs int, run func()) {
	b.Helper()
	b.ResetTimer()
	start := cpuTime()
	for range b.N {
		run()
	}
	ns := float64(cpuTime()-start) / float64(b.N) / float64(docs)
	b.ReportMetric(ns, "cpu-ns/doc")
	b.ReportMetric(docBytes/ns*1e3, "MB/s") // of text, if nothing else were done
	b.ReportMetric(0, "ns/op")
}

func BenchmarkWriteEntries(b *testing.B) {
	st := benchStore(b)
	night := benchEntries(b, 1)
	entries := make([]Entry, len(night)/benchUnits)
	perDoc(b, benchDocs/benchUnits, func() {
		copy(entries, night)
		_, err := WriteEntries(b.Context(), st, "f", 4, entries)
		check(b, err)
	})
}

// benchStore is a store on disk.
func benchStore(b *testing.B) store.Store {
	b.Helper()
	st, err := store.Open(b.Context(), b.TempDir())
	check(b, err)
	return st
}

// benchSegments spills entries unit by unit.
func benchSegments(b *testing.B, st store.Store, name string, shards int, entries []Entry) (segs []Segment) {
	b.Helper()
	n := 0
	for part := range slices.Chunk(entries, len(entries)/benchUnits) {
		s, err := WriteEntries(b.Context(), st, fmt.Sprintf("%s/%d", name, n), shards, part)
		check(b, err)
		segs = append(segs, s...)
		n++
	}
	return segs
}

// benchIndex writes so many nights into the index, merging as files pile up.
func benchIndex(b *testing.B, st store.Store, kind Kind, nights int, entries func(night int32) []Entry) []FileRef {
	b.Helper()
	r := &shuffled{env: Env{st, "s/", "a1"}, rng: newRand(1), workers: 1}
	var files []FileRef
	for night := range nights {
		segs := benchSegments(b, st, "old", 1, entries(int32(night+1)))
		out, err := WriteIndex(b.Context(), r, kind, 1, segs, func(n int) string { return fmt.Sprintf("index/%d-%d", night, n) })
		check(b, err)
		for _, f := range out {
			files = append(files, FileRef{Path: f.Path, Lo: -1 << 63, Hi: 1<<63 - 1, Rows: f.Info.Rows})
		}
		for i, m := range PlanMerges(files) {
			path := fmt.Sprintf("index/%d-m%d", night, i)
			out, err := MergeIndex(b.Context(), r, []Merging{m}, func(int) string { return path })
			check(b, err)
			files = slices.DeleteFunc(files, func(f FileRef) bool { return slices.Contains(m.Inputs, f) })
			files = append(files, FileRef{Path: path, Lo: -1 << 63, Hi: 1<<63 - 1, Rows: out[0].Info.Rows})
		}
	}
	return files
}

func BenchmarkMatch(b *testing.B) {
	for _, old := range []int{0, 1, 29} {
		b.Run(fmt.Sprintf("old=%d", old), func(b *testing.B) {
			st := benchStore(b)
			files := benchIndex(b, st, BandEntries, old, func(n int32) []Entry { return benchEntries(b, n) })
			segs := benchSegments(b, st, "kept", 1, benchEntries(b, int32(old+1)))
			perDoc(b, benchDocs, func() {
				_, err := match(b.Context(), Env{st, "m/", "a1"}, matchTask{Shards: 1, Segments: segs, Bands: files})
				check(b, err)
			})
		})
	}
}

func BenchmarkExact(b *testing.B) {
	content := func(night int32) []Entry {
		rng := newRand(uint64(night))
		e := make([]Entry, benchDocs)
		for i := range e {
			e[i] = Entry{rng.Uint64(), rng.Uint64(), datasets.MakeRowID(night, int64(i))}
		}
		return e
	}
	for _, old := range []int{0, 29} {
		b.Run(fmt.Sprintf("old=%d", old), func(b *testing.B) {
			st := benchStore(b)
			index := Index{Content: benchIndex(b, st, ContentEntries, old, content)}
			night := content(int32(old + 1))
			perDoc(b, benchDocs, func() {
				segs := benchSegments(b, st, "hash", 1, night)
				check(b, Exact(b.Context(), st, 0, 1, segs, index, func(_, _ int64) error { return nil }))
			})
		})
	}
}

func BenchmarkWriteIndex(b *testing.B) {
	st := benchStore(b)
	segs := benchSegments(b, st, "kept", 1, benchEntries(b, 1))
	perDoc(b, benchDocs, func() {
		_, err := writeIndex(b.Context(), Env{st, "m/", "a1"}, indexTask{Kind: BandEntries, Path: "i", Segments: segs})
		check(b, err)
	})
}

func BenchmarkMergeIndex(b *testing.B) {
	st := benchStore(b)
	files := benchIndex(b, st, BandEntries, 7, func(n int32) []Entry { return benchEntries(b, n) })
	perDoc(b, 7*benchDocs, func() {
		_, err := mergeIndex(b.Context(), Env{st, "m/", "a1"}, mergeTask{Path: "merged", Inputs: files})
		check(b, err)
	})
}

// BenchmarkNear is a whole night against a lake of one night.
func BenchmarkNear(b *testing.B) {
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	for _, nights := range []int{0, 1} {
		b.Run(fmt.Sprintf("old=%d", nights), func(b *testing.B) {
			l := newTestLake()
			l.st, l.rowGroup = benchStore(b), 0
			sigs := benchSignatures(newRand(1), (nights+1)*benchDocs)
			docs := func(night int) []testDoc {
				out := make([]testDoc, benchDocs)
				for i := range out {
					out[i] = testDoc{id: fmt.Sprint(i), size: docBytes + int64(i%100), sig: sigs[night*benchDocs+i], keep: true}
				}
				return out
			}
			for n := range nights {
				l.publish(b, docs(n), opt, nil)
			}
			in := Input{Options: opt, Shards: 2, Old: l.index, Bounds: []int64{datasets.MakeRowID(l.nights+1, 0), datasets.MakeRowID(l.nights+1, benchDocs)}}
			l.writeUnit(b, &in, "tonight/", 0, 0, docs(nights), newRand(2))
			i := 0
			perDoc(b, benchDocs, func() {
				r := &shuffled{env: Env{l.st, fmt.Sprintf("near/%d/", i), "a1"}, rng: newRand(1), workers: 1}
				res, err := Near(b.Context(), r, in)
				check(b, err)
				if res.Clusters == 0 {
					b.Fatal("nothing found")
				}
				i++
			})
		})
	}
}
