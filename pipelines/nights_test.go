package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/pipelines/report"
)

// countRows counts the rows of a table.
func countRows[T any](t *testing.T, dir, table string) int {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(rowsOf[T](t, l, table))
}

// TestTooManyRejects refuses a night, keeps what happened in ops.*, and
// publishes it when told to.
func TestTooManyRejects(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	writeFile(t, filepath.Join(in, "a.jsonl"), jsonLines(t, corpus(1, 20))+"no JSON\n{}\n")
	c := job(t, filepath.Join(dir, "lake"), in, "2026-11-20")
	c.ReportDir = filepath.Join(dir, "report")
	// Of 22 rows. The last run is the one before again: it tells nothing new.
	for _, allowed := range []MaxRejects{{}, {Share: 0.05, Least: 1}, {Share: 0.05, Least: 1}} {
		c.MaxRejects = allowed
		s, err := c.Run(context.Background())
		var rejects *RejectsError
		if !errors.As(err, &rejects) || rejects.Rejected != 2 || rejects.Rows != 22 {
			t.Fatalf("%+v: error %v", allowed, err)
		}
		if at := filepath.Join(in, "a.jsonl:21: read.jsonl: no JSON"); !strings.Contains(err.Error(), at) {
			t.Errorf("%+v: error %v, want one that names %s", allowed, err, at)
		}
		if s.Status != "rejected" || s.Generation != 0 || s.Tag != "" || s.Output.Rejected != 2 || s.Output.Kept != int64(len(keptOf(t, corpus(1, 20)))) {
			t.Errorf("%+v: summary %+v", allowed, s)
		}
	}
	if n := len(generationsOf(t, c.Lake)); n != 0 {
		t.Errorf("%d generations after nights that were refused", n)
	}
	for table, n := range map[string]int{
		datasets.TableRejects: countRows[datasets.Reject](t, c.Lake, datasets.TableRejects), datasets.TableRuns: countRows[datasets.Run](t, c.Lake, datasets.TableRuns),
		datasets.TableInputs: countRows[datasets.Input](t, c.Lake, datasets.TableInputs), datasets.TableDocuments: countRows[datasets.Document](t, c.Lake, datasets.TableDocuments),
	} {
		if want := map[string]int{datasets.TableRejects: 4, datasets.TableRuns: 2}[table]; n != want {
			t.Errorf("%s has %d rows after two nights that were refused, want %d", table, n, want)
		}
	}
	verifyWhole(t, c.Lake)
	c.MaxRejects = MaxRejects{Least: 1}
	c.PublishAnyway = true
	if s := run1(t, c); s.Generation != 1 || s.Status != "published" || s.Output.Rejected != 2 {
		t.Errorf("published anyway: %+v", s)
	}
	c.PublishAnyway, c.MaxRejects, c.Date = false, MaxRejects{Share: 0.1}, "2026-11-21" // 2 of 22 are fewer
	if s := run1(t, c); s.Generation != 2 {
		t.Errorf("a share of 10 %%: %+v", s)
	}
}

// keptOf is the ids that a lake of these documents alone keeps.
func keptOf(t *testing.T, docs []doc) []string {
	t.Helper()
	dir := t.TempDir()
	writeJSONL(t, filepath.Join(dir, "in", "a.jsonl"), docs)
	run1(t, job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20"))
	var kept []string
	for id, d := range decisionsOf(t, filepath.Join(dir, "lake")) {
		if d == datasets.Keep {
			kept = append(kept, id)
		}
	}
	return kept
}

// TestAfterRollback rolls two of three nights back. The next night has the next
// unused number, compares only with what is live, and the nights' inputs may
// run again.
func TestAfterRollback(t *testing.T) {
	dir := t.TempDir()
	lakeDir := filepath.Join(dir, "lake")
	jobs := make([]Curate, 3)
	for night := range 3 {
		in := filepath.Join(dir, fmt.Sprint("in", night))
		writeJSONL(t, filepath.Join(in, "a.jsonl"), []doc{{fmt.Sprint("d", night), prose(uint64(night), 100)}})
		jobs[night] = job(t, lakeDir, in, fmt.Sprintf("2026-11-2%d", night))
		run1(t, jobs[night])
	}
	l, err := lake.Open(context.Background(), lakeDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rollback(context.Background(), 1, lake.RollbackInfo{RunID: "rollback-1", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	// New rows near to what was rolled back and to what is live.
	in := filepath.Join(dir, "in3")
	writeJSONL(t, filepath.Join(in, "a.jsonl"), []doc{{"near0", edited(prose(0, 100), "x")}, {"near1", edited(prose(1, 100), "x")}, {"same2", prose(2, 100)}})
	s := run1(t, job(t, lakeDir, in, "2026-11-23"))
	want := map[string]string{"d0@1": "keep", "near0@4": "duplicate near of d0@1", "near1@4": "keep", "same2@4": "keep"}
	if diff := cmp.Diff(want, decisionsOf(t, lakeDir)); diff != "" || s.Generation != 4 {
		t.Errorf("after the rollback, generation %d (-want +got):\n%s", s.Generation, diff)
	}
	// Nightly takes what ops.inputs no longer lists, under the same identity.
	again := jobs[1]
	again.OnlyNew = true
	if s := run1(t, again); s.Already || s.Generation != 5 || s.Duplicates.Near != 1 {
		t.Errorf("the second night again: %+v", s)
	}
	if s := run1(t, jobs[0]); !s.Already || s.Generation != 1 {
		t.Errorf("the first night again: %+v", s)
	}
	stateOf(t, lakeDir).checkLive(t)
	verifyWhole(t, lakeDir)
	gens := generationsOf(t, lakeDir)
	var rolled []bool
	for _, g := range gens {
		rolled = append(rolled, g.RolledBack)
	}
	if diff := cmp.Diff([]bool{false, true, true, false, false}, rolled); diff != "" {
		t.Errorf("rolled back (-want +got):\n%s", diff)
	}
}

// TestNightlyTakesWhatIsNew runs a nightly over a folder that grows.
func TestNightlyTakesWhatIsNew(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	c := job(t, filepath.Join(dir, "lake"), in, "2026-11-20")
	n := Nightly{Jobs: []Curate{c}}
	nightly := func() Summary {
		t.Helper()
		s, err := n.Run(context.Background())
		if err != nil || len(s) != 1 {
			t.Fatalf("nightly: %d summaries, error %v", len(s), err)
		}
		return s[0]
	}
	a, b := corpus(1, 10), corpus(2, 10)
	writeJSONL(t, filepath.Join(in, "a.jsonl"), a)
	if s := nightly(); s.Generation != 1 || s.Input.Files != 1 {
		t.Errorf("first: %+v", s)
	}
	if s := nightly(); s.Status != "nothing" || s.Generation != 0 {
		t.Errorf("second: %+v", s)
	}
	writeJSONL(t, filepath.Join(in, "b.jsonl"), b)
	if s := nightly(); s.Generation != 2 || s.Input.Files != 1 || s.Input.Rows != 10 {
		t.Errorf("with a new file: %+v", s)
	}
	writeJSONL(t, filepath.Join(in, "a.jsonl"), append(a, doc{"more", prose(77, 50)}))
	if s := nightly(); s.Generation != 3 || s.Input.Files != 1 || s.Input.Rows != 11 || s.Duplicates.Exact < 9 {
		t.Errorf("with a changed file: %+v", s)
	}
	later := time.Unix(2e9, 0)
	if err := os.Chtimes(filepath.Join(in, "b.jsonl"), later, later); err != nil {
		t.Fatal(err)
	}
	if s := nightly(); s.Generation != 4 || s.Output.Duplicate+s.Output.Kept+s.Output.Dropped != 10 || s.Output.Kept != 0 {
		t.Errorf("with a file that was touched: %+v", s)
	}
	if s := nightly(); s.Status != "nothing" {
		t.Errorf("at last: %+v", s)
	}
}

// TestReports looks at what nights leave in the report folder: also a night
// that was killed between its commit and its report.
func TestReports(t *testing.T) {
	dir := t.TempDir()
	c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
	c.ReportDir, c.Profile = "", filtered(t, 100)
	writeJSONL(t, filepath.Join(dir, "in", "a.jsonl"), variedCorpus(1, 60, nil))
	s := run1(t, c)
	reports := filepath.Join(c.Lake, "report")
	if s.Report != filepath.Join(reports, "gen-000001.html") {
		t.Errorf("report %q", s.Report)
	}
	checkReport(t, s)
	c.Date, c.Redecide, c.Profile = "2026-11-21", true, filtered(t, 60)
	r := run1(t, c)
	checkReport(t, r)
	index, err := os.ReadFile(filepath.Join(reports, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"gen-000001.html", "gen-000002.html"} {
		if !strings.Contains(string(index), `href="`+page+`"`) {
			t.Errorf("the index does not lead to %s", page)
		}
	}
	writeJSONL(t, filepath.Join(dir, "in", "b.jsonl"), variedCorpus(2, 30, nil))
	c.Redecide, c.Date = false, "2026-11-22"
	c.ReportDir = filepath.Join(dir, "taken")
	writeFile(t, c.ReportDir, "a file where the folder should be")
	s, err = c.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "gen-000003 is published, but its report could not be written") || s.Generation != 3 || s.Status != "published" {
		t.Errorf("a report that cannot be written: %+v, error %v", s, err)
	}
	os.Remove(c.ReportDir)
	if s := run1(t, c); !s.Already || s.SnapshotID == 0 {
		t.Errorf("the night without a report again: %+v", s)
	}
	s.Report = filepath.Join(c.ReportDir, "gen-000003.html")
	checkReport(t, s)
}

// checkReport parses a night's report and compares it with the summary.
func checkReport(t *testing.T, s Summary) {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(s.Report, ".html") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var n report.Night
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatalf("%s: %v", s.Report, err)
	}
	if n.Tag != s.Tag || n.Output.Kept != s.Output.Kept || n.Input.Rows != s.Input.Rows || n.Output.Rows() != s.Input.Rows || len(n.Lineage.Tables) == 0 {
		t.Errorf("%s does not tell what the summary says:\n%.3000s\n%+v", s.Report, b, s)
	}
	if page, err := os.ReadFile(s.Report); err != nil || !strings.Contains(string(page), s.Tag) {
		t.Errorf("%s: error %v, or the page does not name %s", s.Report, err, s.Tag)
	}
}

// TestDamagedLake damages a lake's own files: what is only a hint is passed
// over, anything else is named.
func TestDamagedLake(t *testing.T) {
	dir := t.TempDir()
	in := func(night int) string { return filepath.Join(dir, fmt.Sprint("in", night)) }
	pristine := filepath.Join(dir, "pristine")
	for night := range 3 {
		writeJSONL(t, filepath.Join(in(night), "a.jsonl"), corpus(uint64(night+1), 20))
		if night < 2 {
			run1(t, job(t, pristine, in(night), fmt.Sprintf("2026-11-2%d", night)))
		}
	}
	newest := func(lakeDir, table string) string {
		files, _ := filepath.Glob(filepath.Join(lakeDir, table, "metadata", "v*.metadata.json"))
		last := ""
		for _, f := range files {
			if len(f) > len(last) || len(f) == len(last) && f > last {
				last = f
			}
		}
		return last
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, lakeDir string) (file string)
		want   error // nil: the night passes over it
	}{
		{"hint is gone", func(t *testing.T, d string) string {
			f := filepath.Join(d, "text/documents/metadata/version-hint.text")
			os.Remove(f)
			return f
		}, nil},
		{"hint is nonsense", func(t *testing.T, d string) string {
			f := filepath.Join(d, "training/text/metadata/version-hint.text")
			writeFile(t, f, "seventeen")
			return f
		}, nil},
		{"applied is nonsense", func(t *testing.T, d string) string {
			f := filepath.Join(d, "_chimera/applied.json")
			writeFile(t, f, "{")
			return f
		}, nil},
		{"lease is nonsense", func(t *testing.T, d string) string {
			f := filepath.Join(d, "_chimera/lease.json")
			writeFile(t, f, "\x00")
			return f
		}, nil},
		{"metadata is cut", func(t *testing.T, d string) string {
			f := newest(d, "text/decisions")
			if err := os.Truncate(f, 100); err != nil {
				t.Fatal(err)
			}
			return f
		}, lake.ErrDamaged},
		{"generation is cut", func(t *testing.T, d string) string {
			f := filepath.Join(d, "_chimera/generations/000002.json")
			if err := os.Truncate(f, 100); err != nil {
				t.Fatal(err)
			}
			return f
		}, lake.ErrDamaged},
		{"newer lake", func(t *testing.T, d string) string {
			f := filepath.Join(d, "_chimera/lake.json")
			writeFile(t, f, `{"format_version":99}`)
			return ""
		}, lake.ErrNewer},
	} {
		t.Run(c.name, func(t *testing.T) {
			lakeDir := filepath.Join(t.TempDir(), "lake")
			if err := os.CopyFS(lakeDir, os.DirFS(pristine)); err != nil {
				t.Fatal(err)
			}
			relocate(t, lakeDir)
			file := c.damage(t, lakeDir)
			s, err := job(t, lakeDir, in(2), "2026-11-22").Run(context.Background())
			if c.want == nil {
				if err != nil || s.Generation != 3 {
					t.Errorf("generation %d, error %v", s.Generation, err)
				}
				verifyWhole(t, lakeDir)
				return
			}
			rel, _ := filepath.Rel(lakeDir, file)
			if !errors.Is(err, c.want) || file != "" && !strings.Contains(err.Error(), rel) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line of %v that names %s", err, c.want, rel)
			}
		})
	}
}

// relocate makes a copied lake one of its own.
func relocate(t *testing.T, dir string) {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Relocate(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestNoPermission runs a night as nobody over a folder and a file that it may
// not read: an error that names them.
func TestNoPermission(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to be somebody else")
	}
	dir, err := os.MkdirTemp("", "chimera-nobody-") //nolint:usetesting // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary := filepath.Join(dir, "night")
	copyFile(t, os.Args[0], binary)
	writeJSONL(t, filepath.Join(dir, "in", "locked", "a.jsonl"), corpus(1, 3))
	writeJSONL(t, filepath.Join(dir, "one", "b.jsonl"), corpus(2, 3))
	for path, mode := range map[string]os.FileMode{dir: 0o777, binary: 0o755, "in": 0o755, "in/locked": 0o700, "one": 0o755, "one/b.jsonl": 0o600} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for input, named := range map[string]string{"in": "in/locked", "one": "one/b.jsonl"} {
		b, err := json.Marshal(job(t, filepath.Join(dir, "lake-"+input), filepath.Join(dir, input), "2026-11-20"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), childEnv+"="+string(b), "TMPDIR="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "permission denied") || !strings.Contains(string(out), filepath.Join(dir, named)) {
			t.Errorf("input %s: %v, said %s", input, err, out)
		}
		if input == "in" && exists(filepath.Join(dir, "lake-in")) {
			t.Error("a lake was made without an input")
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
