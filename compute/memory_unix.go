//go:build unix

package compute

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mapPages is n bytes of zeroed memory of the system, outside the Go heap: a
// failure is an error and no crash, and Close gives it back at once.
func mapPages(n int) ([]byte, error) {
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutOfMemory, err)
	}
	adviseHuge(mem)
	return mem, nil
}

func unmapPages(mem []byte) { _ = unix.Munmap(mem) }
