package conformance

import (
	"os"
	"sync"
	"syscall"
)

// idlePages are mappings between two pages that may not be touched, by the
// number of their pages; they are used again, never unmapped.
var (
	pagesMu   sync.Mutex
	idlePages = map[int][][]byte{}
)

// borrowPages is at least so many bytes of whole pages, zero or dirty, between
// pages that may not be touched, and what gives them back.
func borrowPages(bytes int) (pages []byte, free func()) {
	size := os.Getpagesize()
	n := 1
	for n*size < bytes {
		n *= 2
	}
	pagesMu.Lock()
	defer pagesMu.Unlock()
	if idle := idlePages[n]; len(idle) > 0 {
		pages, idlePages[n] = idle[len(idle)-1], idle[:len(idle)-1]
	} else {
		pages = mapPages(n, size)
	}
	return pages, func() {
		pagesMu.Lock()
		idlePages[n] = append(idlePages[n], pages)
		pagesMu.Unlock()
	}
}

func mapPages(n, size int) []byte {
	all, err := syscall.Mmap(-1, 0, (n+2)*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err == nil {
		err = syscall.Mprotect(all[:size], syscall.PROT_NONE)
	}
	if err == nil {
		err = syscall.Mprotect(all[(n+1)*size:], syscall.PROT_NONE)
	}
	if err != nil {
		panic("conformance: no protected pages: " + err.Error())
	}
	return all[size : (n+1)*size : (n+1)*size]
}

const havePages = true
