package text

import (
	"encoding/binary"
	"math/bits"
)

// table maps 64-bit hashes to numbers the caller gives out, by open addressing.
// It uses as much of its memory as the document at hand needs, so that the table
// of a small document stays in the cache.
type table struct {
	slots []uint64 // upper half of a hash, then the number plus 1; 0: free
	mask  uint64
}

const tagBits = 0xFFFFFFFF << 32

// reset empties the table and makes room for n entries.
func (t *table) reset(n int) {
	size := 1 << bits.Len(uint(max(2*n, 16)-1))
	t.slots = grow(t.slots, size)
	clear(t.slots)
	t.mask = uint64(size - 1)
}

// insert returns the number under which an equal entry came first, or enters
// ref. Only same decides equality: equal hashes are a hint.
func (t *table) insert(hash uint64, ref int32, same func(first int32) bool) (first int32, found bool) {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s == 0 {
			t.slots[i] = hash&tagBits | uint64(ref+1)
			return ref, false
		}
		if first := int32(s) - 1; (s^hash)&tagBits == 0 && same(first) {
			return first, true
		}
	}
}

// repeats finds the hashes of a document that occur more than once, with few
// false alarms: two bits for each of many cells. What it does not report is
// certainly unique, so exact work is left for the few it does.
type repeats struct {
	cells []cells
	shift uint
}

// cells are 64 of them: those hit at all, and those hit again.
type cells struct{ once, twice uint64 }

// reset empties the filter for n hashes.
func (r *repeats) reset(n int) {
	width := max(bits.Len(uint(n))+4, 10) // 16 to 32 cells a hash
	r.cells = grow(r.cells, 1<<(width-6))
	clear(r.cells)
	r.shift = uint(64 - width)
}

func (r *repeats) add(hash uint64) {
	cell := hash >> (r.shift & 63)
	c := &r.cells[cell>>6]
	bit := uint64(1) << (cell & 63)
	c.twice |= c.once & bit
	c.once |= bit
}

func (r *repeats) addAll(hashes []uint64) {
	all, shift := r.cells, r.shift&63
	for _, h := range hashes {
		cell := h >> shift
		c := &all[cell>>6]
		bit := uint64(1) << (cell & 63)
		c.twice |= c.once & bit
		c.once |= bit
	}
}

// again reports whether hash may have been added more than once.
func (r *repeats) again(hash uint64) bool {
	cell := hash >> (r.shift & 63)
	return r.cells[cell>>6].twice>>(cell&63)&1 != 0
}

// collect returns the indices of the hashes that may have been added more than
// once, in dst's memory where it suffices. It does not branch on the answer,
// which would be hard to predict.
func (r *repeats) collect(dst []int32, hashes []uint64) []int32 {
	dst = grow(dst, len(hashes)+1)
	all, shift := r.cells, r.shift&63
	n := 0
	for i, h := range hashes {
		cell := h >> shift
		dst[n] = int32(i)
		n += int(all[cell>>6].twice >> (cell & 63) & 1)
	}
	return dst[:n]
}

const (
	mix0 = 0x9e3779b97f4a7c15
	mix1 = 0xbf58476d1ce4e5b9
	mix2 = 0x94d049bb133111eb
)

// mix hashes two words into one by a folded 128-bit product.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^mix0, b^mix1)
	return hi ^ lo
}

// hashBytes hashes buf[from:to]. Bytes after the range, of which there must be
// 8, are read and not used.
func hashBytes(buf []byte, from, to int32) uint64 {
	n := to - from
	if n <= 8 {
		return mix(load(buf, from)&low(n), uint64(n))
	}
	h := uint64(n) * mix2
	for ; from+16 < to; from += 16 {
		h = mix(h^load(buf, from), load(buf, from+8))
	}
	return mix(h^load(buf, max(to-16, to-n)), load(buf, to-8))
}

func load(buf []byte, at int32) uint64 { return binary.LittleEndian.Uint64(buf[at:]) }

// low masks the n lowest bytes of a word, n from 0 to 8.
func low(n int32) uint64 {
	if n <= 0 {
		return 0
	}
	return ^uint64(0) >> (uint(64-8*n) & 63)
}

// grow returns a slice of n elements, of s where it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
