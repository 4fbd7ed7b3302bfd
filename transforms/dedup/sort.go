package dedup

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
	"unsafe"
)

// triple is a record of three words, ordered word by word. Entries, edges and
// pairs are all triples.
type triple [3]uint64

func (a *triple) less(b *triple) bool {
	if a[0] != b[0] {
		return a[0] < b[0]
	}
	if a[1] != b[1] {
		return a[1] < b[1]
	}
	return a[2] < b[2]
}

func compareTriples(a, b triple) int {
	if c := cmp.Compare(a[0], b[0]); c != 0 {
		return c
	}
	if c := cmp.Compare(a[1], b[1]); c != 0 {
		return c
	}
	return cmp.Compare(a[2], b[2])
}

// asTriples views entries as triples: the same three words in the same order.
func asTriples(e []Entry) []triple {
	return unsafe.Slice((*triple)(unsafe.Pointer(unsafe.SliceData(e))), len(e))
}

const (
	radixBits = 11 // of one pass: its counters fit the first-level cache
	smallSort = 24 // longest run sorted by insertion
)

var scratch = sync.Pool{New: func() any { return new([]triple) }}

// sortTriples sorts a: two radix passes over the highest bits in which the
// first words differ, then the short runs that agree in them. Runs that are
// sorted already, such as the rows of one hash key, cost nothing more.
func sortTriples(a []triple) {
	if len(a) <= 2*smallSort {
		insertionSort(a)
		return
	}
	shift := digitShift(a)
	tmp := scratch.Get().(*[]triple)
	defer scratch.Put(tmp)
	if cap(*tmp) < len(a) {
		*tmp = make([]triple, len(a))
	}
	b := (*tmp)[:len(a)]
	radixPass(b, a, shift)
	radixPass(a, b, shift+radixBits)
	sortRuns(a, shift)
}

// digitShift leaves the highest 2*radixBits bits in which first words differ.
// Bits above are equal in all of them.
func digitShift(a []triple) uint {
	var differ uint64
	for i := range a {
		differ |= a[i][0] ^ a[0][0]
	}
	return uint(max(bits.Len64(differ)-2*radixBits, 0))
}

// radixPass distributes src to dst by one digit of the first word, stably.
func radixPass(dst, src []triple, shift uint) {
	var at [1 << radixBits]int32
	for i := range src {
		at[src[i][0]>>shift&(1<<radixBits-1)]++
	}
	sum := int32(0)
	for d, n := range at {
		at[d] = sum
		sum += n
	}
	for i := range src {
		d := src[i][0] >> shift & (1<<radixBits - 1)
		dst[at[d]] = src[i]
		at[d]++
	}
}

// sortRuns sorts the runs that agree in the bits from shift up.
func sortRuns(a []triple, shift uint) {
	for i := 0; i < len(a); {
		j := i + 1
		for j < len(a) && a[j][0]>>shift == a[i][0]>>shift {
			j++
		}
		switch {
		case j-i == 1:
		case j-i <= smallSort:
			insertionSort(a[i:j])
		default:
			slices.SortFunc(a[i:j], compareTriples)
		}
		i = j
	}
}

func insertionSort(a []triple) {
	for i := 1; i < len(a); i++ {
		for j := i; j > 0 && a[j].less(&a[j-1]); j-- {
			a[j], a[j-1] = a[j-1], a[j]
		}
	}
}
