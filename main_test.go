package main

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"chimera": main})
}

// TestScripts runs testdata/script/*.txtar against the program itself. A
// script's environment has nothing of the caller's but what it needs.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status, "jsonline": jsonLine},
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"GOROOT", "GOCACHE", "GOFLAGS"} {
				if v := os.Getenv(name); v != "" {
					env.Setenv(name, v)
				}
			}
			return nil
		},
	})
}

// TestManual runs the commands of the package comment, one after another.
func TestManual(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole night: not in short mode")
	}
	f, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	dir, ran := t.TempDir(), 0
	for line := range strings.SplitSeq(f.Doc.Text(), "\n") {
		args := strings.Fields(line)
		if !strings.HasPrefix(line, "\tchimera ") {
			continue
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.TrimSpace(line), err, out)
		}
		ran++
	}
	if ran != 3 {
		t.Errorf("the manual has %d commands, want 3", ran)
	}
}

// markdownLink finds [text](target) in Markdown; code has been cut out before.
var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
)

// TestDocLinks: links between the pages lead somewhere.
func TestDocLinks(t *testing.T) {
	pages := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "notebooks/*.md", "infra/*/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			pages++
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(page), ""), -1) {
				target, _, _ := strings.Cut(m[1], "#")
				if target == "" || strings.Contains(target, "://") {
					continue
				}
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), filepath.FromSlash(target))); err != nil {
					t.Errorf("%s links to %s, which is not there", file, m[1])
				}
			}
		}
	}
	if pages < 5 {
		t.Errorf("looked at %d pages only", pages)
	}
}
