//go:build cgo

package cpu

/*
#cgo noescape mersenne_run
#cgo nocallback mersenne_run
#include "mersenne.h"
#include "minhash.h"

static void mersenne_run(int level, const uint64_t *a, const uint64_t *b, const uint64_t *hashes, int64_t n,
	uint64_t keep, uint64_t *least) {
	mersenne_job job = {a, b, hashes, n, keep, least};
	switch (level) {
#if defined(__x86_64__)
	case LEVEL_AVX512: mersenne_avx512(&job); break;
	case LEVEL_AVX2: mersenne_avx2(&job); break;
#endif
	default: mersenne_c(&job);
	}
}
*/
import "C"

import "unsafe"

// Mersenne lowers each of the 112 values of least to the least value, cut to the
// bits of keep, of its permutation mod 2^61-1 over the hashes. They must be below
// 2^63 before, and the level one of [Levels].
func Mersenne(level string, least, a, b, hashes []uint64, keep uint64) {
	C.mersenne_run(levelNumber(level),
		(*C.uint64_t)(unsafe.SliceData(a)), (*C.uint64_t)(unsafe.SliceData(b)),
		(*C.uint64_t)(unsafe.SliceData(hashes)), C.int64_t(len(hashes)), C.uint64_t(keep),
		(*C.uint64_t)(unsafe.SliceData(least)))
}
