package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

func TestOpenRefuses(t *testing.T) {
	_, err := Open(ctx, t.TempDir()+"/none")
	wantErr(t, err, ErrNoLake, "/none", "chimera curate")
	_, err = Open(ctx, "gs://bucket/lake")
	if err == nil || !strings.Contains(err.Error(), "not supported") {
		t.Errorf("Open of a bucket: %v", err)
	}
	for doc, want := range map[string]error{
		`{"format_version":2}`: ErrNewer,
		`{"format_version":0}`: ErrDamaged,
		`}`:                    ErrDamaged,
		``:                     ErrDamaged,
	} {
		st := store.NewMemory()
		_, err := st.Put(ctx, lakePath, []byte(doc), store.Condition{})
		must(t, err)
		_, err = open(ctx, st)
		wantErr(t, err, want)
	}
}

func TestCreateIsOpenForALake(t *testing.T) {
	dir := t.TempDir()
	l, err := Create(ctx, dir)
	must(t, err)
	mustNight(t, l, "a", 2)
	l, err = Create(ctx, dir)
	must(t, err)
	if gens, err := l.Generations(ctx); err != nil || len(gens) != 1 {
		t.Errorf("generations %v, %v", gens, err)
	}
}

func TestEmptyLake(t *testing.T) {
	l := newLake(t, store.NewMemory())
	for _, spec := range specs {
		if files, err := l.Files(ctx, spec.name, 0); err != nil || len(files) != 0 {
			t.Errorf("%s: %v, %v", spec.name, files, err)
		}
	}
	_, err := l.Files(ctx, "text/nothing", 0)
	wantErr(t, err, ErrUnknown, "text/nothing", "text/documents")
	_, err = l.Files(ctx, datasets.TableDocuments, 1)
	wantErr(t, err, ErrUnknown, "generation 1")
	tables, err := l.Tables(ctx)
	must(t, err)
	if len(tables) != 9 || tables[0].Name != "ops/files" || tables[0].Rows != 0 {
		t.Errorf("tables: %+v", tables)
	}
	d, err := l.Describe(ctx, datasets.TableDocuments)
	must(t, err)
	if len(d.Columns) < 100 || d.Columns[0] != (Column{1, "row_id", "long", true, "generation << 40 | ordinal in the night's pinned input order; unique"}) {
		t.Errorf("%d columns, first %+v", len(d.Columns), d.Columns[0])
	}
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() {
		t.Errorf("verify: %+v", report)
	}
}

// An identity is published once, also by another attempt.
func TestCommitTwice(t *testing.T) {
	l := newLake(t, store.NewMemory())
	first := mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 2)
	again := mustNight(t, l, "a", 3)
	if again.Number != first.Number || again.Tables[datasets.TableDocuments] != first.Tables[datasets.TableDocuments] {
		t.Errorf("second commit of an identity is %+v, first was %+v", again, first)
	}
	gens, err := l.Generations(ctx)
	must(t, err)
	if len(gens) != 2 {
		t.Errorf("%d generations, want 2", len(gens))
	}
	g, ok, err := l.Committed(ctx, "id-b")
	if err != nil || !ok || g.Number != 2 {
		t.Errorf("Committed(id-b) = %+v, %t, %v", g, ok, err)
	}
	if _, ok, _ := l.Committed(ctx, "id-c"); ok {
		t.Error("Committed(id-c) finds something")
	}
}

// Every table but the index only ever gains files.
func TestAccumulatePolicy(t *testing.T) {
	l := newLake(t, store.NewMemory())
	mustNight(t, l, "a", 3)
	for _, spec := range specs {
		if spec.name == datasets.TableBands {
			continue
		}
		n, err := l.Begin(ctx, runInfo("b"))
		must(t, err)
		_, err = n.Commit(ctx, Commit{Tables: map[string]Change{spec.name: {Remove: []string{spec.name + "/data/g1.parquet"}}}})
		wantErr(t, err, ErrPolicy, spec.name)
		must(t, n.Close())
	}
	for _, g := range []string{"b", "c"} {
		mustNight(t, l, g, 2)
	}
	for _, spec := range specs {
		for n := int32(2); n <= 3; n++ {
			before, err := l.Files(ctx, spec.name, n-1)
			must(t, err)
			after, err := l.Files(ctx, spec.name, n)
			must(t, err)
			lost := missingFrom(after, before)
			if spec.name != datasets.TableBands && len(lost) > 0 {
				t.Errorf("generation %d of %s lacks %v", n, spec.name, lost)
			}
		}
	}
}

func TestCommitRefuses(t *testing.T) {
	l := newLake(t, store.NewMemory())
	mustNight(t, l, "a", 3)
	n, err := l.Begin(ctx, runInfo("b"))
	must(t, err)
	defer n.Close()
	good := write(t, n, datasets.TableTraining, training, 2).Add[0]
	edit := func(f func(*DataFile)) DataFile {
		d := good
		d.Columns = maps.Clone(d.Columns)
		f(&d)
		return d
	}
	for name, c := range map[string]Commit{
		"unknown table": {Tables: map[string]Change{"text/other": {Add: []DataFile{good}}}},
		"other table":   {Tables: map[string]Change{datasets.TableDocuments: {Add: []DataFile{good}}}},
		"no checksum":   {Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{edit(func(d *DataFile) { d.SHA256 = "" })}}}},
		"not written":   {Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{edit(func(d *DataFile) { d.Path += "x" })}}}},
		"other size":    {Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{edit(func(d *DataFile) { d.Bytes++ })}}}},
		"foreign column": {Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{
			edit(func(d *DataFile) { d.Columns[99] = parquetio.Bounds{} })}}}},
		"twice":          {Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{good, good}}}},
		"remove unknown": {Tables: map[string]Change{datasets.TableBands: {Remove: []string{"text/bands/data/none.parquet"}}}},
		"no JSON":        {Summary: func() {}},
	} {
		if _, err := n.Commit(ctx, c); err == nil {
			t.Errorf("%s: committed", name)
		}
	}
	g, err := n.Commit(ctx, Commit{Tables: map[string]Change{datasets.TableTraining: {Add: []DataFile{good}}}})
	must(t, err)
	if g.Number != 2 {
		t.Errorf("generation %d, want 2", g.Number)
	}
}

func TestRunInfoChecked(t *testing.T) {
	l := newLake(t, store.NewMemory())
	for _, run := range []RunInfo{{Identity: "../x", RunID: "r"}, {Identity: "i", RunID: "a/b"}, {Identity: "", RunID: "r"}} {
		if _, err := l.Begin(ctx, run); err == nil {
			t.Errorf("Begin(%+v) succeeded", run)
		}
	}
}

// The summaries hold the counters that Iceberg's specification names.
func TestSummaries(t *testing.T) {
	l := newLake(t, store.NewMemory())
	mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 4)
	mustNight(t, l, "c", 4)
	summary := func(table string, n int32) map[string]string {
		_, s, _, err := l.at(ctx, table, n)
		must(t, err)
		return s.Summary
	}
	for _, c := range []struct {
		table string
		n     int32
		want  map[string]string
	}{
		{datasets.TableDocuments, 2, map[string]string{
			"operation": "append", "added-data-files": "1", "added-records": "4", "total-data-files": "2", "total-records": "7",
			"total-delete-files": "0", "deleted-data-files": "", "changed-partition-count": "1",
			"chimera.generation": "2", "chimera.parent": "1", "chimera.run-id": "run-of-b", "chimera.config-hash": "abc", "chimera.date": "2026-11-20",
		}},
		{datasets.TableBands, 2, map[string]string{
			"operation": "overwrite", "added-records": "4", "deleted-records": "3", "deleted-data-files": "1", "total-data-files": "1", "total-records": "4",
		}},
		{datasets.TableBands, 3, map[string]string{"operation": "replace", "added-records": "4", "deleted-records": "4", "total-records": "4"}},
		{datasets.TableTombstones, 3, map[string]string{"operation": "append", "added-records": "0", "total-records": "0", "chimera.generation": "1"}},
	} {
		got := summary(c.table, c.n)
		for k, v := range c.want {
			if got[k] != v {
				t.Errorf("%s@%d: %s is %q, want %q", c.table, c.n, k, got[k], v)
			}
		}
	}
}

// A clock that goes back leaves snapshot times, metadata times and logs in
// order, which Iceberg demands.
func TestClockGoesBack(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return clock }
	for i := range 4 {
		mustNight(t, l, fmt.Sprint(i), 2)
		clock = clock.Add(-24 * time.Hour)
	}
	for _, spec := range specs {
		m, _, err := l.table(ctx, spec.name)
		must(t, err)
		if !slices.IsSortedFunc(m.Snapshots, func(a, b snapshot) int { return int(a.TimestampMS - b.TimestampMS) }) {
			t.Errorf("%s: snapshot times are not ascending: %v", spec.name, m.Snapshots)
		}
		if !slices.IsSortedFunc(m.SnapshotLog, func(a, b snapshotLogEntry) int { return int(a.TimestampMS - b.TimestampMS) }) {
			t.Errorf("%s: snapshot log is not ascending: %v", spec.name, m.SnapshotLog)
		}
		if last := m.Snapshots[len(m.Snapshots)-1]; m.LastUpdatedMS < last.TimestampMS-10 {
			t.Errorf("%s: last updated %d, newest snapshot %d", spec.name, m.LastUpdatedMS, last.TimestampMS)
		}
	}
	if report, err := reopen(t, st).Verify(ctx, nil); err != nil || !report.OK() {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

// A lake written before a column existed gets it with the first commit that
// has it, through a new schema; old snapshots keep theirs.
func TestOlderSchemaGetsNewColumn(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	type oldTombstone struct {
		RowID      int64 `parquet:"row_id,id(1)" doc:"row in training.text"`
		Generation int32 `parquet:"generation,id(2)" doc:"first generation without the row"`
	}
	i := slices.IndexFunc(specs, func(s tableSpec) bool { return s.name == datasets.TableTombstones })
	real := specs[i].row
	defer func() { specs[i].row = real }()

	specs[i].row = reflect.TypeFor[oldTombstone]()
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	f, err := WriteDataFile(ctx, l, n.NewDataFile(datasets.TableTombstones, "old"), []oldTombstone{{RowID: 7, Generation: 1}})
	must(t, err)
	_, err = n.Commit(ctx, Commit{Tables: map[string]Change{datasets.TableTombstones: {Add: []DataFile{f}}}})
	must(t, err)
	must(t, n.Close())

	specs[i].row = real // its reason is required: a table could not gain it
	l = reopen(t, st)
	n, err = l.Begin(ctx, runInfo("b"))
	must(t, err)
	_, err = n.Commit(ctx, Commit{})
	wantErr(t, err, ErrSchema, "training/tombstones", "column reason is new, so it must be optional")
	must(t, n.Close())

	type newTombstone struct {
		RowID      int64   `parquet:"row_id,id(1)" doc:"row in training.text"`
		Generation int32   `parquet:"generation,id(2)" doc:"first generation without the row"`
		Reason     *string `parquet:"reason,id(3)" doc:"why"`
	}
	specs[i].row = reflect.TypeFor[newTombstone]()
	reason := "asked for"
	n, err = l.Begin(ctx, runInfo("c"))
	must(t, err)
	f, err = WriteDataFile(ctx, l, n.NewDataFile(datasets.TableTombstones, "new"), []newTombstone{{RowID: 8, Generation: 2, Reason: &reason}})
	must(t, err)
	_, err = n.Commit(ctx, Commit{Tables: map[string]Change{datasets.TableTombstones: {Add: []DataFile{f}}}})
	must(t, err)
	must(t, n.Close())

	m, _, err := l.table(ctx, datasets.TableTombstones)
	must(t, err)
	if len(m.Schemas) != 2 || m.CurrentSchemaID != 1 || m.LastColumnID != 3 {
		t.Errorf("%d schemas, current %d, last column %d", len(m.Schemas), m.CurrentSchemaID, m.LastColumnID)
	}
	var schemaIDs []int
	for _, s := range m.Snapshots {
		schemaIDs = append(schemaIDs, s.SchemaID)
	}
	if !slices.Equal(schemaIDs, []int{0, 1}) {
		t.Errorf("snapshots have schemas %v", schemaIDs)
	}
	var got []newTombstone
	must(t, ReadTable(ctx, l, datasets.TableTombstones, 0, func(rows []newTombstone) error {
		got = append(got, rows...)
		return nil
	}))
	if len(got) != 2 || got[0].Reason != nil || got[1].Reason == nil || *got[1].Reason != reason {
		t.Errorf("rows: %+v", got)
	}
}

func TestScratchSurvivesAttempts(t *testing.T) {
	l := newLake(t, store.NewMemory())
	first, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	_, err = l.Store().Put(ctx, first.Scratch()+"unit-1", []byte("x"), store.Condition{})
	must(t, err)
	must(t, first.Close())
	must(t, first.Close()) // twice does nothing
	second, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	defer second.Close()
	if second.Scratch() != first.Scratch() {
		t.Errorf("scratch %q, then %q", first.Scratch(), second.Scratch())
	}
	if a, b := first.NewDataFile("text/bands", "x"), second.NewDataFile("text/bands", "x"); a == b || !strings.HasPrefix(a, "text/bands/data/x-") {
		t.Errorf("data files %q and %q", a, b)
	}
	_, err = l.Store().Stat(ctx, second.Scratch()+"unit-1")
	must(t, err)
	must(t, second.RemoveScratch(ctx))
	_, err = l.Store().Stat(ctx, second.Scratch()+"unit-1")
	wantErr(t, err, store.ErrNotExist)
}

func TestDiffAndBounds(t *testing.T) {
	l := newLake(t, store.NewMemory())
	mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 5)
	diffs, err := l.Diff(ctx, 1, 2)
	must(t, err)
	got := map[string][3]int64{}
	for _, d := range diffs {
		got[d.Table] = [3]int64{d.Rows, int64(len(d.FilesAdded)), int64(len(d.FilesRemoved))}
	}
	want := map[string][3]int64{
		datasets.TableDocuments: {5, 1, 0}, datasets.TableTraining: {4, 1, 0}, datasets.TableBands: {2, 1, 1}, datasets.TableFiles: {3, 1, 0},
	}
	if !maps.Equal(got, want) {
		t.Errorf("diff %v, want %v", got, want)
	}
	files, err := l.Files(ctx, datasets.TableDocuments, 0)
	must(t, err)
	lo, hi, ok := files[1].Int64Bounds(1)
	if !ok || lo != datasets.MakeRowID(2, 0) || hi != datasets.MakeRowID(2, 4) {
		t.Errorf("row ids of the second file: %d to %d, %t", lo, hi, ok)
	}
	if _, _, ok := files[1].Int64Bounds(6); ok {
		t.Error("a text column has int64 bounds")
	}
	if files[0].Rows != 3 || len(files[0].Splits) != 1 || files[0].Columns[1].Values != 3 {
		t.Errorf("first file: %+v", files[0])
	}
}

func TestCancelledCommit(t *testing.T) {
	l := newLake(t, store.NewMemory())
	cancelled, cancel := context.WithCancel(ctx)
	n, err := l.Begin(cancelled, runInfo("a"))
	must(t, err)
	c := write(t, n, datasets.TableTraining, training, 2)
	cancel()
	_, err = n.Commit(cancelled, Commit{Tables: map[string]Change{datasets.TableTraining: c}})
	wantErr(t, err, context.Canceled)
	must(t, n.Close()) // the lease is given back all the same
	mustNight(t, l, "b", 2)
}

func TestGenerationJSON(t *testing.T) {
	l := newLake(t, store.NewMemory())
	g := mustNight(t, l, "a", 3)
	doc, err := json.Marshal(g)
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal(doc, &got))
	for key, want := range map[string]any{"generation": 1.0, "tag": "gen-000001", "run_id": "run-of-a", "job": "curate", "date": "2026-11-20"} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
}
