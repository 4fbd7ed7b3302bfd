package lake

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Of iceberg-go only the root package may be linked: its table package costs
// 56 ms at every start (docs/design/0003-iceberg-metadata.md).
func TestNoIcebergTablePackage(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		must(t, err)
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			must(t, err)
			if strings.HasPrefix(path, "github.com/apache/iceberg-go/") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
