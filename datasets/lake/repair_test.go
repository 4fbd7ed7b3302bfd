package lake

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
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
