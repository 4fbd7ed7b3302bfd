package store

import (
	"fmt"
	"io/fs"
	"strings"
)

// CheckPath refuses a path that could leave the root or that some back end
// cannot name.
func CheckPath(path string) error {
	if path == "." || !fs.ValidPath(path) || strings.ContainsAny(path, "\\\x00") {
		return fmt.Errorf("store: path %q is not a clean relative path with forward slashes", path)
	}
	return nil
}

// checkPrefix refuses a listing prefix that no valid path could start with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if CheckPath(strings.TrimSuffix(prefix, "/")) != nil {
		return fmt.Errorf("store: prefix %q is not the start of a clean relative path", prefix)
	}
	return nil
}
