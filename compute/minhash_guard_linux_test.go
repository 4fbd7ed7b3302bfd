package compute

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// TestNoReadOutsideTheText puts each text at the very end and the very start of
// a page whose neighbours cannot be read: a load too far ends the process.
func TestNoReadOutsideTheText(t *testing.T) {
	size := syscall.Getpagesize()
	pages, err := syscall.Mmap(-1, 0, 3*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skipf("no anonymous mapping: %v", err)
	}
	defer syscall.Munmap(pages)
	for _, guard := range [][]byte{pages[:size], pages[2*size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skipf("no protected pages: %v", err)
		}
	}
	page := pages[size : 2*size]
	eachLevel(t, func(t *testing.T, _ string) {
		r := rand.New(rand.NewPCG(8, 8))
		m := NewMinHasher(3)
		for kind := range alphabets {
			for n := range 200 {
				text := randomText(r, kind, n)
				for _, at := range []int{0, size - len(text)} {
					copy(page[at:], text)
					inPage := page[at : at+len(text)]
					checkSignature(t, m, 3, unsafe.String(unsafe.SliceData(inPage), len(inPage)))
				}
			}
		}
	})
}
