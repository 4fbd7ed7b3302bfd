package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a store in memory, for tests and for trying things out.
type Memory struct {
	uri     string
	mu      sync.Mutex
	objects map[string]memObject
	locks   map[string]bool
	writes  int64 // counts writes: the next generation
}

type memObject struct {
	data []byte // never changed once stored
	info Info
}

var named struct {
	sync.Mutex
	stores map[string]*Memory
}

// NewMemory returns an empty store of its own.
func NewMemory() *Memory {
	return &Memory{uri: "mem:", objects: map[string]memObject{}, locks: map[string]bool{}}
}

// NamedMemory returns the process's store of that name.
func NamedMemory(name string) *Memory {
	named.Lock()
	defer named.Unlock()
	if named.stores == nil {
		named.stores = map[string]*Memory{}
	}
	m, ok := named.stores[name]
	if !ok {
		m = NewMemory()
		m.uri = "mem:" + name
		named.stores[name] = m
	}
	return m
}

// URI is mem:NAME.
func (m *Memory) URI() string { return m.uri }

// get returns the object at path.
func (m *Memory) get(ctx context.Context, op, path string) (memObject, error) {
	if err := errors.Join(ctx.Err(), CheckPath(path)); err != nil {
		return memObject{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[path]
	if !ok {
		return memObject{}, wrap(op, path, ErrNotExist)
	}
	return o, nil
}

// Stat describes the object at path.
func (m *Memory) Stat(ctx context.Context, path string) (Info, error) {
	o, err := m.get(ctx, "stat", path)
	return o.info, err
}

// Open opens the object at path as it is now.
func (m *Memory) Open(ctx context.Context, path string) (Object, error) {
	o, err := m.get(ctx, "open", path)
	if err != nil {
		return nil, err
	}
	return memReader{bytes.NewReader(o.data)}, nil
}

// ReadFile returns a copy of the object's bytes.
func (m *Memory) ReadFile(ctx context.Context, path string) ([]byte, Info, error) {
	o, err := m.get(ctx, "read", path)
	return slices.Clone(o.data), o.info, err
}

// Put writes an object at once.
func (m *Memory) Put(ctx context.Context, path string, data []byte, cond Condition) (Info, error) {
	if err := errors.Join(ctx.Err(), CheckPath(path)); err != nil {
		return Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[path]
	if cond.IfAbsent && exists {
		return Info{}, wrap("commit", path, ErrExist)
	}
	if cond.IfGeneration != "" && (!exists || old.info.Generation != cond.IfGeneration) {
		return Info{}, wrap("commit", path, ErrChanged)
	}
	m.writes++
	info := Info{Path: path, Size: int64(len(data)), Modified: time.Now(), Generation: strconv.FormatInt(m.writes, 10)}
	m.objects[path] = memObject{data: slices.Clone(data), info: info}
	return info, nil
}

// Create starts an object that Commit stores.
func (m *Memory) Create(ctx context.Context, path string, cond Condition) (Writer, error) {
	if err := errors.Join(ctx.Err(), CheckPath(path)); err != nil {
		return nil, err
	}
	return &memWriter{store: m, path: path, cond: cond}, nil
}

// List filters all paths.
func (m *Memory) List(ctx context.Context, prefix string) ([]Info, error) {
	if err := errors.Join(ctx.Err(), checkPrefix(prefix)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var infos []Info
	for path, o := range m.objects {
		if strings.HasPrefix(path, prefix) {
			infos = append(infos, o.info)
		}
	}
	sortByPath(infos)
	return infos, nil
}

// Delete removes the object at path.
func (m *Memory) Delete(ctx context.Context, path string) error {
	if err := errors.Join(ctx.Err(), CheckPath(path)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[path]; !ok {
		return wrap("delete", path, ErrNotExist)
	}
	delete(m.objects, path)
	return nil
}

// Lock marks path as locked within the process.
func (m *Memory) Lock(ctx context.Context, path string) (func() error, error) {
	if err := errors.Join(ctx.Err(), CheckPath(path)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[path] {
		return nil, wrap("lock", path, ErrLocked)
	}
	m.locks[path] = true
	return sync.OnceValue(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, path)
		return nil
	}), nil
}

type memReader struct{ *bytes.Reader }

func (r memReader) Size() int64  { return r.Reader.Size() }
func (r memReader) Close() error { return nil }

type memWriter struct {
	store *Memory
	path  string
	cond  Condition
	buf   bytes.Buffer
	done  bool
}

func (w *memWriter) Write(p []byte) (int, error) { return w.buf.Write(p) }

func (w *memWriter) Commit(ctx context.Context) (Info, error) {
	if w.done {
		panic("store: Commit of a finished writer of " + w.path)
	}
	w.done = true
	return w.store.Put(ctx, w.path, w.buf.Bytes(), w.cond)
}

func (w *memWriter) Abort() error {
	w.done = true
	return nil
}
