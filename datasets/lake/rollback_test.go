package lake

import (
	"slices"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

func TestRollback(t *testing.T) {
	st, l := threeNights(t)
	before := content(t, l)
	must(t, l.Rollback(ctx, 1, RollbackInfo{RunID: "r1", Reason: "bad source", CodeRevision: "v1"}))
	l = reopen(t, st)
	got := content(t, l)
	for _, table := range []string{"documents", "training", "bands"} {
		if !slices.Equal(got[table+"@0"], before[table+"@1"]) {
			t.Errorf("main of %s holds %v, want %v", table, got[table+"@0"], before[table+"@1"])
		}
		if !slices.Equal(got[table+"@3"], before[table+"@3"]) {
			t.Errorf("generation 3 of %s has changed", table)
		}
	}
	gens, err := l.Generations(ctx)
	must(t, err)
	var marks []bool
	for _, g := range gens {
		marks = append(marks, g.RolledBack)
	}
	if !slices.Equal(marks, []bool{false, true, true}) {
		t.Errorf("rolled back: %v", marks)
	}
	var audit []datasets.Run
	must(t, ReadTable(ctx, l, datasets.TableRuns, 0, func(rows []datasets.Run) error {
		audit = append(audit, rows...)
		return nil
	}))
	if len(audit) != 1 || audit[0].Job != "rollback" || *audit[0].Generation != 1 ||
		audit[0].Summary != `{"from":"gen-000003","reason":"bad source","to":"gen-000001"}` {
		t.Errorf("audit: %+v", audit)
	}
	// The next night builds on generation 1 and gets the next unused number; an
	// identity that was rolled back may be published again.
	g := mustNight(t, l, "c", 2)
	if g.Number != 4 || !slices.Equal(g.Parents, []int32{1}) {
		t.Errorf("next generation: %+v", g)
	}
	l = reopen(t, st)
	got = content(t, l)
	if want := slices.Concat(ids(1, 3), ids(4, 2)); !slices.Equal(got["documents@0"], want) {
		t.Errorf("documents %v, want %v", got["documents@0"], want)
	}
	if got["files@0"][len(got["files@0"])-1] != 1 || len(got["files@0"]) != 9+1+3 {
		t.Errorf("files: %v", got["files@0"])
	}
	// Forward again.
	must(t, l.Rollback(ctx, 3, RollbackInfo{RunID: "r2", Reason: "it was right"}))
	if got := content(t, reopen(t, st)); !slices.Equal(got["documents@0"], before["documents@0"]) {
		t.Errorf("documents %v, want %v", got["documents@0"], before["documents@0"])
	}
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() || len(report.Orphans) > 0 {
		t.Errorf("verify: %+v", report)
	}
}

func TestRollbackRefuses(t *testing.T) {
	_, l := threeNights(t)
	for _, to := range []int32{-1, 0, 4} {
		wantErr(t, l.Rollback(ctx, to, RollbackInfo{RunID: "r", Reason: "x"}), ErrUnknown)
	}
	if err := l.Rollback(ctx, 1, RollbackInfo{RunID: "r"}); err == nil || !strings.Contains(err.Error(), "a reason is required") {
		t.Errorf("rollback without a reason: %v", err)
	}
	n, err := l.Begin(ctx, runInfo("d"))
	must(t, err)
	defer n.Close()
	wantErr(t, l.Rollback(ctx, 1, RollbackInfo{RunID: "r", Reason: "x"}), ErrBusy)
}

func TestKilledRollback(t *testing.T) {
	seed, _ := threeNights(t)
	roll := func(st store.Store) error {
		l, err := open(ctx, st)
		if err != nil {
			return err
		}
		return l.Rollback(ctx, 1, RollbackInfo{RunID: "r", Reason: "x"})
	}
	undisturbed := &storetest.Faulty{Store: copyOf(t, seed)}
	must(t, roll(undisturbed))
	for k := int64(1); k < undisturbed.Ops(); k += 2 {
		st := copyOf(t, seed)
		roll(&storetest.Faulty{Store: st, KillAfter: k})
		l := reopen(t, st)
		docs, err := l.Files(ctx, datasets.TableDocuments, 0)
		must(t, err)
		train, err := l.Files(ctx, datasets.TableTraining, 0)
		must(t, err)
		runs, err := l.Files(ctx, datasets.TableRuns, 0)
		must(t, err)
		if got := [3]int{len(docs), len(train), len(runs)}; got != [3]int{3, 3, 0} && got != [3]int{1, 1, 1} {
			t.Fatalf("killed after %d: files of documents, training, runs: %v", k, got)
		}
		mustNight(t, l, "d", 2)
	}
}
