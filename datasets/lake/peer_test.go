package lake

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"github.com/chimera-1/chimera/datasets"
)

// openPeer reads a table with iceberg-go's table package, which shares no code
// with our metadata.
func openPeer(t *testing.T, l *Lake, name string) *table.Table {
	t.Helper()
	_, version, err := l.table(ctx, name)
	must(t, err)
	location := l.root() + "/" + metadataPath(name, version)
	peer, err := table.NewFromLocation(ctx, strings.Split(name, "/"), location, icebergio.LoadFSFunc(nil, location), nil)
	must(t, err)
	return peer
}

// peerInt64s scans an int64 column, in order of value.
func peerInt64s(t *testing.T, scan *table.Scan, column string) []int64 {
	t.Helper()
	_, records, err := scan.ToArrowRecords(ctx)
	must(t, err)
	var values []int64
	for r, err := range records {
		must(t, err)
		for i, f := range r.Schema().Fields() {
			if f.Name == column {
				values = append(values, r.Column(i).(*array.Int64).Int64Values()...)
			}
		}
		r.Release()
	}
	slices.Sort(values)
	return values
}

// Another implementation of Iceberg reads rows, docs, tags and history.
func TestPeerReads(t *testing.T) {
	l, err := Create(ctx, t.TempDir())
	must(t, err)
	mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 4)

	docs := openPeer(t, l, datasets.TableDocuments)
	both := slices.Concat(ids(1, 3), ids(2, 4))
	if got := peerInt64s(t, docs.Scan(table.WithSelectedFields("row_id")), "row_id"); !slices.Equal(got, both) {
		t.Errorf("row ids %v, want %v", got, both)
	}
	tagged, err := docs.Scan(table.WithSelectedFields("row_id")).UseRef("gen-000001")
	must(t, err)
	if got := peerInt64s(t, tagged, "row_id"); !slices.Equal(got, ids(1, 3)) {
		t.Errorf("row ids at gen-000001 %v, want %v", got, ids(1, 3))
	}
	filter := iceberg.GreaterThanEqual(iceberg.Reference("row_id"), datasets.MakeRowID(2, 2))
	tasks, err := docs.Scan(table.WithRowFilter(filter)).PlanFiles(ctx)
	must(t, err)
	if len(tasks) != 1 {
		t.Errorf("bounds leave %d of 2 files to read, want 1", len(tasks))
	}
	field, ok := docs.Schema().FindFieldByName("signals.gopher_quality.stop_words")
	if !ok || field.ID != 216 || field.Doc != "distinct ones of the be to of and that have with, 0 to 8" {
		t.Errorf("field %+v, %t", field, ok)
	}
	if s := docs.CurrentSnapshot(); s.Summary.Operation != table.OpAppend || s.Summary.Properties["chimera.generation"] != "2" || *s.ParentSnapshotID == 0 {
		t.Errorf("snapshot %+v", s)
	}
	if docs.Properties()["gc.enabled"] != "false" || docs.Metadata().Version() != 2 {
		t.Errorf("version %d, properties %v", docs.Metadata().Version(), docs.Properties())
	}
	bands := openPeer(t, l, datasets.TableBands)
	if got := peerInt64s(t, bands.Scan(table.WithSelectedFields("row_id")), "row_id"); !slices.Equal(got, ids(2, 4)) {
		t.Errorf("bands %v, want %v", got, ids(2, 4))
	}
	empty := openPeer(t, l, datasets.TableTombstones)
	if got := peerInt64s(t, empty.Scan(), "row_id"); len(got) != 0 {
		t.Errorf("tombstones %v", got)
	}
}

// The same after a rollback and a move.
func TestPeerReadsRepaired(t *testing.T) {
	dir := t.TempDir()
	l, err := Create(ctx, dir+"/a")
	must(t, err)
	for _, id := range []string{"a", "b", "c"} {
		mustNight(t, l, id, 3)
	}
	must(t, l.Rollback(ctx, 2, RollbackInfo{RunID: "r", Reason: "x"}))
	rename(t, dir+"/a", dir+"/b")
	l, err = Open(ctx, dir+"/b")
	must(t, err)
	_, err = l.Relocate(ctx)
	must(t, err)
	training := openPeer(t, l, datasets.TableTraining)
	if got, want := peerInt64s(t, training.Scan(), "row_id"), slices.Concat(ids(1, 2), ids(2, 2)); !slices.Equal(got, want) {
		t.Errorf("main %v, want %v", got, want)
	}
	for tag, want := range map[string]int{"gen-000001": 2, "gen-000003": 6, "rollback-000001": 4} {
		scan, err := training.Scan().UseRef(tag)
		must(t, err)
		if got := peerInt64s(t, scan, "row_id"); len(got) != want {
			t.Errorf("%s has %d rows, want %d", tag, len(got), want)
		}
	}
	bands := openPeer(t, l, datasets.TableBands)
	if got := peerInt64s(t, bands.Scan(), "row_id"); !slices.Equal(got, ids(2, 3)) {
		t.Errorf("bands %v, want %v", got, ids(2, 3))
	}
}
