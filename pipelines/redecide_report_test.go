package pipelines

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/pipelines/report"
)

// TestRedecideReport has a report that adds up: its outcomes, what dropped the
// rows, and the figures of all rows under the new limits.
func TestRedecideReport(t *testing.T) {
	dir := t.TempDir()
	lakeDir := filepath.Join(dir, "lake")
	var docs []doc
	for i := range 30 {
		docs = append(docs, doc{ID: "d", Text: prose(uint64(i), 40+10*(i%3))})
	}
	writeJSONL(t, filepath.Join(dir, "in", "x.jsonl"), docs)
	c := job(t, lakeDir, filepath.Join(dir, "in"), "2026-11-20")
	c.ReportDir = ""
	run1(t, c)
	c.Inputs, c.Redecide, c.Date, c.Profile = nil, true, "2026-11-21", filtered(t, 55)
	s := run1(t, c)
	b, err := os.ReadFile(filepath.Join(lakeDir, "report", "gen-000002.json"))
	if err != nil {
		t.Fatal(err)
	}
	var n report.Night
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatal(err)
	}
	if faults := n.Faults(); faults != nil {
		t.Errorf("the report does not add up: %v", faults)
	}
	// Of 40, 50 and 60 words a third each: two thirds are below 55 and leave.
	if s.Redecided.Left != 20 || n.Output.Dropped != 20 || n.Input.Rows != 20 {
		t.Errorf("summary %+v, report %+v of %d rows", s.Redecided, n.Output, n.Input.Rows)
	}
	if diff := cmp.Diff([]report.Drop{{Stage: "gopher_quality", Reason: "gopher_short_doc", Rows: 20}}, n.Drops); diff != "" {
		t.Errorf("drops (-want +got):\n%s", diff)
	}
	for _, f := range n.Figures {
		if f.Figure == "gopher_quality.non_symbol_words" && (f.Rows() != 30 || len(f.Thresholds) != 1 || f.Thresholds[0].Value != 55) {
			t.Errorf("words: %d rows, limits %+v", f.Rows(), f.Thresholds)
		}
	}
	if len(n.Figures) == 0 {
		t.Error("no figures are drawn")
	}
}
