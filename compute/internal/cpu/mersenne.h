// datatrove's MinHash permutations, see MersenneMinHash in package compute.
#ifndef CHIMERA_MERSENNE_H
#define CHIMERA_MERSENNE_H

#include <stdint.h>

enum { MERSENNE_SIZE = 112 };

// mersenne_job lowers least[i] to the least permuted value, of which only the
// bits of keep count, over n hashes. It must be below 2^63 before.
typedef struct {
	const uint64_t *a, *b, *hashes;
	int64_t n;
	uint64_t keep;
	uint64_t *least;
} mersenne_job;

void mersenne_c(const mersenne_job *job);
void mersenne_avx2(const mersenne_job *job);
void mersenne_avx512(const mersenne_job *job);

#endif
