package lake

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

// A moved lake can be read at once, written after Relocate.
func TestRelocate(t *testing.T) {
	dir := t.TempDir()
	was, is := filepath.Join(dir, "was"), filepath.Join(dir, "is")
	l, err := Create(ctx, was)
	must(t, err)
	mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 4)
	mustNight(t, l, "c", 4)
	want := content(t, l)
	must(t, os.Rename(was, is))

	l, err = Open(ctx, is)
	must(t, err)
	wantContent(t, content(t, l), want)
	_, err = l.Begin(ctx, runInfo("d"))
	wantErr(t, err, ErrMoved, "file://"+was, "chimera lake relocate")

	report, err := l.Relocate(ctx)
	must(t, err)
	if report.From != "file://"+was || report.To != "file://"+is || report.Tables != 9 || report.Files == 0 {
		t.Errorf("report: %+v", report)
	}
	l, err = Open(ctx, is)
	must(t, err)
	wantContent(t, content(t, l), want)
	for _, spec := range specs {
		m, version, err := l.table(ctx, spec.name)
		must(t, err)
		doc, err := os.ReadFile(filepath.Join(is, metadataPath(spec.name, version)))
		must(t, err)
		if m.Location != "file://"+is+"/"+spec.name || bytes.Contains(doc, []byte(was+"/")) {
			t.Errorf("%s still names the old place", spec.name)
		}
	}
	mustNight(t, l, "d", 2)
	verified, err := l.Verify(ctx, nil)
	must(t, err)
	if !verified.OK() {
		t.Errorf("verify: %+v", verified)
	}
	_, err = l.Sweep(ctx, SweepOptions{OlderThan: -1, Delete: true}) // the old manifests
	must(t, err)
	if verified, err = l.Verify(ctx, nil); err != nil || !verified.OK() || len(verified.Orphans) > 0 {
		t.Errorf("verify after sweep: %+v, %v", verified, err)
	}
	again, err := l.Relocate(ctx)
	must(t, err)
	if again.Tables != 0 || again.From != "" {
		t.Errorf("second relocate: %+v", again)
	}
}

// movedTo is a store whose place in metadata is another one.
type movedTo struct {
	store.Store
	uri string
}

func (m movedTo) URI() string { return m.uri }

func TestKilledRelocate(t *testing.T) {
	seed, l := threeNights(t)
	want := content(t, l)
	relocate := func(st store.Store) error {
		l, err := open(ctx, st)
		if err != nil {
			return err
		}
		_, err = l.Relocate(ctx)
		return err
	}
	undisturbed := &storetest.Faulty{Store: movedTo{copyOf(t, seed), "mem:new"}}
	must(t, relocate(undisturbed))
	for k := int64(1); k < undisturbed.Ops(); k += 23 {
		st := movedTo{copyOf(t, seed), "mem:new"}
		if err := relocate(&storetest.Faulty{Store: st, KillAfter: k}); !errors.Is(err, storetest.ErrKilled) {
			t.Fatalf("killed after %d: %v", k, err)
		}
		wantContent(t, content(t, reopen(t, st)), want)
		must(t, relocate(st))
		l := reopen(t, st)
		wantContent(t, content(t, l), want)
		if report, err := l.Verify(ctx, nil); err != nil || !report.OK() {
			t.Fatalf("killed after %d: %+v, %v", k, report, err)
		}
	}
}
