package pipelines

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/pipelines/report"
)

// TestSourceNamesOutliveTheirBatch counts by names that are views of memory that
// is used again, as strings of Arrow batches are: the second count of a name is
// what a map would take the view of.
func TestSourceNamesOutliveTheirBatch(t *testing.T) {
	batch := []byte("forum")
	view := unsafe.String(&batch[0], len(batch))
	c, sources := newCounts(), names{}
	c.source(sources.keep(view), sourceCounts{Kept: 1})
	c.source(sources.keep(view), sourceCounts{Kept: 1})
	copy(batch, "wikis")
	c.source(sources.keep(view), sourceCounts{Kept: 1})
	copy(batch, "?????")
	want := map[string]sourceCounts{"forum": {Kept: 2}, "wikis": {Kept: 1}}
	if diff := cmp.Diff(want, c.Sources); diff != "" {
		t.Errorf("counts by source (-want +got):\n%s", diff)
	}
}

// TestSourcesOfManyBatches has a unit of several batches: the report counts all
// of its rows under their source.
func TestSourcesOfManyBatches(t *testing.T) {
	dir := t.TempDir()
	var docs []doc
	for i := range 3000 {
		docs = append(docs, doc{ID: "d", Text: prose(uint64(i), 200)})
	}
	writeJSONL(t, filepath.Join(dir, "in", "x.jsonl"), docs)
	c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
	c.ReportDir = ""
	run1(t, c)
	b, err := os.ReadFile(filepath.Join(dir, "lake", "report", "gen-000001.json"))
	if err != nil {
		t.Fatal(err)
	}
	var n report.Night
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, s := range n.Sources {
		got[s.Source] = s.Output.Kept
	}
	if diff := cmp.Diff(map[string]int64{"test": int64(len(docs))}, got); diff != "" {
		t.Errorf("kept by source (-want +got):\n%s", diff)
	}
}
