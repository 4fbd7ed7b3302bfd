package lake

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

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
