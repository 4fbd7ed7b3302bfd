// MinHash with 32-byte registers.
#if defined(__x86_64__)

#include "minhash.h"
#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define MINHASH minhash_avx2
#include "minhash_hash.h"

// norm_half puts the normal form of 32 bytes, taken as ASCII, at dst. AVX2 has
// no unsigned comparison: x < k is x == min(x, k-1).
TARGET static inline void norm_half(__m256i v, uint8_t *dst) {
	// Setting bit 5 makes letters lower and moves no other byte among them.
	__m256i lower = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
	__m256i alpha = _mm256_sub_epi8(lower, _mm256_set1_epi8('a'));
	__m256i digit = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
	alpha = _mm256_cmpeq_epi8(alpha, _mm256_min_epu8(alpha, _mm256_set1_epi8(25)));
	digit = _mm256_cmpeq_epi8(digit, _mm256_min_epu8(digit, _mm256_set1_epi8(9)));
	// A digit has bit 5 set as well, so that one select serves both.
	_mm256_storeu_si256((__m256i *)dst, _mm256_and_si256(lower, _mm256_or_si256(alpha, digit)));
}

TARGET static inline uint64_t join(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

// norm_block copies a short block first: bytes past n are not touched and
// count as 0.
TARGET static inline uint64_t norm_block(const uint8_t *src, size_t n, uint8_t *dst) {
	uint8_t tail[64];
	if (__builtin_expect(n < 64, 0)) {
		memset(tail, 0, sizeof tail);
		memcpy(tail, src, n);
		src = tail;
	}
	__m256i v = _mm256_loadu_si256((const __m256i *)src);
	__m256i w = _mm256_loadu_si256((const __m256i *)(src + 32));
	norm_half(v, dst);
	norm_half(w, dst + 32);
	return join((uint32_t)_mm256_movemask_epi8(v), (uint32_t)_mm256_movemask_epi8(w));
}

TARGET static inline uint64_t word_mask(const uint8_t *p) {
	__m256i zero = _mm256_setzero_si256();
	__m256i v = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), zero);
	__m256i w = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(p + 32)), zero);
	return ~join((uint32_t)_mm256_movemask_epi8(v), (uint32_t)_mm256_movemask_epi8(w));
}

// put_edges writes eight edges at a time without looking whether there are so
// many, as simdjson does (Langdale, Lemire 2019): a branch on their number would
// be foretold wrongly too often. Past the last bit ctz gives 64, which the next
// block overwrites.
TARGET static inline size_t put_edges(uint64_t mask, uint32_t at, uint32_t *out) {
	size_t n = (size_t)__builtin_popcountll(mask);
	for (size_t i = 0; i < n; i += 8) {
		for (int j = 0; j < 8; j++) {
			out[i + j] = at + (uint32_t)_tzcnt_u64(mask);
			mask = _blsr_u64(mask);
		}
	}
	return n;
}

// lanes are the 112 values in 14 of the 16 registers.
typedef struct {
	__m256i v[14];
} lanes;

TARGET static inline __m256i load_lane(const uint32_t *p, int i) {
	return _mm256_loadu_si256((const __m256i *)(p + 8 * i));
}

TARGET static inline lanes load_lanes(const uint32_t *p) {
	lanes l;
#pragma GCC unroll 14
	for (int i = 0; i < 14; i++) l.v[i] = load_lane(p, i);
	return l;
}

TARGET static inline void store_lanes(uint32_t *p, lanes l) {
#pragma GCC unroll 14
	for (int i = 0; i < 14; i++) _mm256_storeu_si256((__m256i *)(p + 8 * i), l.v[i]);
}

// constants stay in the first-level cache: two registers are left.
typedef struct {
	const uint32_t *a, *b;
} constants;

TARGET static inline constants load_constants(const minhash_job *job) { return (constants){job->a, job->b}; }

TARGET static inline void step(lanes *m, const constants *c, uint32_t hash) {
	__m256i h = _mm256_set1_epi32((int)hash);
#pragma GCC unroll 14
	for (int i = 0; i < 14; i++) {
		__m256i t = _mm256_mullo_epi32(h, load_lane(c->a, i));
		m->v[i] = _mm256_min_epu32(m->v[i], _mm256_add_epi32(t, load_lane(c->b, i)));
	}
}

#include "minhash_fused.h"
#include "minhash_template.h"

#endif
