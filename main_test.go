package main

import (
	"os"
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
