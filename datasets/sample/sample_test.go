package sample

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const fileGo = `// Copyright nobody.

// Package tree grows.
//
// It has two paragraphs.
package tree

// Hidden is not shown.
func hidden() {}

// A Leaf is green.
type Leaf struct{}

// Fall lets it go.
func (l *Leaf) Fall() {}

// Fall of what nobody sees.
func (b bud) Fall() {}

// Colours of leaves.
const (
	// Green in summer.
	Green = iota
	brown // unseen
)
`

func distribution(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"src/tree/leaf.go":          fileGo,
		"src/tree/leaf_test.go":     "// Package tree is tested.\npackage tree\n",
		"src/tree/none.go":          "package tree\n",
		"src/tree/broken.go":        "// Doc.\npackage 3\n",
		"src/tree/testdata/x.txt":   "no",
		"src/tree/README":           "Read me.",
		"src/tree/page.html":        "<p>no</p>",
		"LICENSE":                   "Do as you like.",
		"src/vendor/forest/LICENSE": "Do as you like.",
		"doc/notes.md":              "# Notes\n<b>&</b>",
		"doc/latin1.txt":            "caf\xe9",
	} {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read returns the documents of a sample in order.
func read(t *testing.T, files []string) []document {
	t.Helper()
	var docs []document
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = bytes.NewReader(data)
		switch filepath.Ext(path) {
		case ".gz":
			r, err = gzip.NewReader(r)
		case ".zst":
			r, err = zstd.NewReader(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(r); ; {
			var d document
			if err := dec.Decode(&d); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(path, err)
			}
			docs = append(docs, d)
		}
	}
	return docs
}

func TestText(t *testing.T) {
	s, err := textFrom(context.Background(), distribution(t), filepath.Join(t.TempDir(), "new", "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []document{
		{"LICENSE", "Do as you like.", "go", license},
		{"doc/notes.md", "# Notes\n<b>&</b>", "doc", license},
		{"src/tree/README", "Read me.", "tree", license},
		{"src/tree/leaf.go", "Package tree grows.\n\nIt has two paragraphs.\n\nA Leaf is green.\n\n" +
			"Fall lets it go.\n\nColours of leaves.\n\nGreen in summer.", "tree", license},
		{"src/vendor/forest/LICENSE", "Do as you like.", "vendor/forest", license},
	}
	if diff := cmp.Diff(want, read(t, s.Files)); diff != "" {
		t.Error(diff)
	}
	var size int64
	for _, d := range want {
		size += int64(len(d.Text))
	}
	if s.Docs != len(want) || s.Bytes != size || len(s.Files) != 4 {
		t.Errorf("summary %+v, want %d documents of %d bytes in 4 files", s, len(want), size)
	}
}

func TestSubset(t *testing.T) {
	root, dir := distribution(t), t.TempDir()
	ids := func(opt Options) string {
		s, err := textFrom(context.Background(), root, dir, opt)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range read(t, s.Files) {
			names = append(names, d.ID)
		}
		return strings.Join(names, " ")
	}
	two, three := ids(Options{Docs: 2, Seed: 7}), ids(Options{Docs: 3, Seed: 7})
	for _, id := range strings.Fields(two) {
		if !strings.Contains(three, id) {
			t.Errorf("sample of 3 (%s) does not contain sample of 2 (%s)", three, two)
		}
	}
	if n := len(strings.Fields(two)); n != 2 {
		t.Errorf("%d documents, want 2", n)
	}
	others := make(map[string]bool)
	for seed := range uint64(20) {
		others[ids(Options{Docs: 2, Seed: seed})] = true
	}
	if len(others) < 5 {
		t.Errorf("20 seeds choose only %d different samples", len(others))
	}
}

// The installed distribution: the same bytes twice, thousands of documents,
// and exact duplicates among them.
func TestGoDistribution(t *testing.T) {
	ctx := context.Background()
	if _, err := goroot(ctx); err != nil {
		t.Skip("no Go distribution: ", err)
	}
	a, err := Text(ctx, t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Text(ctx, t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Files {
		x, errX := os.ReadFile(a.Files[i])
		y, errY := os.ReadFile(b.Files[i])
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s differs between two runs", filepath.Base(a.Files[i]))
		}
	}
	texts := make(map[string]int)
	for _, d := range read(t, a.Files) {
		texts[d.Text]++
	}
	if a.Docs < 2000 {
		t.Errorf("%d documents, want thousands", a.Docs)
	}
	if len(texts) == a.Docs {
		t.Error("no two documents are alike")
	}
	t.Logf("%d documents, %d different, %d bytes", a.Docs, len(texts), a.Bytes)
}

func TestNoGo(t *testing.T) {
	t.Setenv("GOROOT", t.TempDir())
	if _, err := Text(context.Background(), t.TempDir(), Options{}); !errors.Is(err, ErrNoGo) {
		t.Errorf("error %v, want ErrNoGo", err)
	}
}
