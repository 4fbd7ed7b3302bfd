//go:build unix

package safetensors

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// mapBuffer maps the whole file, so that the buffer keeps its alignment.
func (f *File) mapBuffer(file *os.File, size int64) error {
	if size > math.MaxInt {
		return nil // more than fits into the address space: read by ranges
	}
	data, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("safetensors: %s: map: %w", f.name, err)
	}
	f.mapped = data
	return nil
}

func unmap(data []byte) error { return unix.Munmap(data) }
