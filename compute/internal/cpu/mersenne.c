// Least values of the permutations (a*h + b mod 2^64) mod 2^61-1, datatrove's
// MinHash. Each function passes over the hashes with as many permutations at a
// time as fit into registers.

#include "mersenne.h"
#include <stddef.h>

#define PRIME ((UINT64_C(1) << 61) - 1)

// mod_prime reduces x mod 2^61-1: 2^61 is 1 there, so the high three bits are
// added to the low 61, and one subtraction is enough.
static inline uint64_t mod_prime(uint64_t x) {
	x = (x & PRIME) + (x >> 61);
	return x >= PRIME ? x - PRIME : x;
}

void mersenne_c(const mersenne_job *job) {
	for (int i = 0; i < MERSENNE_SIZE; i += 4) {
		uint64_t m[4], a[4], b[4];
		for (int j = 0; j < 4; j++) m[j] = job->least[i + j], a[j] = job->a[i + j], b[j] = job->b[i + j];
		for (int64_t k = 0; k < job->n; k++) {
			for (int j = 0; j < 4; j++) {
				uint64_t v = mod_prime(a[j] * job->hashes[k] + b[j]) & job->keep;
				m[j] = v < m[j] ? v : m[j];
			}
		}
		for (int j = 0; j < 4; j++) job->least[i + j] = m[j];
	}
}

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512dq,avx512vl")))
#define AVX2 __attribute__((target("avx2")))

// seven512 takes the 56 permutations from i on: 21 registers.
AVX512 static inline void seven512(const mersenne_job *job, int i) {
	__m512i m[7], a[7], b[7];
	const __m512i prime = _mm512_set1_epi64((long long)PRIME), keep = _mm512_set1_epi64((long long)job->keep);
#pragma GCC unroll 7
	for (int j = 0; j < 7; j++) {
		m[j] = _mm512_loadu_si512(job->least + i + 8 * j);
		a[j] = _mm512_loadu_si512(job->a + i + 8 * j);
		b[j] = _mm512_loadu_si512(job->b + i + 8 * j);
	}
	for (int64_t k = 0; k < job->n; k++) {
		__m512i h = _mm512_set1_epi64((long long)job->hashes[k]);
#pragma GCC unroll 7
		for (int j = 0; j < 7; j++) {
			__m512i x = _mm512_add_epi64(_mm512_mullo_epi64(h, a[j]), b[j]);
			x = _mm512_add_epi64(_mm512_and_si512(x, prime), _mm512_srli_epi64(x, 61));
			// Below the prime the difference wraps to more than x.
			x = _mm512_min_epu64(x, _mm512_sub_epi64(x, prime));
			m[j] = _mm512_min_epu64(m[j], _mm512_and_si512(x, keep));
		}
	}
#pragma GCC unroll 7
	for (int j = 0; j < 7; j++) _mm512_storeu_si512(job->least + i + 8 * j, m[j]);
}

AVX512 void mersenne_avx512(const mersenne_job *job) {
	seven512(job, 0);
	seven512(job, MERSENNE_SIZE / 2);
}

// choose is a where the sign of the double in s is set, else b.
AVX2 static inline __m256i choose(__m256i s, __m256i a, __m256i b) {
	return _mm256_castpd_si256(
	    _mm256_blendv_pd(_mm256_castsi256_pd(b), _mm256_castsi256_pd(a), _mm256_castsi256_pd(s)));
}

// two256 takes the 8 permutations from i on. AVX2 multiplies 32 bits to 64: the
// low half of a product is a0*h0 + ((a1*h0 + a0*h1) << 32). It compares signed
// only, by the sign of a difference, which serves as no value reaches 2^63.
AVX2 static inline void two256(const mersenne_job *job, int i) {
	__m256i m[2], a[2], high[2], b[2];
	const __m256i prime = _mm256_set1_epi64x((long long)PRIME), keep = _mm256_set1_epi64x((long long)job->keep);
#pragma GCC unroll 2
	for (int j = 0; j < 2; j++) {
		m[j] = _mm256_loadu_si256((const __m256i *)(job->least + i + 4 * j));
		a[j] = _mm256_loadu_si256((const __m256i *)(job->a + i + 4 * j));
		b[j] = _mm256_loadu_si256((const __m256i *)(job->b + i + 4 * j));
		high[j] = _mm256_srli_epi64(a[j], 32);
	}
	for (int64_t k = 0; k < job->n; k++) {
		__m256i h = _mm256_set1_epi64x((long long)job->hashes[k]);
		__m256i h1 = _mm256_srli_epi64(h, 32);
#pragma GCC unroll 2
		for (int j = 0; j < 2; j++) {
			__m256i cross = _mm256_add_epi64(_mm256_mul_epu32(high[j], h), _mm256_mul_epu32(a[j], h1));
			__m256i x = _mm256_add_epi64(_mm256_mul_epu32(a[j], h), b[j]);
			x = _mm256_add_epi64(x, _mm256_slli_epi64(cross, 32));
			x = _mm256_add_epi64(_mm256_and_si256(x, prime), _mm256_srli_epi64(x, 61));
			__m256i less = _mm256_sub_epi64(x, prime);
			x = _mm256_and_si256(choose(less, x, less), keep);
			m[j] = choose(_mm256_sub_epi64(x, m[j]), x, m[j]);
		}
	}
#pragma GCC unroll 2
	for (int j = 0; j < 2; j++) _mm256_storeu_si256((__m256i *)(job->least + i + 4 * j), m[j]);
}

AVX2 void mersenne_avx2(const mersenne_job *job) {
	for (int i = 0; i < MERSENNE_SIZE; i += 8) two256(job, i);
}

#endif
