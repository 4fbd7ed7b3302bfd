package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// tmpPrefix starts the names of files under way. List hides them.
const tmpPrefix = ".tmp-"

// Disk is a store in a directory of a local file system.
type Disk struct{ root string }

// NewDisk returns the store in dir. Symbolic links in dir are resolved, so
// that one lake has one URI however it is reached.
func NewDisk(dir string) (*Disk, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", dir, err)
	}
	root, err := resolve(abs)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", dir, err)
	}
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("store: %s: %w", root, syscall.ENOTDIR)
	}
	return &Disk{root: root}, nil
}

// resolve follows the symbolic links of the part of dir that exists.
func resolve(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return dir, nil
	}
	real, err = resolve(parent)
	return filepath.Join(real, filepath.Base(dir)), err
}

// URI is the absolute path of the directory.
func (d *Disk) URI() string { return d.root }

func (d *Disk) file(path string) string { return filepath.Join(d.root, filepath.FromSlash(path)) }

// check is the first step of every operation on one object.
func (d *Disk) check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return CheckPath(path)
}

// Stat describes the object at path.
func (d *Disk) Stat(ctx context.Context, path string) (Info, error) {
	if err := d.check(ctx, path); err != nil {
		return Info{}, err
	}
	fi, err := os.Lstat(d.file(path))
	if err != nil {
		return Info{}, wrap("stat", path, err)
	}
	if !fi.Mode().IsRegular() {
		return Info{}, wrap("stat", path, fs.ErrNotExist)
	}
	return diskInfo(path, fi), nil
}

// Open opens the object at path. Reads are pread(2).
func (d *Disk) Open(ctx context.Context, path string) (Object, error) {
	f, fi, err := d.open(ctx, path)
	if err != nil {
		return nil, err
	}
	return &diskObject{File: f, size: fi.Size()}, nil
}

func (d *Disk) open(ctx context.Context, path string) (*os.File, fs.FileInfo, error) {
	if err := d.check(ctx, path); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(d.file(path))
	if err != nil {
		return nil, nil, wrap("open", path, err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, nil, wrap("open", path, err)
	}
	return f, fi, nil
}

// ReadFile returns the object's bytes.
func (d *Disk) ReadFile(ctx context.Context, path string) ([]byte, Info, error) {
	f, fi, err := d.open(ctx, path)
	if err != nil {
		return nil, Info{}, err
	}
	defer f.Close()
	data := make([]byte, fi.Size())
	// Objects are replaced as a whole, so the open file cannot grow.
	if n, err := f.ReadAt(data, 0); n < len(data) {
		return nil, Info{}, wrap("read", path, err)
	}
	return data, diskInfo(path, fi), nil
}

// List walks the part of the tree under prefix.
func (d *Disk) List(ctx context.Context, prefix string) ([]Info, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	return d.walk(ctx, prefix, func(name string) bool { return !strings.HasPrefix(name, tmpPrefix) })
}

// Litter lists temporary files: those of writers under way and of killed ones.
func (d *Disk) Litter(ctx context.Context) ([]Info, error) {
	return d.walk(ctx, "", func(name string) bool { return strings.HasPrefix(name, tmpPrefix) })
}

// walk lists the regular files under prefix whose base names are wanted.
func (d *Disk) walk(ctx context.Context, prefix string, want func(name string) bool) ([]Info, error) {
	dir := ""
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir = prefix[:i]
	}
	var infos []Info
	err := filepath.WalkDir(d.file(dir), func(file string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(d.root, file)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(rel)
		if e.IsDir() {
			if path != "." && !strings.HasPrefix(path+"/", prefix) && !strings.HasPrefix(prefix, path+"/") {
				return fs.SkipDir
			}
			return nil
		}
		if !e.Type().IsRegular() || !strings.HasPrefix(path, prefix) || !want(e.Name()) {
			return nil
		}
		fi, err := e.Info()
		if err != nil {
			return gone(err)
		}
		infos = append(infos, diskInfo(path, fi))
		return nil
	})
	if gone(err) != nil {
		return nil, fmt.Errorf("store: list %s: %w", prefix, err)
	}
	sortByPath(infos)
	return infos, nil
}

func sortByPath(infos []Info) {
	slices.SortFunc(infos, func(a, b Info) int { return strings.Compare(a.Path, b.Path) })
}

// gone forgives what vanished while it was being listed.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// Delete removes the object and the directories it leaves empty.
func (d *Disk) Delete(ctx context.Context, path string) error {
	if err := d.check(ctx, path); err != nil {
		return err
	}
	file := d.file(path)
	if err := os.Remove(file); err != nil {
		return wrap("delete", path, err)
	}
	for dir := filepath.Dir(file); dir != d.root && strings.HasPrefix(dir, d.root); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break
		}
	}
	return nil
}

type diskObject struct {
	*os.File
	size int64
}

func (o *diskObject) Size() int64 { return o.size }

// diskInfo makes the generation from what every replacement changes: the inode
// is a new one, and the time is the new file's.
func diskInfo(path string, fi fs.FileInfo) Info {
	inode := uint64(0)
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return Info{
		Path: path, Size: fi.Size(), Modified: fi.ModTime(),
		Generation: fmt.Sprintf("%x-%x-%x", inode, fi.ModTime().UnixNano(), fi.Size()),
	}
}

// wrap names operation and object, and turns the system's errors into ours.
func wrap(op, path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("store: %s %s: %w", op, path, ErrNotExist)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("store: %s %s: %w", op, path, ErrExist)
	}
	return fmt.Errorf("store: %s %s: %w", op, path, err)
}
