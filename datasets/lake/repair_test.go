package lake

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

// threeNights is a lake with three generations.
func threeNights(t testing.TB) (*store.Memory, *Lake) {
	t.Helper()
	st := store.NewMemory()
	l := newLake(t, st)
	for i, id := range []string{"a", "b", "c"} {
		mustNight(t, l, id, 3+i)
	}
	return st, l
}

// flip changes one bit in the middle of an object.
func flip(t testing.TB, st store.Store, path string) (restore func()) {
	t.Helper()
	data, _, err := st.ReadFile(ctx, path)
	must(t, err)
	bad := bytes.Clone(data)
	bad[len(bad)/2] ^= 1
	_, err = st.Put(ctx, path, bad, store.Condition{})
	must(t, err)
	return func() {
		_, err := st.Put(ctx, path, data, store.Condition{})
		must(t, err)
	}
}

// One flipped bit, or one missing file, is found and named, whichever file it is.
func TestVerifyNamesEveryFile(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	mustNight(t, l, "a", 3)
	mustNight(t, l, "b", 4)
	must(t, l.Rollback(ctx, 1, RollbackInfo{RunID: "r", Reason: "test"}))
	infos, err := st.List(ctx, "")
	must(t, err)
	checked := 0
	for _, info := range infos {
		switch info.Path {
		case lakePath, leasePath, lockPath, appliedPath: // not committed: opening and locking check them
			continue
		}
		checked++
		restore := flip(t, st, info.Path)
		report, err := l.Verify(ctx, nil)
		must(t, err)
		named := func(d Damage) bool { return d.Path == info.Path }
		if !slices.ContainsFunc(report.Damaged, named) {
			t.Errorf("flipped bit in %s: %+v", info.Path, report.Damaged)
		}
		must(t, st.Delete(ctx, info.Path))
		report, err = l.Verify(ctx, nil)
		must(t, err)
		if newest := isNewestRecord(info.Path); !newest && !slices.ContainsFunc(report.Missing, named) && !isNewestMetadata(t, l, info.Path) {
			t.Errorf("missing %s: %+v", info.Path, report.Missing)
		}
		restore()
	}
	if checked < 60 {
		t.Errorf("only %d files checked", checked)
	}
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() {
		t.Errorf("all restored: %+v", report)
	}
}

// Without its newest record, or its newest metadata, a lake is simply that of
// the night before.
func isNewestRecord(path string) bool {
	return path == generationPath(2) || path == eventPath(1)
}

func isNewestMetadata(t *testing.T, l *Lake, path string) bool {
	t.Helper()
	m := metadataName.FindStringSubmatch(path)
	if m == nil {
		return false
	}
	versions, err := l.versions(ctx, strings.TrimSuffix(path, m[0]))
	must(t, err)
	return m[1] == fmt.Sprint(versions[len(versions)-1]+1)
}

func TestVerifyProgress(t *testing.T) {
	_, l := threeNights(t)
	var last, of int64
	report, err := l.Verify(ctx, func(done, total int64) {
		if done < last || done > total {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last, of = done, total
	})
	must(t, err)
	if last != of || of == 0 || report.Bytes <= of || report.Files < 40 {
		t.Errorf("progress ends at %d of %d; report %+v", last, of, report)
	}
}

func TestDamagedMetadata(t *testing.T) {
	st, l := threeNights(t)
	before := content(t, l)
	_, version, err := l.table(ctx, datasets.TableTraining)
	must(t, err)
	path := metadataPath(datasets.TableTraining, version)
	flip(t, st, path)

	l = reopen(t, st)
	_, err = l.Files(ctx, datasets.TableTraining, 0)
	wantErr(t, err, ErrDamaged, path, "restore that file from a backup", "chimera lake rollback")
	_, err = l.Begin(ctx, runInfo("d"))
	wantErr(t, err, ErrDamaged, path)

	must(t, l.Rollback(ctx, 3, RollbackInfo{RunID: "fix", Reason: "metadata damaged"}))
	l = reopen(t, st)
	after := content(t, l)
	delete(before, "files@0") // gained the row of the audit's file
	delete(after, "files@0")
	wantContent(t, after, before)
	mustNight(t, l, "d", 2)
	report, err := l.Verify(ctx, nil)
	must(t, err)
	if !report.OK() || len(report.Orphans) != 1 || report.Orphans[0].Path != path {
		t.Errorf("verify: %+v", report)
	}
}

func TestVersionHintIsOnlyAHint(t *testing.T) {
	st, l := threeNights(t)
	before := content(t, l)
	for _, hint := range []string{"", "x", "1", "999", "-1"} {
		for _, spec := range specs {
			_, err := st.Put(ctx, hintPath(spec.name), []byte(hint), store.Condition{})
			must(t, err)
		}
		wantContent(t, content(t, reopen(t, st)), before)
	}
	for _, spec := range specs {
		must(t, st.Delete(ctx, hintPath(spec.name)))
	}
	l = reopen(t, st)
	wantContent(t, content(t, l), before)
	mustNight(t, l, "d", 2)
	for _, spec := range specs {
		_, version, err := l.table(ctx, spec.name)
		must(t, err)
		hint, _, err := st.ReadFile(ctx, hintPath(spec.name))
		must(t, err)
		if string(hint) != fmt.Sprint(version) {
			t.Errorf("%s: hint %q, newest version %d", spec.name, hint, version)
		}
	}
}

func TestDamagedRecord(t *testing.T) {
	st, _ := threeNights(t)
	restore := flip(t, st, generationPath(2))
	_, err := reopen(t, st).Generations(ctx)
	wantErr(t, err, ErrDamaged, "_chimera/generations/000002.json", "restore that file from a backup")
	restore()
	must(t, st.Delete(ctx, generationPath(2)))
	_, err = reopen(t, st).Generations(ctx)
	wantErr(t, err, store.ErrNotExist, "_chimera/generations/000002.json", "missing, though later ones exist")

	// Without its newest record a lake is that of the night before, but no night
	// may take the number again.
	st, _ = threeNights(t)
	must(t, st.Delete(ctx, generationPath(3)))
	l := reopen(t, st)
	files, err := l.Files(ctx, datasets.TableDocuments, 0)
	must(t, err)
	if len(files) != 2 {
		t.Errorf("%d files, want those of generation 2", len(files))
	}
	_, err = l.Begin(ctx, runInfo("d"))
	wantErr(t, err, store.ErrNotExist, "_chimera/generations/000003.json", "restore that file from a backup")

	doc := []byte(`{"format_version":99,"generation":4}`)
	st, _ = threeNights(t)
	_, err = st.Put(ctx, generationPath(4), doc, store.Condition{})
	must(t, err)
	_, err = open(ctx, st)
	wantErr(t, err, ErrNewer, "000004.json", "99")
}

func TestNewerTableFormat(t *testing.T) {
	_, l := threeNights(t)
	m, _, err := l.table(ctx, datasets.TableTraining)
	must(t, err)
	m.FormatVersion = 3
	doc, err := m.encode()
	must(t, err)
	_, err = parseMetadata(doc)
	wantErr(t, err, ErrNewer, "format version 3")
}

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

func TestSweep(t *testing.T) {
	st, l := threeNights(t)
	n, err := l.Begin(ctx, runInfo("d"))
	must(t, err)
	write(t, n, datasets.TableTraining, training, 2) // never committed
	for _, unit := range []string{"u1", "u2"} {
		_, err = st.Put(ctx, n.Scratch()+unit, []byte("scratch"), store.Condition{})
		must(t, err)
	}
	_, err = st.Put(ctx, "text/documents/notes.txt", []byte("not ours"), store.Condition{})
	must(t, err)
	_, err = st.Put(ctx, "report/index.html", []byte("not ours"), store.Condition{})
	must(t, err)
	want := []string{n.Scratch() + "u1", n.Scratch() + "u2", n.NewDataFile(datasets.TableTraining, "g4")}

	_, err = l.Sweep(ctx, SweepOptions{OlderThan: -1, Delete: true})
	wantErr(t, err, ErrBusy)
	must(t, n.Close())

	young, err := l.Sweep(ctx, SweepOptions{Delete: true})
	must(t, err)
	if len(young) != 0 {
		t.Errorf("swept what is younger than a day: %v", young)
	}
	listed, err := l.Sweep(ctx, SweepOptions{OlderThan: -1})
	must(t, err)
	if got := orphanPaths(listed, false); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	l.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	swept, err := l.Sweep(ctx, SweepOptions{Delete: true})
	must(t, err)
	if got := orphanPaths(swept, true); !slices.Equal(got, want) {
		t.Errorf("swept %q, want %q", got, want)
	}
	for _, path := range want {
		_, err := st.Stat(ctx, path)
		wantErr(t, err, fs.ErrNotExist)
	}
	if left, err := l.Sweep(ctx, SweepOptions{OlderThan: -1}); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	_, err = st.Stat(ctx, "text/documents/notes.txt")
	must(t, err)
}

func orphanPaths(orphans []Orphan, deleted bool) []string {
	var paths []string
	for _, o := range orphans {
		if o.Deleted == deleted {
			paths = append(paths, o.Path)
		}
	}
	return paths
}

// What is damaged may name files that then look like orphans.
func TestSweepRefusesDamage(t *testing.T) {
	st, l := threeNights(t)
	_, s, _, err := l.at(ctx, datasets.TableTraining, 2)
	must(t, err)
	m, _, err := l.table(ctx, datasets.TableTraining)
	must(t, err)
	list, err := inLake(datasets.TableTraining, m.Location, s.ManifestList)
	must(t, err)
	flip(t, st, list)
	_, err = l.Sweep(ctx, SweepOptions{OlderThan: -1, Delete: true})
	if err == nil || !strings.Contains(err.Error(), list) || !strings.Contains(err.Error(), "nothing is deleted") {
		t.Errorf("sweep of a damaged lake: %v", err)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	for i := range mergeAt + 2 {
		mustNight(t, l, fmt.Sprint(i), 2)
	}
	for _, spec := range specs {
		versions, err := l.versions(ctx, spec.name)
		must(t, err)
		if len(versions) != oldMetadata+1 {
			t.Errorf("%s keeps %d metadata files", spec.name, len(versions))
		}
		m, _, err := l.table(ctx, spec.name)
		must(t, err)
		if len(m.MetadataLog) != len(versions)-1 {
			t.Errorf("%s: %d log entries for %d files", spec.name, len(m.MetadataLog), len(versions))
		}
	}
	// Merged manifests hold the same files in the same order.
	var before []DataFile
	for n := int32(1); n <= mergeAt+2; n++ {
		files, err := l.Files(ctx, datasets.TableDocuments, n)
		must(t, err)
		if len(files) != int(n) || !slices.EqualFunc(before, files[:n-1], func(a, b DataFile) bool { return a.Path == b.Path }) {
			t.Errorf("generation %d has files %v after %v", n, files, before)
		}
		before = files
	}
	m, s, _, err := l.at(ctx, datasets.TableDocuments, 0)
	must(t, err)
	manifests, err := l.manifests(ctx, datasets.TableDocuments, m, s)
	must(t, err)
	if len(manifests) != 3 {
		t.Errorf("%d manifests, want the merged one and two more", len(manifests))
	}
	if report, err := l.Verify(ctx, nil); err != nil || !report.OK() || len(report.Orphans) > 0 {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

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
