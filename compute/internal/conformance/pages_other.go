//go:build !linux

package conformance

const havePages = false

func borrowPages(int) (pages []byte, free func()) { panic("conformance: no protected pages here") }
