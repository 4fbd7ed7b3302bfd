package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte("{}\n"), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestList(t *testing.T) {
	dir := tree(t, "b.jsonl", "a.jsonl.gz", "sub/c.parquet", "sub/deep/d.CSV.zst", "sub/e.tsv", "sub/f.ndjson", "g.json", "sub/deep/h.rst",
		"skip.bin", ".hidden.jsonl", "_SUCCESS.txt", "_tmp/x.jsonl", "sub/[odd].md")
	if err := os.Symlink(filepath.Join(dir, "b.jsonl"), filepath.Join(dir, "link.jsonl")); err != nil {
		t.Fatal(err)
	}
	list := func(patterns ...string) string {
		t.Helper()
		for i := range patterns {
			patterns[i] = filepath.Join(dir, patterns[i])
		}
		inputs, err := List(context.Background(), patterns, false)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, in := range inputs {
			rel, _ := filepath.Rel(dir, in.Path)
			out = append(out, fmt.Sprintf("%s=%s:%s", rel, in.Kind, in.Name))
			if in.Size != 3 || in.Modified.IsZero() || in.Modified.Location() != time.UTC {
				t.Errorf("%s is pinned as %d bytes of %v", rel, in.Size, in.Modified)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		patterns []string
		want     string
	}{
		{[]string{"."}, "a.jsonl.gz=jsonl:a.jsonl.gz b.jsonl=jsonl:b.jsonl g.json=jsonl:g.json link.jsonl=jsonl:link.jsonl " +
			"sub/[odd].md=text:sub/[odd].md sub/c.parquet=parquet:sub/c.parquet sub/deep/d.CSV.zst=csv:sub/deep/d.CSV.zst " +
			"sub/deep/h.rst=text:sub/deep/h.rst sub/e.tsv=tsv:sub/e.tsv sub/f.ndjson=jsonl:sub/f.ndjson"},
		{[]string{"*.jsonl*"}, "a.jsonl.gz=jsonl:a.jsonl.gz b.jsonl=jsonl:b.jsonl link.jsonl=jsonl:link.jsonl"},
		{[]string{"sub/*/*.rst"}, "sub/deep/h.rst=text:deep/h.rst"},
		{[]string{"**/*.rst", "**/b.jsonl"}, "b.jsonl=jsonl:b.jsonl sub/deep/h.rst=text:sub/deep/h.rst"},
		{[]string{"b.jsonl", "b.jsonl", "./b.jsonl", "[ab].jsonl"}, "b.jsonl=jsonl:b.jsonl"},
		{[]string{"sub/[odd].md"}, "sub/[odd].md=text:[odd].md"},
		{[]string{".hidden.jsonl"}, ".hidden.jsonl=jsonl:.hidden.jsonl"},
		{[]string{"sub/deep"}, "sub/deep/d.CSV.zst=csv:d.CSV.zst sub/deep/h.rst=text:h.rst"},
	} {
		if got := list(c.patterns...); got != c.want {
			t.Errorf("List(%v)\n got %s\nwant %s", c.patterns, got, c.want)
		}
	}
}

func TestListErrors(t *testing.T) {
	dir := tree(t, "a.jsonl", "x.bin", "empty/.keep")
	for pattern, want := range map[string]string{
		"none.jsonl": "no such file",
		"*.parquet":  "matches no file",
		"no/*.jsonl": "matches no file",
		"empty":      "matches no file",
		"x.bin":      "unknown kind",
		"[a.jsonl":   "malformed glob",
	} {
		_, err := List(context.Background(), []string{filepath.Join(dir, "a.jsonl"), filepath.Join(dir, pattern)}, false)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), pattern) {
			t.Errorf("List(%s): error %v, want one that names it and says %q", pattern, err, want)
		}
	}
	if in, err := List(context.Background(), []string{filepath.Join(dir, "*.parquet"), filepath.Join(dir, "empty")}, true); err != nil || len(in) != 0 {
		t.Errorf("with allowEmpty: %v, %v", in, err)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, "a.jsonl", "locked/b.jsonl")
	if err := errors.Join(os.Chmod(filepath.Join(dir, "a.jsonl"), 0), os.Chmod(filepath.Join(dir, "locked"), 0)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "locked"), 0o750) })
	if _, err := List(context.Background(), []string{dir}, false); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "locked") {
		t.Errorf("error %v, want one of permissions that names the folder", err)
	}
	in, err := List(context.Background(), []string{filepath.Join(dir, "a.jsonl")}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Unit{Input: in[0]}).Open(context.Background(), Options{}); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "a.jsonl") {
		t.Errorf("error %v, want one of permissions that names the file", err)
	}
}

// However a file is cut, its rows are the same.
func TestUnitsCoverTheFile(t *testing.T) {
	data, want := prose(200)
	data = append(data, "\n\r\n{\"text\":\"last\"}"...)
	want = append(want, `203  "last"`)
	in := input(t, "x.jsonl", data)
	for _, target := range []int64{1, 100, 1000, 5000, 33333, int64(len(data)) - 1, int64(len(data)), 1 << 40} {
		units, err := Plan(context.Background(), []Input{in}, target)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		var lines, counted, at int64
		for _, u := range units {
			if u.To != 0 && u.From != at {
				t.Fatalf("target %d: unit starts at %d, the one before ends at %d", target, u.From, at)
			}
			at = u.To
			u.Skipped = lines
			g := readUnit(t, u, Options{})
			rows = append(rows, g.rows...)
			lines += g.end.Lines
			if n, err := CountLines(context.Background(), u); err != nil {
				t.Fatal(err)
			} else {
				counted += n
			}
			if (g.end.SHA256 != "") != (len(units) == 1) {
				t.Errorf("target %d: unit of %d bytes of %d has SHA-256 %q", target, g.end.Bytes, len(data), g.end.SHA256)
			}
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("target %d (-want +got):\n%.500s", target, diff)
		}
		if lines != 203 || len(units) > 1 && counted != 202 { // the last line has no end
			t.Errorf("target %d: %d lines, %d counted", target, lines, counted)
		}
		if n := int64(len(data))/max(target, 1) + 1; int64(len(units)) > n {
			t.Errorf("target %d: %d units, want at most %d", target, len(units), n)
		}
	}
}

// A line that is longer than a unit belongs to one unit.
func TestPlanLongLine(t *testing.T) {
	in := input(t, "x.jsonl", []byte("{\"text\":\"a\"}\n{\"text\":\""+strings.Repeat("b", 1<<20)+"\"}\n{\"text\":\"c\"}\n"))
	units, err := Plan(context.Background(), []Input{in}, 1000)
	if err != nil || len(units) != 2 {
		t.Fatalf("%d units, %v; want 2", len(units), err)
	}
	g := readUnit(t, units[1], Options{})
	if len(g.rows) != 1 || g.rows[0] != `1  "c"` {
		t.Errorf("second unit has %v", g.rows)
	}
}

// A file is what it was when it was listed, or it is an error.
func TestChanged(t *testing.T) {
	long := bytes.Repeat([]byte("{\"text\":\"a\"}\n"), 100000)
	change := map[string]func(path string) error{
		"grown": func(p string) error {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		},
		"cut":     func(p string) error { return os.Truncate(p, 100) },
		"touched": func(p string) error { return os.Chtimes(p, time.Now(), time.Unix(1, 0)) },
		"removed": os.Remove,
		"replaced": func(p string) error {
			info, err := os.Stat(p)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(p+"~", long, 0o640), os.Chtimes(p+"~", time.Now(), info.ModTime()), os.Rename(p+"~", p))
		},
	}
	for name, change := range change {
		u := wholeUnit(t, input(t, "x.jsonl", long))
		r, err := u.Open(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := change(u.Input.Path); err != nil {
			t.Fatal(err)
		}
		g, err := drain(r, u.Input)
		if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), u.Input.Path) || !g.end.Changed {
			t.Errorf("%s while it was read: error %v, End %+v; want ErrChanged", name, err, g.end)
		}
		if name == "removed" || name == "replaced" {
			continue
		}
		if _, err := u.Open(context.Background(), Options{}); !errors.Is(err, ErrChanged) {
			t.Errorf("%s before it was read: error %v, want ErrChanged", name, err)
		}
	}
}
