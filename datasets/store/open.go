package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// scheme needs two letters, so that no drive letter is taken for one.
var scheme = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]+):`)

// Open returns the store at uri: a directory, as a path or file:// URI, or
// mem:NAME, a store in memory that lives as long as the process and is shared
// by all who open the name. A directory that does not exist is made by the
// first write.
func Open(ctx context.Context, uri string) (Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if uri == "" {
		return nil, fmt.Errorf("store: no root given")
	}
	if rest, ok := strings.CutPrefix(uri, "file://"); ok {
		return NewDisk(rest)
	}
	m := scheme.FindStringSubmatch(uri)
	switch {
	case m == nil:
		return NewDisk(uri)
	case m[1] == "mem":
		return NamedMemory(strings.TrimPrefix(uri, "mem:")), nil
	}
	return nil, fmt.Errorf("store: %s: scheme %q is not supported; give a directory or mem:NAME", uri, m[1])
}
