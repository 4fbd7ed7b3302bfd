package config

import (
	"path/filepath"
	"strings"
)

// SourceName is the source of an input that names none: the folder its files
// lie in, "stdin" for standard input.
func SourceName(glob string) string {
	if glob == "-" {
		return "stdin"
	}
	dir := glob
	if i := strings.IndexAny(glob, "*?["); i >= 0 {
		dir = filepath.Dir(glob[:i] + "x")
	} else if filepath.Ext(glob) != "" {
		dir = filepath.Dir(glob)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if base := filepath.Base(dir); base != string(filepath.Separator) && base != "." {
		return base
	}
	return "input"
}
