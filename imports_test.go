package main

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/chimera-1/chimera"

// arrows says which layers of ours each layer may import. A layer is the first
// folder of a package's path; the root is "main".
var arrows = map[string][]string{
	"main":       {"pipelines"},
	"pipelines":  {"pipelines", "transforms", "datasets", "compute", "kg"},
	"transforms": {"transforms", "datasets", "compute", "kg"},
	"kg":         {"kg", "datasets"},
	"datasets":   {"datasets"},
	"compute":    {"compute"},
}

// banned are packages that only tests may import, with the reason.
var banned = []struct{ prefix, reason string }{
	{"github.com/apache/arrow/go/v17/parquet", "collides with the arrow v18 that iceberg-go links"},
	{"github.com/apache/arrow/go/v17/arrow/flight", "collides with the arrow v18 that iceberg-go links"},
	{"github.com/apache/arrow/go/v17/arrow/cdata", "collides with the arrow v18 that iceberg-go links"},
	{"github.com/apache/iceberg-go/table", "costs 56 ms at every start"},
	{"github.com/apache/iceberg-go/catalog", "costs 56 ms at every start"},
	{"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx", "links every runner and doubles the binary"},
}

// refusal says why the file may not import the package, or nothing.
func refusal(file, imported string) string {
	test := strings.HasSuffix(file, "_test.go")
	layer, _, nested := strings.Cut(file, "/")
	if !nested {
		layer = "main"
	}
	switch {
	case imported == "C" && !strings.HasPrefix(file, "compute/internal/"):
		return "cgo lives under compute/internal only"
	case within(imported, "github.com/apache/beam") && !beamAllowed(file):
		return "Beam lives in main.go, pipelines, transforms/*/beam.go and tests only"
	case imported == module:
		return "nothing imports the command"
	case within(imported, module):
		to, _, _ := strings.Cut(strings.TrimPrefix(imported, module+"/"), "/")
		if !slices.Contains(arrows[layer], to) && !(test && layer == "main") {
			return layer + " may not import " + to
		}
	}
	for _, b := range banned {
		if within(imported, b.prefix) && !test {
			return b.reason
		}
	}
	return ""
}

func within(pkg, prefix string) bool {
	return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
}

func beamAllowed(file string) bool {
	return file == "main.go" || strings.HasPrefix(file, "pipelines/") || strings.HasSuffix(file, "_test.go") ||
		strings.HasPrefix(file, "transforms/") && path.Base(file) == "beam.go"
}

// TestImports reads the files themselves: unlike go list it sees files of every
// platform and build tag, and is never answered from the test cache.
func TestImports(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatalf("%s: %v", f.path, err)
			}
			if why := refusal(f.path, imported); why != "" {
				t.Errorf("%s:%d imports %s: %s", f.path, f.fset.Position(spec.Pos()).Line, imported, why)
			}
		}
	}
}

// TestImportsRefused: the check goes red where it should.
func TestImportsRefused(t *testing.T) {
	const beam = "github.com/apache/beam/sdks/v2/go/pkg/beam"
	for _, bad := range []struct{ file, imported, why string }{
		{"datasets/row.go", module + "/compute", "datasets may not import compute"},
		{"compute/tensor.go", module + "/datasets", "compute may not import datasets"},
		{"transforms/text/text.go", module + "/pipelines", "transforms may not import pipelines"},
		{"transforms/text/text_test.go", module + "/pipelines", "transforms may not import pipelines"},
		{"main.go", module + "/datasets/lake", "main may not import datasets"},
		{"kg/store.go", module + "/transforms/text", "kg may not import transforms"},
		{"pipelines/run.go", module, "nothing imports the command"},
		{"transforms/text/text.go", beam, "Beam lives in main.go, pipelines, transforms/*/beam.go and tests only"},
		{"datasets/beam.go", beam, "Beam lives in main.go, pipelines, transforms/*/beam.go and tests only"},
		{"compute/cpu.go", "C", "cgo lives under compute/internal only"},
		{"datasets/lake/open.go", "github.com/apache/iceberg-go/table", "costs 56 ms at every start"},
		{"datasets/a.go", "github.com/apache/arrow/go/v17/parquet/file", "collides with the arrow v18 that iceberg-go links"},
	} {
		if got := refusal(bad.file, bad.imported); got != bad.why {
			t.Errorf("refusal(%q, %q) = %q, want %q", bad.file, bad.imported, got, bad.why)
		}
	}
	for _, good := range []struct{ file, imported string }{
		{"main.go", module + "/pipelines/command"},
		{"main.go", beam},
		{"pipelines/run.go", module + "/datasets/lake"},
		{"transforms/lakeio/beam.go", beam},
		{"transforms/lakeio/run_test.go", beam},
		{"compute/internal/cpu/gemm.go", "C"},
		{"datasets/lake/table.go", "github.com/apache/iceberg-go"},
		{"datasets/lake/peer_test.go", "github.com/apache/iceberg-go/table"},
	} {
		if got := refusal(good.file, good.imported); got != "" {
			t.Errorf("refusal(%q, %q) = %q, want none", good.file, good.imported, got)
		}
	}
}

// TestPackageComments: every package says what it is for.
func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		dir := path.Dir(f.path)
		documented[dir] = documented[dir] || f.ast.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: package comment missing", dir)
		}
	}
}

var leftOver = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

// TestHygiene: files stay formatted and short enough to hold one concept, and
// nothing is left to do later.
func TestHygiene(t *testing.T) {
	const maxLines = 450
	for _, f := range goFiles(t) {
		if formatted, err := format.Source(f.src); err != nil || string(formatted) != string(f.src) {
			t.Errorf("%s: not formatted (make fmt): %v", f.path, err)
		}
		for i, line := range strings.Split(string(f.src), "\n") {
			if w := leftOver.FindString(line); w != "" {
				t.Errorf("%s:%d: %s: finish it or take it out", f.path, i+1, w)
			}
		}
		lines := strings.Count(string(f.src), "\n")
		if lines > maxLines && !strings.HasSuffix(f.path, "_test.go") && !ast.IsGenerated(f.ast) {
			t.Errorf("%s: %d lines, more than %d: give each concept a file", f.path, lines, maxLines)
		}
	}
}

type goFile struct {
	path string // within the module, forward slashes
	src  []byte
	fset *token.FileSet
	ast  *ast.File
}

// goFiles parses every Go file of the module.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f := goFile{path: filepath.ToSlash(p), src: src, fset: token.NewFileSet()}
		if f.ast, err = parser.ParseFile(f.fset, p, src, parser.ParseComments); err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found %d Go files: is this the module's root?", len(files))
	}
	return files
}
