package formats

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// List finds and pins the inputs that the patterns name: files, folders (every
// file of a known kind below them; names that start with a dot or an
// underscore are passed over) and globs (* ? [] as in filepath.Match, and ** for
// any folders). The result is sorted by path and free of duplicates. A pattern
// that matches no file is an error that names it, unless allowEmpty.
func List(ctx context.Context, patterns []string, allowEmpty bool) ([]Input, error) {
	found := make(map[string]Input)
	for _, pattern := range patterns {
		inputs, err := list(ctx, pattern)
		if err != nil {
			return nil, fmt.Errorf("list input %q: %w", pattern, err)
		}
		if len(inputs) == 0 && !allowEmpty {
			return nil, fmt.Errorf("list input %q: matches no file of a known kind (%s)", pattern, knownKinds)
		}
		for _, in := range inputs {
			if _, dup := found[in.Path]; !dup {
				found[in.Path] = in
			}
		}
	}
	all := make([]Input, 0, len(found))
	for _, in := range found {
		all = append(all, in)
	}
	slices.SortFunc(all, func(a, b Input) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

func list(ctx context.Context, pattern string) ([]Input, error) {
	pattern = filepath.Clean(pattern)
	info, err := os.Stat(pattern)
	switch {
	case err == nil && info.IsDir():
		return walk(ctx, pattern, func(string) bool { return true })
	case err == nil:
		in, err := pin(pattern, filepath.Base(pattern), info)
		return []Input{in}, err
	case !os.IsNotExist(err):
		return nil, err
	case !strings.ContainsAny(pattern, "*?["):
		return nil, err
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("malformed glob: %w", err)
	}
	root := globRoot(pattern)
	if _, err := os.Stat(root); os.IsNotExist(err) {
		return nil, nil
	}
	want := strings.Split(filepath.ToSlash(pattern), "/")
	return walk(ctx, root, func(p string) bool { return match(want, strings.Split(filepath.ToSlash(p), "/")) })
}

// globRoot is the folder above the first wildcard.
func globRoot(pattern string) string {
	head := pattern[:strings.IndexAny(pattern, "*?[")]
	return filepath.Clean(head[:strings.LastIndex(head, string(filepath.Separator))+1])
}

// match matches path elements; ** stands for any number of folders.
func match(want, have []string) bool {
	for len(want) > 0 {
		if want[0] == "**" {
			for i := range len(have) + 1 {
				if match(want[1:], have[i:]) {
					return true
				}
			}
			return false
		}
		if len(have) == 0 {
			return false
		}
		if ok, _ := path.Match(want[0], have[0]); !ok {
			return false
		}
		want, have = want[1:], have[1:]
	}
	return len(have) == 0
}

// walk pins the files below root that have a known kind and are wanted.
func walk(ctx context.Context, root string, want func(path string) bool) ([]Input, error) {
	var inputs []Input
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if p != root && hidden(d.Name()) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if _, known := kindOf(p); d.IsDir() || !known || !want(p) {
			return nil
		}
		info, err := os.Stat(p) // follows a link to a file
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		in, err := pin(p, name, info)
		inputs = append(inputs, in)
		return err
	})
	return inputs, err
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// pin notes what a file is now.
func pin(p, name string, info fs.FileInfo) (Input, error) {
	kind, known := kindOf(p)
	if !known {
		return Input{}, fmt.Errorf("%s: unknown kind of file; known are %s", p, knownKinds)
	}
	if !info.Mode().IsRegular() {
		return Input{}, fmt.Errorf("%s: not a regular file", p)
	}
	return Input{
		Path:     p,
		Name:     filepath.ToSlash(name),
		Size:     info.Size(),
		Modified: info.ModTime().UTC(),
		Kind:     kind,
	}, nil
}
