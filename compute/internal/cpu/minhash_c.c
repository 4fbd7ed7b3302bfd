// MinHash in portable C for little-endian machines, and the question which
// level this CPU can run.

#include "minhash.h"
#include <stddef.h>
#include <string.h>

int cpu_supports(int level) {
	switch (level) {
	case LEVEL_C:
		return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
#if defined(__x86_64__)
	// The builtin also asks whether the system saves the registers.
	case LEVEL_AVX2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		       __builtin_cpu_supports("popcnt");
	case LEVEL_AVX512:
		return cpu_supports(LEVEL_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
#endif
	}
	return 0;
}

#define TARGET
#define MINHASH minhash_c
#include "minhash_hash.h"

enum { LANES = 8, ONES = 64 / LANES };

// high_bits gathers the high bits of 8 bytes: the product shifts bit 8*i+7 to
// bit 56+i, without carries.
static inline uint64_t high_bits(uint64_t v) {
	return (v >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t norm_block(const uint8_t *src, size_t n, uint8_t *dst) {
	uint8_t in[64] = {0};
	memcpy(in, src, n);
	for (int i = 0; i < 64; i++) {
		uint8_t c = in[i], lower = c | 0x20;
		uint8_t word = (uint8_t)(lower - 'a') < 26 || (uint8_t)(c - '0') < 10;
		dst[i] = lower & (uint8_t)-word;
	}
	uint64_t mask = 0;
	for (int i = 0; i < ONES; i++) {
		uint64_t v;
		memcpy(&v, in + LANES * i, LANES);
		mask |= high_bits(v) << LANES * i;
	}
	return mask;
}

static inline uint64_t word_mask(const uint8_t *p) {
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t mask = 0;
	for (int i = 0; i < ONES; i++) {
		uint64_t v;
		memcpy(&v, p + LANES * i, LANES);
		mask |= high_bits(v | ((v & low) + low)) << LANES * i; // high bit set: byte is not 0
	}
	return mask;
}

static inline size_t put_edges(uint64_t mask, uint32_t at, uint32_t *out) {
	size_t n = 0;
	for (; mask; mask &= mask - 1) out[n++] = at + (uint32_t)__builtin_ctzll(mask);
	return n;
}

// min_into leaves the choice of registers to the compiler: eight permutations
// at a time pass over the hashes.
static void min_into(uint32_t *sig, const uint32_t *a, const uint32_t *b, const uint32_t *h, size_t n) {
	typedef uint32_t lanes __attribute__((vector_size(16)));
	for (int i = 0; i < MINHASH_SIZE; i += 8) {
		lanes x[2], y[2], m[2];
		memcpy(x, a + i, sizeof x), memcpy(y, b + i, sizeof y), memcpy(m, sig + i, sizeof m);
		for (size_t k = 0; k < n; k++) {
			for (int j = 0; j < 2; j++) {
				lanes v = x[j] * h[k] + y[j];
				lanes less = (lanes)(v < m[j]);
				m[j] = (v & less) | (m[j] & ~less);
			}
		}
		memcpy(sig + i, m, sizeof m);
	}
}

static void min_hash(uint32_t *sig, const minhash_job *job, uint32_t hash) {
	min_into(sig, job->a, job->b, &hash, 1);
}

static void min_words(uint32_t *sig, const minhash_job *job, roller *r, const uint8_t *norm, const uint32_t *edges,
                      size_t n) {
	uint32_t hashes[EDGE_MAX / 2];
	for (size_t i = 0; i < n; i++) hashes[i] = roll_word(r, norm, edges + 2 * i);
	min_into(sig, job->a, job->b, hashes, n);
}

#include "minhash_template.h"
