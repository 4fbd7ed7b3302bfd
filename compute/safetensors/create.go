package safetensors

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Create writes a file of tensors at path, replacing what is there. The file is
// complete or it is not there at all, also when the program or the machine stops
// midway: it is written under another name in the same folder, brought to the
// disk, and renamed. Its mode is 0640 less the umask. Whoever has mapped the
// replaced file keeps reading the old bytes.
func Create(path string, tensors []Tensor, metadata map[string]string) error {
	if _, err := encodeHeader(canonical(tensors), metadata); err != nil {
		return inFile(err, path, "write")
	}
	err := replace(path, func(f *os.File) error { return Write(f, tensors, metadata) })
	if err != nil {
		return inFile(err, path, "create")
	}
	return nil
}

// replace makes the content of path whatever fill writes, or leaves it alone.
func replace(path string, fill func(*os.File) error) (err error) {
	dir, base := filepath.Split(path)
	temporary := filepath.Join(dir, "."+base+"."+rand.Text()[:10]+".tmp")
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temporary)
		}
	}()
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir brings a folder's names to the disk; some systems have no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if dir == "" {
		dir = "."
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
