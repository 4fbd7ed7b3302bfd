// Which level of the kernels this CPU can run, and what all of them share.

#define _POSIX_C_SOURCE 200809L
#include "kernels.h"
#include <time.h>

_Thread_local float chi_left[BLOCK_LEFT + 16] __attribute__((aligned(64)));

int chi_supports(int level) {
	switch (level) {
	case CHI_C:
		return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
#if defined(__x86_64__)
	// The builtin also asks whether the system saves the registers.
	case CHI_AVX2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	case CHI_AVX512:
		return chi_supports(CHI_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
	}
	return 0;
}

double chi_thread_seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
