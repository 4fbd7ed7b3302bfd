package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
)

// errIO is what a disk says that cannot give back what it was given.
const errIO = syscall.EIO

// disk is what a Writer does to a folder, each method one step at which a program
// can be killed; tests do so.
type disk interface {
	create(path string) (file, error) // empties what is there
	rename(from, to string) error
	remove(path string) error
	syncDir(dir string) error
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

type osDisk struct{}

func (osDisk) create(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) remove(path string) error { return os.Remove(path) }

// syncDir brings a folder's names to the disk; Windows has no such call.
func (osDisk) syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// write makes a file whose content is on the disk when it has its name.
func write(d disk, path string, fill func(io.Writer) error) error {
	temporary := path + temporaryTail
	f, err := d.create(temporary)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, d.remove(temporary))
	}
	if err := d.rename(temporary, path); err != nil {
		return errors.Join(err, d.remove(temporary))
	}
	return nil
}

// readSome reads until p is full or the file ends.
func readSome(r io.Reader, p []byte) (int, error) {
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// cancelling ends writing when the context does, also within a large tensor.
type cancelling struct {
	ctx context.Context
	w   io.Writer
}

func (c cancelling) Write(p []byte) (n int, err error) {
	const piece = 1 << 22
	for {
		if err := c.ctx.Err(); err != nil {
			return n, err
		}
		k, err := c.w.Write(p[n:min(n+piece, len(p))])
		if n += k; err != nil || n == len(p) {
			return n, err
		}
	}
}
