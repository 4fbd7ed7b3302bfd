package dedup

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// TestExactEqualsOracle runs nights of few contents, some of which share half
// of their hashes, and compares with a map of all rows ever seen.
func TestExactEqualsOracle(t *testing.T) {
	for _, shards := range []int{1, 2, 5} {
		ctx, st := t.Context(), store.NewMemory()
		rng := newRand(uint64(shards))
		contents := make([][2]uint64, 300)
		for i := range contents {
			contents[i] = [2]uint64{rng.Uint64(), rng.Uint64()}
			if i > 0 && rng.IntN(4) == 0 {
				contents[i][0] = contents[i-1][0]
			}
		}
		seen := map[[2]uint64]int64{} // oldest row of each content
		var old Index
		for night := range int32(4) {
			want, first := map[int64]int64{}, map[[2]uint64]int64{}
			var segs []Segment
			for unit := range 3 {
				var entries []Entry
				for i := range 100 {
					row := datasets.MakeRowID(night+1, int64(unit*100+i))
					c := contents[rng.IntN(len(contents)/4*int(night+1))]
					entries = append(entries, Entry{c[0], c[1], row})
					survivor, ok := seen[c]
					if !ok {
						survivor = row
						seen[c], first[c] = row, row
					}
					if survivor != row {
						want[row] = survivor
					}
				}
				rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
				part, err := WriteEntries(ctx, st, fmt.Sprintf("%d/%d/%d", shards, night, unit), shards, entries)
				check(t, err)
				segs = append(segs, part...)
			}
			got := map[int64]int64{}
			for shard, list := range byShard(shards, segs) {
				check(t, Exact(ctx, st, shard, shards, list, old, func(row, survivor int64) error {
					if _, ok := got[row]; ok {
						t.Errorf("row %d came twice", row)
					}
					got[row] = survivor
					return nil
				}))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d shards, night %d: row: survivor (-want +got):\n%s", shards, night, diff)
			}
			old.Content = append(old.Content, writeContent(t, st, shards, night, first)...)
		}
	}
}

func writeContent(t *testing.T, st store.Store, shards int, night int32, first map[[2]uint64]int64) (out []FileRef) {
	t.Helper()
	var entries []Entry
	for c, row := range maps.All(first) {
		entries = append(entries, Entry{c[0], c[1], row})
	}
	base := fmt.Sprintf("lake/%d/%d/", shards, night)
	segs, err := WriteEntries(t.Context(), st, base+"spill", shards, entries)
	check(t, err)
	r := &shuffled{env: Env{st, base, "a1"}, rng: newRand(1)}
	files, err := WriteIndex(t.Context(), r, ContentEntries, shards, segs, func(n int) string { return fmt.Sprintf("%scontent-%d", base, n) })
	check(t, err)
	for _, f := range files {
		out = append(out, refOf(t, st, f.Path))
	}
	return out
}

// TestIndexRows: what is written is what was handed over, band numbers and
// checks included, and merging files changes no row.
func TestIndexRows(t *testing.T) {
	ctx, st := t.Context(), store.NewMemory()
	r := &shuffled{env: Env{st, "s/", "a1"}, rng: newRand(1)}
	for _, kind := range []Kind{ContentEntries, BandEntries} {
		var want []datasets.Band
		var files []FileRef
		for night := range 11 {
			entries := randomEntries(newRand(uint64(night)), 500, "hashes")
			for i := range entries {
				if kind == BandEntries {
					entries[i].Check %= 14
				}
				want = append(want, bandRow(kind, entries[i]))
			}
			segs, err := WriteEntries(ctx, st, fmt.Sprintf("%s/%d.spill", kind, night), 4, entries)
			check(t, err)
			written, err := WriteIndex(ctx, r, kind, 4, segs, func(n int) string { return fmt.Sprintf("%s/%d-%d", kind, night, n) })
			check(t, err)
			if len(written) != 1 || written[0].Info.Rows != 500 {
				t.Fatalf("%s: %+v, want one file of 500 rows", kind, written)
			}
			files = append(files, refOf(t, st, written[0].Path))
		}
		plan := PlanMerges(files)
		if len(plan) != 1 || !slices.Equal(plan[0].Inputs, files[:fanIn]) {
			t.Fatalf("plan %+v, want the first %d files", plan, fanIn)
		}
		merged, err := MergeIndex(ctx, r, plan, func(n int) string { return fmt.Sprintf("%s/merged-%d", kind, n) })
		check(t, err)
		var got []datasets.Band
		for _, f := range append([]FileRef{refOf(t, st, merged[0].Path)}, files[fanIn:]...) {
			rows := readBands(t, st, f.Path)
			if !slices.IsSortedFunc(rows, func(a, b datasets.Band) int { return compareBands(&a, &b) }) {
				t.Errorf("%s: %s is not sorted", kind, f.Path)
			}
			got = append(got, rows...)
		}
		order := func(a, b datasets.Band) int { return compareBands(&a, &b) }
		slices.SortFunc(want, order)
		slices.SortFunc(got, order)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", kind, diff)
		}
	}
}

// TestTiers keeps an index of a thousand equal nights: few files, and every
// entry written a few times only.
func TestTiers(t *testing.T) {
	const nightly = 1 << 14
	var files []FileRef
	written := int64(0)
	for night := range 1000 {
		files = append(files, FileRef{Path: fmt.Sprint(night), Rows: nightly})
		for plan := PlanMerges(files); len(plan) > 0; plan = PlanMerges(files) {
			for i, m := range plan {
				out := FileRef{Path: fmt.Sprintf("%d-%d", night, i)}
				for _, f := range m.Inputs {
					out.Rows += f.Rows
					files = slices.DeleteFunc(files, func(g FileRef) bool { return g == f })
				}
				written += out.Rows
				files = append(files, out)
			}
		}
	}
	var rows int64
	for _, f := range files {
		rows += f.Rows
	}
	if rows != 1000*nightly {
		t.Errorf("%d rows, want %d", rows, 1000*nightly)
	}
	if len(files) > 4*(fanIn-1) {
		t.Errorf("%d files of 1000 nights, want at most %d", len(files), 4*(fanIn-1))
	}
	if most := 3 * rows; written > most { // log8(1000) < 4, the last level not yet full
		t.Errorf("%d rows rewritten, want at most %d", written, most)
	}
}
