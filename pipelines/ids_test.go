package pipelines

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
)

// TestSameIDs has one id several times in a night and across nights: with new
// content it is a new row, with the same content a duplicate.
func TestSameIDs(t *testing.T) {
	dir := t.TempDir()
	lakeDir := filepath.Join(dir, "lake")
	one, two, three := prose(1, 60), prose(2, 60), prose(3, 60)
	for night, docs := range [][]doc{
		{{ID: "a", Text: one}, {ID: "a", Text: two}, {ID: "a", Text: one}, {ID: "b", Text: two}},
		{{ID: "a", Text: two}, {ID: "a", Text: three}, {ID: "b", Text: three}},
	} {
		in := filepath.Join(dir, "in"+string(rune('1'+night)))
		writeJSONL(t, filepath.Join(in, "x.jsonl"), docs)
		run1(t, job(t, lakeDir, in, "2026-11-2"+string(rune('1'+night))))
	}
	type outcome struct {
		ID, Decision string
		Of           int64
	}
	row := datasets.MakeRowID
	want := map[int64]outcome{
		row(1, 0): {"a", datasets.Keep, 0},
		row(1, 1): {"a", datasets.Keep, 0},
		row(1, 2): {"a", datasets.Duplicate, row(1, 0)},
		row(1, 3): {"b", datasets.Duplicate, row(1, 1)},
		row(2, 0): {"a", datasets.Duplicate, row(1, 1)},
		row(2, 1): {"a", datasets.Keep, 0},
		row(2, 2): {"b", datasets.Duplicate, row(2, 1)},
	}
	s, got := stateOf(t, lakeDir), map[int64]outcome{}
	for id, d := range s.docs {
		o := outcome{ID: d.DocID, Decision: s.decisions[id].Decision}
		if of := s.decisions[id].DuplicateOf; of != nil {
			o.Of = *of
		}
		got[id] = o
		if kept := o.Decision == datasets.Keep; kept != (len(s.training[id]) == 1) || kept != (d.Text != nil) {
			t.Errorf("row %d (%s): %d rows of training.text, text stored %v", id, o.Decision, len(s.training[id]), d.Text != nil)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
