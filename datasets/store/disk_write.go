package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Modes of what we make: the group may read, others may not.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// Put writes a small object at once.
func (d *Disk) Put(ctx context.Context, path string, data []byte, cond Condition) (Info, error) {
	w, err := d.Create(ctx, path, cond)
	if err != nil {
		return Info{}, err
	}
	if _, err := w.Write(data); err != nil {
		return Info{}, errors.Join(err, w.Abort())
	}
	return w.Commit(ctx)
}

// Create starts a temporary file beside the object.
func (d *Disk) Create(ctx context.Context, path string, cond Condition) (Writer, error) {
	if err := d.check(ctx, path); err != nil {
		return nil, err
	}
	dir := filepath.Dir(d.file(path))
	// A Delete elsewhere may remove the still empty directory, or one above it: try again.
	for try := 0; ; try++ {
		var f *os.File
		err := makeDir(dir)
		if err == nil {
			tmp := filepath.Join(dir, tmpPrefix+rand.Text()[:16])
			f, err = os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		}
		if err == nil {
			return &diskWriter{disk: d, path: path, cond: cond, f: f}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || try == 100 {
			return nil, wrap("create", path, err)
		}
	}
}

// makeDir is mkdir -p that makes each new name durable.
func makeDir(dir string) error {
	if fi, err := os.Stat(dir); err == nil {
		if !fi.IsDir() {
			return unix.ENOTDIR
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// diskWriter writes a temporary file that Commit gives its name.
type diskWriter struct {
	disk *Disk
	path string
	cond Condition
	f    *os.File
	done bool
}

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = wrap("write", w.path, err)
	}
	return n, err
}

// Commit syncs the file, names it under the condition, and syncs the directory.
func (w *diskWriter) Commit(ctx context.Context) (Info, error) {
	if w.done {
		panic("store: Commit of a finished writer of " + w.path)
	}
	fi, err := w.finish(ctx)
	if err != nil {
		return Info{}, wrap("commit", w.path, errors.Join(err, w.Abort()))
	}
	w.done = true
	if err := syncDir(filepath.Dir(w.f.Name())); err != nil {
		return Info{}, wrap("commit", w.path, err)
	}
	return diskInfo(w.path, fi), nil
}

func (w *diskWriter) finish(ctx context.Context) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := w.f.Sync(); err != nil {
		return nil, err
	}
	fi, err := w.f.Stat()
	if err != nil {
		return nil, err
	}
	if err := w.f.Close(); err != nil {
		return nil, err
	}
	return fi, w.name(ctx)
}

// name gives the temporary file the object's name.
func (w *diskWriter) name(ctx context.Context) error {
	tmp, file := w.f.Name(), w.disk.file(w.path)
	switch {
	case w.cond.IfAbsent:
		return linkNew(tmp, file)
	case w.cond.IfGeneration != "":
		return w.replace(ctx, tmp, file)
	}
	return os.Rename(tmp, file)
}

// linkNew names tmp as file unless file exists, with rename(2) where the file
// system has no hard links.
func linkNew(tmp, file string) error {
	err := os.Link(tmp, file)
	switch {
	case err == nil:
		return os.Remove(tmp)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, file, unix.RENAME_NOREPLACE) == nil {
		return nil
	}
	return err
}

// replace renames tmp over file if file is still the wanted generation. A lock
// on the directory keeps other such writers out meanwhile; it leaves no file.
func (w *diskWriter) replace(ctx context.Context, tmp, file string) error {
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock directory: %w", err)
	}
	now, err := w.disk.Stat(ctx, w.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.Generation != w.cond.IfGeneration {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// Abort removes the temporary file.
func (w *diskWriter) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	w.f.Close() // closed already where Commit failed late
	return gone(os.Remove(w.f.Name()))
}

// Lock takes flock(2) on the file at path, which stays there, empty.
func (d *Disk) Lock(ctx context.Context, path string) (func() error, error) {
	if err := d.check(ctx, path); err != nil {
		return nil, err
	}
	if err := makeDir(filepath.Dir(d.file(path))); err != nil {
		return nil, wrap("lock", path, err)
	}
	f, err := os.OpenFile(d.file(path), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, wrap("lock", path, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, wrap("lock", path, err)
	}
	return f.Close, nil
}
