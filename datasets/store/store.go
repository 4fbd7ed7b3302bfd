package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Kinds of failure that callers decide on.
var (
	ErrNotExist = fmt.Errorf("no such object: %w", fs.ErrNotExist)
	ErrExist    = fmt.Errorf("object exists already: %w", fs.ErrExist)
	ErrChanged  = errors.New("object has changed meanwhile")
	ErrLocked   = errors.New("locked by another process")
)

// Info describes an object.
type Info struct {
	Path       string // within the store, forward slashes
	Size       int64
	Modified   time.Time
	Generation string // changes with every write of the path; opaque
}

// Object is an open object. ReadAt may be called by several goroutines.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Writer writes one object. Nothing is visible before Commit.
type Writer interface {
	io.Writer
	// Commit makes the object durable and visible, or fails and leaves nothing.
	Commit(ctx context.Context) (Info, error)
	// Abort drops what was written. After Commit it does nothing.
	Abort() error
}

// Condition says when a write may take effect. The zero value overwrites.
type Condition struct {
	IfAbsent     bool   // else ErrExist
	IfGeneration string // else ErrChanged, also where the object is gone
}

// Store keeps objects under one root. All methods may be called concurrently.
type Store interface {
	// URI is the root as it stands before the paths inside table metadata.
	URI() string
	Stat(ctx context.Context, path string) (Info, error)
	Open(ctx context.Context, path string) (Object, error)
	ReadFile(ctx context.Context, path string) ([]byte, Info, error)
	Put(ctx context.Context, path string, data []byte, cond Condition) (Info, error)
	Create(ctx context.Context, path string, cond Condition) (Writer, error)
	// List returns every object whose path starts with prefix, at any depth,
	// sorted by path. A prefix of nothing lists nothing.
	List(ctx context.Context, prefix string) ([]Info, error)
	Delete(ctx context.Context, path string) error
	// Lock takes an exclusive advisory lock that ends with the process, or
	// fails at once with ErrLocked. A back end without such locks fails with
	// errors.ErrUnsupported.
	Lock(ctx context.Context, path string) (unlock func() error, err error)
}

// Litterer is a store in which a killed writer leaves something behind that
// List does not show.
type Litterer interface {
	// Litter lists leftovers of unfinished writes, also of those under way.
	// Delete takes their paths.
	Litter(ctx context.Context) ([]Info, error)
}
