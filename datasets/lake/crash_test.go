package lake

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

// copyOf copies a store in memory.
func copyOf(t testing.TB, from store.Store) *store.Memory {
	t.Helper()
	infos, err := from.List(ctx, "")
	must(t, err)
	to := store.NewMemory()
	for _, info := range infos {
		data, _, err := from.ReadFile(ctx, info.Path)
		must(t, err)
		_, err = to.Put(ctx, info.Path, data, store.Condition{})
		must(t, err)
	}
	return to
}

// storeAfterOneNight is a lake with one generation.
func storeAfterOneNight(t testing.TB) *store.Memory {
	t.Helper()
	st := store.NewMemory()
	mustNight(t, newLake(t, st), "a", 3)
	return st
}

// secondNight opens the lake in st and runs the night b on it.
func secondNight(st store.Store) error {
	l, err := open(ctx, st)
	if err != nil {
		return err
	}
	_, err = night(l, "b", 4)
	return err
}

// healthEvery is how many kills share one thorough check.
const healthEvery = 10

// wantHealthy checks that nothing is damaged or missing, and that sweeping
// everything that is an orphan takes nothing away.
func wantHealthy(t *testing.T, st store.Store, want map[string][]int64) {
	t.Helper()
	l := reopen(t, st)
	wantContent(t, content(t, l), want)
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() {
		t.Fatalf("verify: %+v", report)
	}
	_, err = l.Sweep(ctx, SweepOptions{OlderThan: -1, Delete: true})
	must(t, err)
	l = reopen(t, st)
	report, err = l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() || len(report.Orphans) > 0 {
		t.Fatalf("verify after sweep: %+v", report)
	}
	wantContent(t, content(t, l), want)
}

// A night killed after any operation on the store is published whole or not at
// all, and the same night run again gives what an undisturbed one gives.
func TestKilledAfterEveryOperation(t *testing.T) {
	seed := storeAfterOneNight(t)
	before := content(t, reopen(t, copyOf(t, seed)))
	undisturbed := &storetest.Faulty{Store: copyOf(t, seed)}
	must(t, secondNight(undisturbed))
	after := content(t, reopen(t, undisturbed.Store))

	published := 0
	for k := int64(1); k < undisturbed.Ops(); k++ {
		st := copyOf(t, seed)
		err := secondNight(&storetest.Faulty{Store: st, KillAfter: k})
		if err != nil && !errors.Is(err, storetest.ErrKilled) {
			t.Fatalf("killed after %d: %v", k, err)
		}
		got := content(t, reopen(t, st))
		switch {
		case cmp.Equal(got, after):
			published++
		case !cmp.Equal(got, before):
			t.Fatalf("killed after %d: half a night is visible:\n%s", k, cmp.Diff(after, got))
		}
		must(t, secondNight(st))
		wantContent(t, content(t, reopen(t, st)), after)
		if k%healthEvery == 0 {
			wantHealthy(t, st, after)
		}
		if t.Failed() {
			t.Fatalf("killed after %d of %d", k, undisturbed.Ops())
		}
	}
	// The commit point is neither the first nor the last operation.
	if published == 0 || int64(published) == undisturbed.Ops()-1 {
		t.Errorf("published in %d of %d kills", published, undisturbed.Ops()-1)
	}
}

// An operation that fails once (every second one is tried) fails the night, or does not matter; either way
// the next run gets there.
func TestEveryOperationFailsOnce(t *testing.T) {
	seed := storeAfterOneNight(t)
	undisturbed := &storetest.Faulty{Store: copyOf(t, seed)}
	must(t, secondNight(undisturbed))
	after := content(t, reopen(t, undisturbed.Store))
	for k := int64(1); k <= undisturbed.Ops(); k += 2 {
		st := copyOf(t, seed)
		faulty := &storetest.Faulty{Store: st, FailAt: k}
		if err := secondNight(faulty); err != nil && !errors.Is(err, syscall.EIO) {
			t.Fatalf("operation %d: %v", k, err)
		}
		faulty.Kill() // a release that failed leaves the lock to the process's end
		must(t, secondNight(st))
		wantContent(t, content(t, reopen(t, st)), after)
		if k%healthEvery == 0 {
			wantHealthy(t, st, after)
		}
		if t.Failed() {
			t.Fatalf("operation %d of %d failed", k, undisturbed.Ops())
		}
	}
}

// However early the disk is full, the lake stays what it was, or the night is
// there.
func TestDiskFull(t *testing.T) {
	seed := storeAfterOneNight(t)
	before := content(t, reopen(t, copyOf(t, seed)))
	undisturbed := copyOf(t, seed)
	must(t, secondNight(undisturbed))
	after := content(t, reopen(t, undisturbed))
	full := 0
	for space := int64(1); ; space += 10000 {
		st := copyOf(t, seed)
		err := secondNight(&storetest.Faulty{Store: st, Space: space})
		if err == nil {
			break
		}
		full++
		wantErr(t, err, syscall.ENOSPC)
		if got := content(t, reopen(t, st)); !cmp.Equal(got, before) && !cmp.Equal(got, after) {
			t.Fatalf("full after %d bytes: half a night is visible", space)
		}
		must(t, secondNight(st)) // with room again
		wantHealthy(t, st, after)
	}
	if full < 5 {
		t.Errorf("the disk was full only %d times", full)
	}
}

// Two processes that open the lake at once both finish what a killed night
// left; so do many.
func TestRollForwardRace(t *testing.T) {
	seed := storeAfterOneNight(t)
	h, err := reopen(t, copyOf(t, seed)).history(ctx)
	must(t, err)
	// Kill right after the commit point: find the operation.
	var st *store.Memory
	for k := int64(1); st == nil; k++ {
		try := copyOf(t, seed)
		secondNight(&storetest.Faulty{Store: try, KillAfter: k})
		if _, err := try.Stat(ctx, generationPath(h.top().Generation+1)); err == nil {
			st = try
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := open(ctx, st); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	l := reopen(t, st)
	for _, spec := range specs {
		m, version, err := l.table(ctx, spec.name)
		must(t, err)
		if got := slices.Sorted(maps.Keys(m.Refs)); !slices.Equal(got, []string{"gen-000001", "gen-000002", "main"}) {
			t.Errorf("%s has refs %q", spec.name, got)
		}
		want := 4 // a branch and a move a night
		if m.Refs["gen-000001"].SnapshotID == m.Refs["gen-000002"].SnapshotID {
			want = 3 // nothing new: only a tag
		}
		if version != want {
			t.Errorf("%s is at version %d, want %d", spec.name, version, want)
		}
	}
}

// A killed CommitOps leaves all of the ops rows, or none.
func TestKilledCommitOps(t *testing.T) {
	seed := storeAfterOneNight(t)
	run := func(st store.Store) error {
		l, err := open(ctx, st)
		if err != nil {
			return err
		}
		n, err := l.Begin(ctx, runInfo("b"))
		if err != nil {
			return err
		}
		defer n.Close()
		rejects, err := WriteDataFile(ctx, l, n.NewDataFile(datasets.TableRejects, "r"), []datasets.Reject{{Row: "f:1", RunID: "x"}})
		if err != nil {
			return err
		}
		runs, err := WriteDataFile(ctx, l, n.NewDataFile(datasets.TableRuns, "r"), []datasets.Run{{RunID: "x", Status: "rejected"}})
		if err != nil {
			return err
		}
		return n.CommitOps(ctx, map[string]Change{datasets.TableRejects: {Add: []DataFile{rejects}}, datasets.TableRuns: {Add: []DataFile{runs}}})
	}
	rows := func(l *Lake, table string) int64 {
		files, err := l.Files(ctx, table, 0)
		must(t, err)
		return total(files, func(f DataFile) int64 { return f.Rows })
	}
	undisturbed := &storetest.Faulty{Store: copyOf(t, seed)}
	must(t, run(undisturbed))
	for k := int64(1); k <= undisturbed.Ops(); k++ {
		st := copyOf(t, seed)
		run(&storetest.Faulty{Store: st, KillAfter: k})
		l := reopen(t, st)
		rejects, runs, files := rows(l, datasets.TableRejects), rows(l, datasets.TableRuns), rows(l, datasets.TableFiles)
		if got := [3]int64{rejects, runs, files}; got != [3]int64{0, 0, 3} && got != [3]int64{1, 1, 5} {
			t.Fatalf("killed after %d: rejects, runs, files: %v", k, got)
		}
		if g := mustNight(t, l, "c", 2); g.Number != 2 {
			t.Fatalf("killed after %d: next generation is %d", k, g.Number)
		}
		if k%healthEvery > 0 {
			continue
		}
		report, err := l.Verify(ctx, nil)
		must(t, err)
		if !report.OK() {
			t.Fatalf("killed after %d: %+v", k, report)
		}
	}
}
