// MinHash of the scheme "fast", see package compute for its definition.
#ifndef CHIMERA_MINHASH_H
#define CHIMERA_MINHASH_H

#include <stdint.h>

enum {
	MINHASH_SIZE = 112,
	MINHASH_WORDS = 5,
	EDGE_MAX = 1024, // starts and ends of words held back before hashing
};

// minhash_job is a batch: the inputs, the outputs and scratch memory, as in
// MinHashArgs on the Go side.
typedef struct {
	const uint32_t *a, *b;
	const uint16_t *rune_index;
	const uint32_t *rune_blocks;
	const int32_t *offsets;
	const uint8_t *data;
	int64_t n;
	uint8_t *scratch;
	uint32_t *signatures;
	int32_t *counts;
} minhash_job;

// The instruction sets. A level that the compiler cannot make is not defined;
// cpu_supports tells which ones may be called.
enum { LEVEL_C, LEVEL_AVX2, LEVEL_AVX512 };
int cpu_supports(int level);

void minhash_c(const minhash_job *job);
void minhash_avx2(const minhash_job *job);
void minhash_avx512(const minhash_job *job);

#endif
