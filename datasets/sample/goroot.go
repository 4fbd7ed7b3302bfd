package sample

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrNoGo is wrapped when no Go distribution is found.
var ErrNoGo = errors.New("no Go distribution found: install Go from https://go.dev/dl, or set GOROOT to one")

// goroot finds the installed Go distribution.
func goroot(ctx context.Context) (string, error) {
	if root := os.Getenv("GOROOT"); root != "" {
		if !isGoroot(root) {
			return "", fmt.Errorf("make sample: GOROOT is %s: %w", root, ErrNoGo)
		}
		return root, nil
	}
	if out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output(); err == nil {
		if root := strings.TrimSpace(string(out)); isGoroot(root) {
			return root, nil
		}
	}
	if root := runtime.GOROOT(); isGoroot(root) { // where this program was built
		return root, nil
	}
	return "", fmt.Errorf("make sample: %w", ErrNoGo)
}

func isGoroot(root string) bool {
	info, err := os.Stat(filepath.Join(root, "src", "fmt"))
	return root != "" && err == nil && info.IsDir()
}

// candidates are the files that may hold prose, by path within root.
func candidates(ctx context.Context, root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped[d.Name()] && p != root {
				return filepath.SkipDir
			}
			return ctx.Err()
		}
		name, err := filepath.Rel(root, p)
		if name = filepath.ToSlash(name); err == nil && d.Type().IsRegular() && prose(name) {
			files = append(files, name)
		}
		return err
	})
	return files, err
}

// skipped folders hold test cases, compiled things and caches.
var skipped = map[string]bool{"testdata": true, "pkg": true, "bin": true, ".git": true, "test": true}

func prose(name string) bool {
	base := path.Base(name)
	switch path.Ext(base) {
	case ".go":
		return !strings.HasSuffix(base, "_test.go")
	case ".md", ".txt":
		return true
	case "":
		return strings.HasPrefix(base, "README") || strings.HasPrefix(base, "LICENSE") || base == "PATENTS"
	default:
		return false
	}
}

// sourceOf is the import path of a file's package, or its folder.
func sourceOf(name string) string {
	dir := strings.TrimPrefix(path.Dir(name), "src/")
	if dir == "." || dir == "src" {
		return "go"
	}
	return dir
}
