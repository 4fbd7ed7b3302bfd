// Products of pairs of bfloat16 in vector registers.
#if defined(__x86_64__)

#define CHI_BF16
#include "vec_avx512.h"
#define TILE_FMA(a, b, c) _mm512_dpbf16_ps(c, (__m512bh)(a), (__m512bh)(b))
#include "gemm_blocks.h"

#include "gemm_bf16.h"

void chi_gemm_bf16_pairs(const chi_matmul *g) {
	gemm_blocks(g, chi_left, 0, BLOCK_LEFT / least(g->m, BLOCK_ROWS) & ~(int64_t)1);
}

int chi_pairs_pay(void) { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_is("amd"); }

#include "vec_end.h"
#endif
