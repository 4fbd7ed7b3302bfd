// MinHash with 64-byte registers: one load is a block, masks are registers.
#if defined(__x86_64__)

#include "minhash.h"
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#define MINHASH minhash_avx512
#include "minhash_hash.h"

// norm_block masks the load: bytes past n are not touched and count as 0.
TARGET static inline uint64_t norm_block(const uint8_t *src, uint64_t n, uint8_t *dst) {
	__m512i v = _mm512_maskz_loadu_epi8(_cvtu64_mask64(n < 64 ? (UINT64_C(1) << n) - 1 : ~UINT64_C(0)), src);
	__m512i lower = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
	// Setting bit 5 makes letters lower and moves no other byte among them.
	__mmask64 alpha = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')), _mm512_set1_epi8(26));
	__mmask64 digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
	// A digit has bit 5 set as well, so that one select serves both.
	_mm512_storeu_si512(dst, _mm512_maskz_mov_epi8(alpha | digit, lower));
	return _cvtmask64_u64(_mm512_movepi8_mask(v));
}

TARGET static inline uint64_t word_mask(const uint8_t *p) {
	__m512i v = _mm512_loadu_si512(p);
	return _cvtmask64_u64(_mm512_test_epi8_mask(v, v));
}

static const uint8_t iota[64] __attribute__((aligned(64))) = {
	0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
	44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

// put_edges compresses the numbers 0..63 by the mask: 32 edges a block cover
// all but texts of one-letter words.
TARGET static inline size_t put_edges(uint64_t mask, uint32_t at, uint32_t *out) {
	__m512i v = _mm512_maskz_compress_epi8(_cvtu64_mask64(mask), _mm512_load_si512(iota));
	__m512i base = _mm512_set1_epi32((int)at);
	size_t n = (size_t)_mm_popcnt_u64(mask);
	__m256i low = _mm512_castsi512_si256(v);
	_mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm256_castsi256_si128(low))));
	_mm512_storeu_si512(out + 16, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm256_extracti128_si256(low, 1))));
	if (__builtin_expect(n > 32, 0)) {
		__m256i high = _mm512_extracti64x4_epi64(v, 1);
		_mm512_storeu_si512(out + 32, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm256_castsi256_si128(high))));
		_mm512_storeu_si512(out + 48, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm256_extracti128_si256(high, 1))));
	}
	return n;
}

// lanes are 112 values in seven registers; signature and constants take 21 of 32.
typedef struct {
	__m512i v[7];
} lanes;

TARGET static inline lanes load_lanes(const uint32_t *p) {
	lanes l;
#pragma GCC unroll 7
	for (int i = 0; i < 7; i++) l.v[i] = _mm512_loadu_si512(p + 16 * i);
	return l;
}

TARGET static inline void store_lanes(uint32_t *p, lanes l) {
#pragma GCC unroll 7
	for (int i = 0; i < 7; i++) _mm512_storeu_si512(p + 16 * i, l.v[i]);
}

typedef struct {
	lanes a, b;
} constants;

TARGET static inline constants load_constants(const minhash_job *job) {
	return (constants){load_lanes(job->a), load_lanes(job->b)};
}

TARGET static inline void step(lanes *m, const constants *c, uint32_t hash) {
	__m512i h = _mm512_set1_epi32((int)hash);
#pragma GCC unroll 7
	for (int i = 0; i < 7; i++)
		m->v[i] = _mm512_min_epu32(m->v[i], _mm512_add_epi32(_mm512_mullo_epi32(h, c->a.v[i]), c->b.v[i]));
}

#include "minhash_fused.h"
#include "minhash_template.h"

#endif
