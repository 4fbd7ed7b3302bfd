package dedup

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// banded makes a signature of 14 bands, each given by a letter: equal letters in
// one place are equal bands, a dot is a band of its own.
func banded(pattern string) []byte {
	sig := make([]byte, 0, minhash.Size*4)
	for b := range minhash.Bands {
		for range minhash.Rows {
			value := uint32(pattern[b])
			if pattern[b] == '.' {
				lonely++
				value = 1000 + lonely
			}
			sig = binary.LittleEndian.AppendUint32(sig, value)
		}
	}
	return sig
}

var lonely uint32

func row(night, n int) int64 { return datasets.MakeRowID(int32(night), int64(n)) }

func kept(size int64, pattern string) testDoc {
	return testDoc{id: "x", size: size, sig: banded(pattern), keep: true}
}

// TestNightRules shows the rules for rows that meet older ones, one at a time.
func TestNightRules(t *testing.T) {
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	night1 := []testDoc{
		kept(10, "aaa..........."), // 0: a near duplicate of 1
		kept(20, "aaab.........."), // 1: published
		kept(10, "....cccccc...."), // 2: published
		kept(10, "..........dd.."), // 3: dropped by the filters
	}
	night1[3].keep = false
	l := newTestLake()
	first, _, _ := l.near(t, night1, opt, cuttings[1])
	want := []Outcome{
		{Row: row(1, 0), DuplicateOf: row(1, 1), Cluster: row(1, 0), Similarity: 3. / 14},
		{Row: row(1, 1), Cluster: row(1, 0)},
	}
	if diff := cmp.Diff(want, first, cmpSimilarity); diff != "" {
		t.Fatalf("night 1 (-want +got):\n%s", diff)
	}
	l.publish(t, night1, opt, first)

	// Row 0 of night 1 shares its first three bands with row 1 and nothing else
	// here: a row that knows only it would need a band of its own.
	for _, tt := range []struct {
		name string
		docs []testDoc
		want []Outcome
	}{
		{"a published row stays, even if the new one is longer",
			[]testDoc{kept(99, "aaab..........")},
			[]Outcome{{Row: row(2, 0), DuplicateOf: row(1, 1), Cluster: row(1, 0), Similarity: 4. / 14}}},
		{"the closest published row, the other is a bridge",
			[]testDoc{kept(99, "...bcc........")},
			[]Outcome{{Row: row(2, 0), DuplicateOf: row(1, 2), Cluster: row(1, 0), Similarity: 2. / 14, Bridges: []int64{row(1, 1)}}}},
		{"of equally close ones the oldest",
			[]testDoc{kept(99, "...bc.........")},
			[]Outcome{{Row: row(2, 0), DuplicateOf: row(1, 1), Cluster: row(1, 0), Similarity: 1. / 14, Bridges: []int64{row(1, 2)}}}},
		{"over another new row: the oldest published row of the component",
			[]testDoc{kept(99, "....cc......ee"), kept(100, "...........fee"), kept(101, "...........f..")},
			[]Outcome{
				{Row: row(2, 0), DuplicateOf: row(1, 2), Cluster: row(1, 2), Similarity: 2. / 14},
				{Row: row(2, 1), DuplicateOf: row(1, 2), Cluster: row(1, 2)},
				{Row: row(2, 2), DuplicateOf: row(1, 2), Cluster: row(1, 2)},
			}},
		{"rows that the filters dropped are not there", []testDoc{kept(99, "..........dd..")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, h := range cuttings {
				h.units = min(h.units, len(tt.docs))
				got, _, _ := l.near(t, tt.docs, opt, h)
				if diff := cmp.Diff(tt.want, got, cmpSimilarity); diff != "" {
					t.Errorf("cut as %+v (-want +got):\n%s", h, diff)
				}
			}
		})
	}
}

// cmpSimilarity compares float32 similarities that tests write as fractions.
var cmpSimilarity = cmp.Comparer(func(a, b float32) bool { return a-b < 1e-6 && b-a < 1e-6 })

// TestDuplicateStandsForItsSurvivor: a new row that is near to an old near
// duplicate only is a duplicate of what that is a duplicate of.
func TestDuplicateStandsForItsSurvivor(t *testing.T) {
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	l := newTestLake()
	night1 := []testDoc{kept(10, "aa...........z"), kept(20, "aa............"), kept(5, "....cc........")}
	out, _, _ := l.near(t, night1, opt, cuttings[0])
	l.publish(t, night1, opt, out)
	night2 := []testDoc{kept(30, "....cc.......z")} // near to row 2 itself and to row 0, which stands for row 1
	want := []Outcome{{Row: row(2, 0), DuplicateOf: row(1, 2), Cluster: row(1, 0), Similarity: 2. / 14, Bridges: []int64{row(1, 1)}}}
	for _, h := range cuttings {
		h.units = 1
		got, _, _ := l.near(t, night2, opt, h)
		if diff := cmp.Diff(want, got, cmpSimilarity); diff != "" {
			t.Errorf("cut as %+v (-want +got):\n%s", h, diff)
		}
	}
	l.publish(t, night2, opt, want)

	// Rows may stand for rows that stand for others, and decisions may change.
	night3 := []testDoc{kept(30, "z............z")}
	want = []Outcome{{Row: row(3, 0), DuplicateOf: row(1, 1), Cluster: row(1, 0), Bridges: []int64{row(1, 2)}}}
	got, _, _ := l.near(t, night3, opt, cuttings[0])
	if diff := cmp.Diff(want, got, cmpSimilarity); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.redecide(t, row(1, 1), datasets.Decision{Decision: datasets.Duplicate, Reason: datasets.ReasonNear, DuplicateOf: ptr(row(1, 2))})
	want = []Outcome{{Row: row(3, 0), DuplicateOf: row(1, 2), Cluster: row(1, 2)}}
	if diff := cmp.Diff(want, l.oracle(night3, opt), cmpSimilarity); diff != "" {
		t.Errorf("oracle (-want +got):\n%s", diff)
	}
	got, _, _ = l.near(t, night3, opt, how{shards: 3, units: 1, workers: 1, seed: 77})
	if diff := cmp.Diff(want, got, cmpSimilarity); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.redecide(t, row(1, 2), datasets.Decision{Decision: datasets.Drop, Reason: "short"})
	if got, _, _ = l.near(t, night3, opt, how{shards: 3, units: 1, workers: 1, seed: 78}); len(got) > 0 {
		t.Errorf("near to dropped rows only: %+v", got)
	}
}

func ptr[T any](v T) *T { return &v }

// redecide gives an old row another decision, in a later generation.
func (l *testLake) redecide(t testing.TB, row int64, d datasets.Decision) {
	t.Helper()
	l.nights++
	d.RowID, d.DecidedIn = row, l.nights
	l.decided[row] = append(l.decided[row], d)
	l.index.Decisions = append(l.index.Decisions, l.writeDecisions(t, []datasets.Decision{d}))
	l.nights-- // tests name the next night's rows by its number
	l.late++
}

// TestExclude: rows that are decided anew compete as rows of tonight, and are
// not there as old ones.
func TestExclude(t *testing.T) {
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest}
	l := newTestLake()
	night1 := []testDoc{kept(10, "aa............"), kept(30, "bb............"), kept(20, "aa.......c...."), kept(5, "....cc........"), kept(6, "....cc........")}
	night1[0].keep, night1[1].keep = false, false
	out, _, _ := l.near(t, night1, opt, cuttings[0])
	l.publish(t, night1, opt, out)
	// Rows 0 and 1 join; row 2 leaves.
	ctx := t.Context()
	var entries, exclude []Entry
	for _, r := range []int{0, 1} {
		entries = AppendBands(entries, opt.scheme(), night1[r].sig, row(1, r))
	}
	for _, r := range []int{0, 1, 2} {
		exclude = append(exclude, ExcludeEntry(row(1, r)))
	}
	in := Input{Options: opt, Shards: 2, Old: l.index, Documents: l.index.Documents, Bounds: []int64{row(1, 0), row(1, 5)}}
	var err error
	in.Kept, err = WriteEntries(ctx, l.st, "redecide/kept", 2, entries)
	check(t, err)
	in.Exclude, err = WriteEntries(ctx, l.st, "redecide/exclude", 1, exclude)
	check(t, err)
	r := &shuffled{env: Env{l.st, "redecide/", "a1"}, rng: newRand(1)}
	res, err := Near(ctx, r, in)
	check(t, err)
	if len(res.Outcomes[0]) != 0 {
		t.Errorf("rows 0 and 1 are near to nothing that stays, got %+v", res)
	}
	// Without the exclusion row 0 would be a duplicate of row 2.
	in.Exclude = in.Exclude[:0]
	r.env.Scratch = "redecide2/"
	res, err = Near(ctx, r, in)
	check(t, err)
	var got []Outcome
	check(t, ReadOutcomes(ctx, l.st, res.Outcomes[0], func(o Outcome) error { got = append(got, o); return nil }))
	want := []Outcome{{Row: row(1, 0), DuplicateOf: row(1, 2), Cluster: row(1, 0), Similarity: 2. / 14}}
	if diff := cmp.Diff(want, got, cmpSimilarity); diff != "" {
		t.Errorf("without exclusion (-want +got):\n%s", diff)
	}
}
