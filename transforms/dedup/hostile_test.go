package dedup

import (
	"testing"

	"github.com/chimera-1/chimera/datasets/store"
)

// TestHugeBucket: 100,000 rows with the same bands. Records written stay linear
// in the rows, whether a band is enough or pairs are compared.
func TestHugeBucket(t *testing.T) {
	const rows = 100_000
	ctx, st := t.Context(), store.NewMemory()
	entries := make([]Entry, 0, 2*rows)
	for i := range int64(rows) {
		entries = append(entries, Entry{Key: 1, Row: i}, Entry{Key: 1 << 40, Row: i})
	}
	segs, err := WriteEntries(ctx, st, "kept", 1, entries)
	check(t, err)
	env := Env{st, "s/", "a1"}
	res, err := match(ctx, env, matchTask{Shards: 1, Segments: segs})
	check(t, err)
	if n := records(res.Edges); n != rows-1 {
		t.Errorf("%d edges, want %d", n, rows-1)
	}
	env.Scratch = "n/"
	res, err = match(ctx, env, matchTask{Shards: 1, Segments: segs, Narrow: true})
	check(t, err)
	// Half of the pairs repeat the other bucket's; spills drop equal ones that meet.
	if n, most := records(res.Pairs), int64(2*(allPairs*(allPairs-1)/2+2*rows)); n > most || n < 2*(rows-allPairs) {
		t.Errorf("%d pairs, want at most %d", n, most)
	}
}

// TestHugeBucketOfTargets: many published rows in a bucket of many new ones.
func TestHugeBucketOfTargets(t *testing.T) {
	const rows, old = 1000, 1000
	ctx, st := t.Context(), store.NewMemory()
	var touched, settled []Entry
	for i := range int64(rows) {
		touched = append(touched, Entry{Key: 9, Row: 1<<41 + i})
	}
	for i := range int64(old) {
		settled = append(settled, Entry{Key: 9, Check: uint64(i + 1), Row: i + 1})
	}
	a, err := WriteEntries(ctx, st, "touched", 1, touched)
	check(t, err)
	b, err := WriteEntries(ctx, st, "settled", 1, settled)
	check(t, err)
	res, err := pairUp(ctx, Env{st, "s/", "a1"}, pairTask{Touched: a, Settled: b})
	check(t, err)
	if n := records(res.Contacts); n != rows*maxTargets {
		t.Errorf("%d contacts, want %d", n, rows*maxTargets)
	}
}
