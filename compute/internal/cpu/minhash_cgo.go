//go:build cgo

package cpu

/*
#cgo noescape minhash_run
#cgo nocallback minhash_run
#include "minhash.h"

// minhash_run takes plain arguments: cgo forbids a struct in Go memory that
// holds Go pointers.
static void minhash_run(int level, const uint32_t *a, const uint32_t *b, const uint16_t *rune_index,
	const uint32_t *rune_blocks, const int32_t *offsets, const uint8_t *data, int64_t n,
	uint8_t *scratch, uint32_t *signatures, int32_t *counts) {
	minhash_job job = {a, b, rune_index, rune_blocks, offsets, data, n, scratch, signatures, counts};
	switch (level) {
#if defined(__x86_64__)
	case LEVEL_AVX512: minhash_avx512(&job); break;
	case LEVEL_AVX2: minhash_avx2(&job); break;
#endif
	default: minhash_c(&job);
	}
}
*/
import "C"

import "unsafe"

// levels are the implementations in order of preference.
var levels = []struct {
	name string
	id   C.int
}{{"avx512", C.LEVEL_AVX512}, {"avx2", C.LEVEL_AVX2}, {"c", C.LEVEL_C}}

// Levels names the implementations this CPU can run, the fastest first.
func Levels() []string {
	var names []string
	for _, l := range levels {
		if C.cpu_supports(l.id) != 0 {
			names = append(names, l.name)
		}
	}
	return names
}

// levelNumber is the C name of one of [Levels].
func levelNumber(name string) C.int {
	for _, l := range levels {
		if l.name == name {
			return l.id
		}
	}
	panic("cpu: unknown level " + name)
}

// MinHash computes the signatures of a batch in one call to C. The level must be
// one of [Levels].
func MinHash(level string, args MinHashArgs) {
	C.minhash_run(levelNumber(level),
		(*C.uint32_t)(unsafe.SliceData(args.A)), (*C.uint32_t)(unsafe.SliceData(args.B)),
		(*C.uint16_t)(unsafe.SliceData(args.RuneIndex)), (*C.uint32_t)(unsafe.SliceData(args.RuneBlocks)),
		(*C.int32_t)(unsafe.SliceData(args.Offsets)), (*C.uint8_t)(unsafe.SliceData(args.Data)),
		C.int64_t(len(args.Counts)), (*C.uint8_t)(unsafe.SliceData(args.Scratch)),
		(*C.uint32_t)(unsafe.SliceData(args.Signatures)), (*C.int32_t)(unsafe.SliceData(args.Counts)))
}
