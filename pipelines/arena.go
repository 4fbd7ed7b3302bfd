package pipelines

import "unsafe"

// arena holds the bytes of rows that wait to be written: one allocation for
// many texts, all freed together.
type arena struct {
	block []byte
	full  [][]byte
}

const arenaBlock = 1 << 20

// grow returns an empty slice with room for n bytes that stays valid until reset.
func (a *arena) grow(n int) []byte {
	if cap(a.block)-len(a.block) < n {
		if a.block != nil {
			a.full = append(a.full, a.block)
		}
		a.block = make([]byte, 0, max(arenaBlock, n))
	}
	at := len(a.block)
	a.block = a.block[:at+n]
	return a.block[at : at : at+n]
}

// copy returns a copy of s that stays valid until reset.
func (a *arena) copy(s string) string {
	if s == "" {
		return ""
	}
	b := append(a.grow(len(s)), s...)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// reset frees every copy. The last block is used again.
func (a *arena) reset() {
	a.full = nil
	a.block = a.block[:0]
}
