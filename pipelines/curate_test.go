package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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
// shard, worker and unit counts and input orders: every table must be the same.
func TestOutcomeIsIndependentOfHowTheWorkIsCut(t *testing.T) {
	dir := t.TempDir()
	for night := range 3 {
		docs := corpus(uint64(night+1), 120)
		if night > 0 {
			docs = append(docs, corpus(uint64(night), 30)...)
		}
		half := len(docs) / 2
		writeJSONL(t, filepath.Join(dir, fmt.Sprint("in", night), "b.jsonl"), docs[:half])
		writeJSONL(t, filepath.Join(dir, fmt.Sprint("in", night), "a.jsonl"), docs[half:])
	}
	var want map[string][]string
	for i, cut := range []struct {
		workers, shards int
		unit            int64
		reverse         bool
	}{{1, 1, 1 << 20, false}, {2, 7, 4 << 10, false}, {3, 2, 17 << 10, true}} {
		lakeDir := filepath.Join(dir, fmt.Sprint("lake", i))
		for night := range 3 {
			in := filepath.Join(dir, fmt.Sprint("in", night))
			c := job(t, lakeDir, in, fmt.Sprintf("2026-11-2%d", night))
			c.Inputs = []Input{{Glob: filepath.Join(in, "a.jsonl"), Source: "test"}, {Glob: filepath.Join(in, "b.jsonl"), Source: "test"}}
			if cut.reverse {
				c.Inputs[0], c.Inputs[1] = c.Inputs[1], c.Inputs[0]
			}
			c.Workers, c.Shards, c.UnitBytes = cut.workers, cut.shards, cut.unit
			run1(t, c)
		}
		got := tableContent(t, lakeDir)
		if want == nil {
			want = got
			continue
		}
		for table := range want {
			if diff := cmp.Diff(want[table], got[table]); diff != "" {
				t.Errorf("%s differs under %+v (-first +this):\n%.2000s", table, cut, diff)
			}
		}
	}
}
