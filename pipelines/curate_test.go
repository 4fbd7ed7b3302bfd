package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/transforms/text"
)

// doc is an input row of a test.
type doc struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// writeJSONL writes docs as one JSONL file with a fixed modification time.
func writeJSONL(t *testing.T, path string, docs []doc) {
	t.Helper()
	var b strings.Builder
	for _, d := range docs {
		line, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	writeFile(t, path, b.String())
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
}

// job returns a curate job over the input folder with the profile none.
func job(t *testing.T, lakeDir, input, date string) Curate {
	t.Helper()
	p, err := text.LookupProfile("none")
	if err != nil {
		t.Fatal(err)
	}
	return Curate{Lake: lakeDir, Date: date, Inputs: []Input{{Glob: input, Source: "test"}}, Profile: p, Workers: 2, ReportDir: "-", Signals: "all",
		MaxRejects: MaxRejects{Share: 0.01, Least: 100}}
}

func run1(t *testing.T, c Curate) Summary {
	t.Helper()
	s, err := c.Run(context.Background())
	if err != nil {
		t.Fatalf("run of %s: %v", c.Date, err)
	}
	return s
}

// tableContent is every row of the tables that must not depend on how a run
// went, sorted, without run ids and times.
func tableContent(t *testing.T, dir string) map[string][]string {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	collect(t, l, out, datasets.TableDocuments, func(d *datasets.Document) { d.RunID, d.IngestedAt = "", time.Time{} })
	collect(t, l, out, datasets.TableDecisions, func(*datasets.Decision) {})
	collect(t, l, out, datasets.TableTraining, func(*datasets.Training) {})
	collect(t, l, out, datasets.TableTombstones, func(*datasets.Tombstone) {})
	collect(t, l, out, datasets.TableBands, func(*datasets.Band) {})
	collect(t, l, out, datasets.TableRejects, func(r *datasets.Reject) { r.RunID = "" })
	return out
}

func collect[T any](t *testing.T, l *lake.Lake, out map[string][]string, table string, blank func(*T)) {
	t.Helper()
	err := lake.ReadTable(context.Background(), l, table, 0, func(rows []T) error {
		for _, r := range rows {
			blank(&r)
			b, err := json.Marshal(r)
			if err != nil {
				return err
			}
			out[table] = append(out[table], string(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out[table])
}

// decisionsOf maps doc ids to what counts for them: decision, reason, survivor.
func decisionsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	ctx := context.Background()
	l, err := lake.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int64]string{}
	if err := lake.ReadTable(ctx, l, datasets.TableDocuments, 0, func(rows []datasets.Document) error {
		for _, r := range rows {
			ids[r.RowID] = strings.Clone(r.DocID) + "@" + fmt.Sprint(r.Generation)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out, in := map[string]string{}, map[int64]int32{}
	if err := lake.ReadTable(ctx, l, datasets.TableDecisions, 0, func(rows []datasets.Decision) error {
		for _, r := range rows {
			if r.DecidedIn < in[r.RowID] {
				continue
			}
			in[r.RowID] = r.DecidedIn
			s := r.Decision
			if r.Reason != "" {
				s += " " + strings.Clone(r.Reason)
			}
			if r.DuplicateOf != nil {
				s += " of " + ids[*r.DuplicateOf]
			}
			out[ids[r.RowID]] = s
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// prose makes n words that no other seed makes.
func prose(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("w%d", r.IntN(1<<30))
		if i%12 == 11 {
			words[i] += "."
		}
	}
	return strings.Join(words, " ") + "."
}

// edited is the text with one word in the middle replaced.
func edited(s, word string) string {
	f := strings.Fields(s)
	f[len(f)/2] = word
	return strings.Join(f, " ")
}

func TestNightDecides(t *testing.T) {
	dir := t.TempDir()
	in, lakeDir := filepath.Join(dir, "in"), filepath.Join(dir, "lake")
	a, b := prose(1, 200), prose(2, 200)
	writeJSONL(t, filepath.Join(in, "1.jsonl"), []doc{{"a", a}, {"blank", " \n"}, {"b", b}})
	writeJSONL(t, filepath.Join(in, "2.jsonl"), []doc{{"a-exact", a + "\r\n"}, {"a-near", edited(a, "other") + " More."}})
	s := run1(t, job(t, lakeDir, in, "2026-11-20"))
	want := map[string]string{
		"a@1":       "duplicate near of a-near@1", // the longest survives
		"a-near@1":  "keep",
		"a-exact@1": "duplicate exact of a@1",
		"b@1":       "keep",
		"blank@1":   "drop empty",
	}
	if diff := cmp.Diff(want, decisionsOf(t, lakeDir)); diff != "" {
		t.Errorf("decisions of the first night (-want +got):\n%s", diff)
	}
	if s.Input.Rows != 5 || s.Output.Kept != 2 || s.Output.Duplicate != 2 || s.Output.Dropped != 1 || s.Generation != 1 {
		t.Errorf("summary of the first night: %+v", s)
	}

	// The same night again is done; the same input on another date keeps nothing.
	if s := run1(t, job(t, lakeDir, in, "2026-11-20")); !s.Already || s.Tag != "gen-000001" {
		t.Errorf("the same night again: already %v, tag %q", s.Already, s.Tag)
	}
	s = run1(t, job(t, lakeDir, in, "2026-11-21"))
	if s.Generation != 2 || s.Output.Kept != 0 || s.Duplicates.Exact != 4 || s.Duplicates.Old != 4 {
		t.Errorf("the same input a day later: %+v", s)
	}

	// A new document near an old duplicate belongs to what survived of it.
	writeJSONL(t, filepath.Join(dir, "in3", "1.jsonl"), []doc{{"a-third", edited(a, "third")}, {"c", prose(3, 80)}})
	run1(t, job(t, lakeDir, filepath.Join(dir, "in3"), "2026-11-22"))
	got := decisionsOf(t, lakeDir)
	if got["a-third@3"] != "duplicate near of a-near@1" || got["c@3"] != "keep" || got["a-near@1"] != "keep" {
		t.Errorf("third night: a-third %q, c %q, a-near %q", got["a-third@3"], got["c@3"], got["a-near@1"])
	}
}

// corpus makes a night's documents with planted duplicates.
func corpus(seed uint64, n int) []doc {
	r := rand.New(rand.NewPCG(seed, 2))
	var docs []doc
	for i := range n {
		d := doc{fmt.Sprintf("d%d-%d", seed, i), prose(seed*1e6+uint64(i), 60+r.IntN(200))}
		switch r.IntN(6) {
		case 0:
			if len(docs) > 0 {
				d.Text = docs[r.IntN(len(docs))].Text
			}
		case 1, 2:
			if len(docs) > 0 {
				d.Text = edited(docs[r.IntN(len(docs))].Text, fmt.Sprint("e", i))
			}
		}
		docs = append(docs, d)
	}
	return docs
}

// TestOutcomeIsIndependentOfHowTheWorkIsCut runs three nights under different
// shard, worker and unit counts, input orders and attempts, for each way to say
// what is near: every table must be the same.
func TestOutcomeIsIndependentOfHowTheWorkIsCut(t *testing.T) {
	dir := t.TempDir()
	for night := range 3 {
		docs := corpus(uint64(night+1), 90)
		if night > 0 {
			docs = append(docs, corpus(uint64(night), 30)...)
		}
		half := len(docs) / 2
		in := filepath.Join(dir, fmt.Sprint("in", night))
		writeFile(t, filepath.Join(in, "b.jsonl"), string(encoded["jsonl"](t, docs[:half])))
		writeFile(t, filepath.Join(in, "a.parquet"), string(encoded["parquet"](t, docs[half:half+30])))
		writeFile(t, filepath.Join(in, "c.jsonl.zst"), string(encoded["jsonl.zst"](t, docs[half+30:])))
	}
	near := map[string]int{}
	cuts := []cut{{1, 1, 1 << 20, false}, {2, 7, 7 << 10, false}, {3, 2, 17 << 10, true}}
	for name, how := range map[string]struct {
		dedup Dedup
		cuts  []cut
	}{
		"bands":      {Dedup{}, cuts},
		"similarity": {Dedup{MinSimilarity: 0.9, Survivor: "first"}, cuts[:2]},
		"verify":     {Dedup{Verify: true, MinJaccard: 0.95, Survivor: "last"}, cuts[1:]},
		"exact":      {Dedup{Exact: true}, cuts[:1]},
	} {
		var want map[string][]string
		for i, cut := range how.cuts {
			lakeDir := filepath.Join(dir, fmt.Sprint(name, i))
			for night := range 3 {
				s := run1(t, cut.of(job(t, lakeDir, filepath.Join(dir, fmt.Sprint("in", night)), fmt.Sprintf("2026-11-2%d", night)), how.dedup))
				near[name] = max(near[name], int(s.Duplicates.Near))
			}
			got := tableContent(t, lakeDir)
			if want == nil {
				want = got
				continue
			}
			for table := range want {
				if diff := cmp.Diff(want[table], got[table]); diff != "" {
					t.Errorf("%s: %s differs under %+v (-first +this):\n%.2000s", name, table, cut, diff)
				}
			}
		}
	}
	if !(near["bands"] > near["similarity"] && near["similarity"] > 0 && near["bands"] > near["verify"] && near["verify"] > 0 && near["exact"] == 0) {
		t.Errorf("near duplicates, in the night with most: %v", near)
	}
}

// cut is how the work of a night is cut.
type cut struct {
	workers, shards int
	unit            int64
	reverse         bool
}

func (h cut) of(c Curate, d Dedup) Curate {
	in := c.Inputs[0].Glob
	c.Inputs = nil
	for _, name := range []string{"a.parquet", "b.jsonl", "c.jsonl.zst"} {
		c.Inputs = append(c.Inputs, Input{Glob: filepath.Join(in, name), Source: "test"})
	}
	if h.reverse {
		slices.Reverse(c.Inputs)
	}
	c.Workers, c.Shards, c.UnitBytes, c.Dedup = h.workers, h.shards, h.unit, d
	return c
}

// TestOldStays has near duplicates come later under each rule of survival: what
// is published stays, longer or shorter, also as the one that a duplicate of a
// duplicate belongs to; and what joins two published clusters names both.
func TestOldStays(t *testing.T) {
	a := prose(1, 200)
	longer := edited(a, "x") + " More words than before."
	left, right, bridge := bridged(t)
	for _, survivor := range []string{"longest", "first", "last"} {
		dir := t.TempDir()
		for night, docs := range [][]doc{
			{{"a", a}, {"left", left}, {"right", right}},
			{{"a-longer", longer}, {"a-shorter", strings.TrimSuffix(edited(a, "y"), ".")}, {"a-again", a}},
			{{"a-longest", edited(longer, "z") + " And more."}, {"bridge", bridge}},
		} {
			in := filepath.Join(dir, fmt.Sprint("in", night))
			writeJSONL(t, filepath.Join(in, "1.jsonl"), docs)
			c := job(t, filepath.Join(dir, "lake"), in, fmt.Sprintf("2026-11-2%d", night))
			c.Dedup.Survivor = survivor
			run1(t, c)
		}
		want := map[string]string{
			"a@1": "keep", "left@1": "keep", "right@1": "keep",
			"a-longer@2": "duplicate near of a@1", "a-shorter@2": "duplicate near of a@1", "a-again@2": "duplicate exact of a@1",
			"a-longest@3": "duplicate near of a@1", "bridge@3": "duplicate near of left@1",
		}
		if diff := cmp.Diff(want, decisionsOf(t, filepath.Join(dir, "lake"))); diff != "" {
			t.Errorf("survivor %s (-want +got):\n%s", survivor, diff)
		}
		st := stateOf(t, filepath.Join(dir, "lake"))
		for id, d := range st.docs {
			switch bridges := st.decisions[id].Bridges; {
			case d.DocID == "a-again" && d.Text != nil:
				t.Error("an exact duplicate's text is stored again")
			case d.DocID == "bridge" && (bridges == nil || *bridges != fmt.Sprint(datasets.MakeRowID(1, 2))):
				t.Errorf("survivor %s: the bridge names %v, want the row of right", survivor, bridges)
			case d.DocID != "bridge" && bridges != nil:
				t.Errorf("survivor %s: %s names bridges %s", survivor, d.DocID, *bridges)
			}
		}
	}
}

// bridged makes three texts: two that share no band, and one that shares some
// with either and is more like the first.
func bridged(t *testing.T) (left, right, bridge string) {
	t.Helper()
	for seed := range uint64(1000) {
		w := strings.Fields(prose(1000+seed, 300))
		text := func(from, to int) string { return strings.Join(w[from:to], " ") }
		left, right, bridge = text(0, 200), text(60, 260), text(22, 222)
		l, r, b := bandKeys(left), bandKeys(right), bandKeys(bridge)
		if !shareBand(l, r) && shareBand(l, b) && shareBand(r, b) {
			return left, right, bridge
		}
	}
	t.Fatal("no seed makes a bridge")
	return "", "", ""
}
