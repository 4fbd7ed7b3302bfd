package storetest

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"github.com/chimera-1/chimera/datasets/store"
)

// ErrKilled is what every operation fails with once a Faulty store is dead.
var ErrKilled = errors.New("storetest: process killed")

// Faulty is a store that fails on purpose. Operations are counted from 1: every
// call of a Store method and every Commit of a Writer is one.
//
// The zero value of each field injects nothing. Set them before use.
type Faulty struct {
	store.Store

	KillAfter int64 // so many operations succeed; then the process is dead: all fails and its locks are free
	FailAt    int64 // this one operation fails with Err, without effect
	Err       error // defaults to EIO
	Space     int64 // after so many bytes every write fails with ENOSPC

	mu     sync.Mutex
	ops    int64
	bytes  int64
	killed bool
	locks  []func() error
}

// Ops is how many operations were asked for.
func (f *Faulty) Ops() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Kill ends the process now.
func (f *Faulty) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kill()
}

// kill frees the locks, as the kernel does.
func (f *Faulty) kill() {
	if f.killed {
		return
	}
	f.killed = true
	for _, unlock := range f.locks {
		_ = unlock() // the process that would hear of it is dead
	}
}

// step counts one operation and says how it fails, if it does.
func (f *Faulty) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	switch {
	case f.killed:
		return ErrKilled
	case f.KillAfter > 0 && f.ops > f.KillAfter:
		f.kill()
		return ErrKilled
	case f.ops == f.FailAt && f.Err == nil:
		return syscall.EIO
	case f.ops == f.FailAt:
		return f.Err
	}
	return nil
}

// dead fails an operation that is not counted.
func (f *Faulty) dead() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.killed {
		return ErrKilled
	}
	return nil
}

// room says how many of n bytes still fit.
func (f *Faulty) room(n int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Space > 0 && f.bytes+int64(n) > f.Space {
		left := int(f.Space - f.bytes)
		f.bytes = f.Space
		return left, syscall.ENOSPC
	}
	f.bytes += int64(n)
	return n, nil
}

// Stat is one operation.
func (f *Faulty) Stat(ctx context.Context, path string) (store.Info, error) {
	if err := f.step(); err != nil {
		return store.Info{}, err
	}
	return f.Store.Stat(ctx, path)
}

// Open is one operation; reads of a dead process fail.
func (f *Faulty) Open(ctx context.Context, path string) (store.Object, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	o, err := f.Store.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return faultyObject{o, f}, nil
}

// ReadFile is one operation.
func (f *Faulty) ReadFile(ctx context.Context, path string) ([]byte, store.Info, error) {
	if err := f.step(); err != nil {
		return nil, store.Info{}, err
	}
	return f.Store.ReadFile(ctx, path)
}

// Put is one operation.
func (f *Faulty) Put(ctx context.Context, path string, data []byte, cond store.Condition) (store.Info, error) {
	if err := f.step(); err != nil {
		return store.Info{}, err
	}
	if _, err := f.room(len(data)); err != nil {
		return store.Info{}, err
	}
	return f.Store.Put(ctx, path, data, cond)
}

// Create is one operation, and so is the writer's Commit.
func (f *Faulty) Create(ctx context.Context, path string, cond store.Condition) (store.Writer, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	w, err := f.Store.Create(ctx, path, cond)
	if err != nil {
		return nil, err
	}
	return faultyWriter{w, f}, nil
}

// List is one operation.
func (f *Faulty) List(ctx context.Context, prefix string) ([]store.Info, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, prefix)
}

// Delete is one operation.
func (f *Faulty) Delete(ctx context.Context, path string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.Store.Delete(ctx, path)
}

// Lock is one operation.
func (f *Faulty) Lock(ctx context.Context, path string) (func() error, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	unlock, err := f.Store.Lock(ctx, path)
	if err != nil {
		return nil, err
	}
	once := sync.OnceValue(unlock)
	f.mu.Lock()
	f.locks = append(f.locks, once)
	f.mu.Unlock()
	return once, nil
}

type faultyObject struct {
	store.Object
	f *Faulty
}

func (o faultyObject) ReadAt(p []byte, off int64) (int, error) {
	if err := o.f.dead(); err != nil {
		return 0, err
	}
	return o.Object.ReadAt(p, off)
}

type faultyWriter struct {
	store.Writer
	f *Faulty
}

// Write writes what fits, like a full disk.
func (w faultyWriter) Write(p []byte) (int, error) {
	if err := w.f.dead(); err != nil {
		return 0, err
	}
	fits, full := w.f.room(len(p))
	n, err := w.Writer.Write(p[:fits])
	if err == nil {
		err = full
	}
	return n, err
}

func (w faultyWriter) Commit(ctx context.Context) (store.Info, error) {
	if err := w.f.step(); err != nil {
		return store.Info{}, err
	}
	return w.Writer.Commit(ctx)
}

// Abort of a dead process leaves what is there.
func (w faultyWriter) Abort() error {
	if err := w.f.dead(); err != nil {
		return err
	}
	return w.Writer.Abort()
}
