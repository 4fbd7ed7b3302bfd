package pipelines

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// twice is a job over awkward input that reads it once without texts, and twice
// with them: files of which each is many units, exact and near duplicates, blank
// rows, rejects, ids and sources of the rows' own, normalisers that edit.
func twice(t *testing.T, dir string, texts bool) Curate {
	t.Helper()
	in := filepath.Join(dir, "in")
	if !exists(in) {
		docs := corpus(3, 60)
		lines := jsonLines(t, docs)
		lines += "no JSON\n" + jsonLines(t, docs[:7]) + `{"text": " \n "}` + "\n" + `{"id": 4}` + "\n"
		lines += `{"id": "own", "text": "` + strings.Repeat("two  blanks\\r\\n", 40) + `", "source": "elsewhere"}` + "\n"
		for i := range 30 {
			lines += fmt.Sprintf(`{"text": %q}`, edited(prose(uint64(i), 120), "x")) + "\n" + "{\n"
		}
		writeFile(t, filepath.Join(in, "a.jsonl"), lines)
		writeJSONL(t, filepath.Join(in, "b.jsonl"), corpus(4, 40))
		writeFile(t, filepath.Join(in, "c.csv"), "id,text\n1,one\n2,\n")
	}
	c := job(t, filepath.Join(dir, fmt.Sprint("lake-", texts)), in, "2026-11-20")
	c.Signals = "none"
	c.Inputs[0].Fields.Source = "source"
	c.Normalize = []string{"newlines", "spaces"}
	c.MaxRejects = MaxRejects{Share: 1}
	c.UnitBytes, c.Shards, c.SkipTextWrites = 8<<10, 3, !texts
	return c
}

// withoutTexts is a lake's content but for texts.
func withoutTexts(t *testing.T, dir string) map[string][]string {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	out := tableContent(t, dir)
	delete(out, datasets.TableDocuments)
	delete(out, datasets.TableTraining)
	collect(t, l, out, datasets.TableDocuments, func(d *datasets.Document) { d.RunID, d.IngestedAt, d.Text = "", time.Time{}, nil })
	collect(t, l, out, datasets.TableTraining, func(d *datasets.Training) { d.Text = "" })
	return out
}

// TestReadOnce compares the tables of a job that reads its input once with those
// of one that reads it twice, over two nights.
func TestReadOnce(t *testing.T) {
	for _, exact := range []bool{false, true} {
		dir := t.TempDir()
		var got []map[string][]string
		for _, texts := range []bool{true, false} {
			c := twice(t, dir, texts)
			c.Dedup.Exact = exact
			if c.withDefaults(1).readsOnce() == texts {
				t.Fatalf("texts %v: reads once %v", texts, !texts)
			}
			run1(t, c)
			c.Date, c.Again, c.UnitBytes = "2026-11-21", true, 20<<10
			run1(t, c)
			got = append(got, withoutTexts(t, c.Lake))
		}
		if len(got[0][datasets.TableRejects]) < 60 || len(got[0][datasets.TableDocuments]) < 200 {
			t.Errorf("only %d rejects and %d documents", len(got[0][datasets.TableRejects]), len(got[0][datasets.TableDocuments]))
		}
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Errorf("exact %v (-read twice +read once):\n%.3000s", exact, diff)
		}
	}
}

// TestScanFileDamage flips every byte of a scan file, and cuts it at each.
func TestScanFileDamage(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	st, err := store.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	env := lakeio.Env{Store: st, Scratch: "scratch/", Attempt: "1"}
	w := newScanWriter(env, 7)
	rows := []scanned{
		{inputRow: inputRow{ID: "a", Number: 3, Source: "s"}, TextBytes: 5, Signature: signature{Known: true, Value: []byte("signature")}},
		{inputRow: inputRow{Reject: &datasets.Reject{Row: "f:4"}}},
	}
	for i := range rows {
		if err := w.add(ctx, &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	path, err := w.close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	read := func(b []byte) (n int, err error) {
		if err := os.WriteFile(filepath.Join(dir, path), b, 0o600); err != nil {
			t.Fatal(err)
		}
		task := readTask{Unit: 7, Parts: []readPart{{}}}
		err = task.eachScanned(ctx, env, path, func(scanned) error { n++; return nil })
		return n, err
	}
	if n, err := read(whole); n != len(rows) || err != nil {
		t.Fatalf("whole: %d rows, %v", n, err)
	}
	for i := range whole {
		bad := append([]byte(nil), whole...)
		bad[i] ^= 0x40
		if n, err := read(bad); n != 0 || err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("byte %d flipped: %d rows, %v", i, n, err)
		}
		if n, err := read(whole[:i]); i > 0 && (n != 0 || err == nil) {
			t.Errorf("cut to %d bytes: %d rows, %v", i, n, err)
		}
	}
}
