// The matrix products of a level, see package kernel.

#include "gemm_blocks.h"

#include "gemm_bf16.h"
#include "gemm_few.h"
#include "gemm_pack.h"

INLINE int64_t block_steps(const chi_matmul *g) { return BLOCK_LEFT / least(g->m, BLOCK_ROWS) & ~(int64_t)1; }

void KERNEL(gemm)(const chi_matmul *g) {
	if (g->m <= FEW_ROWS) few_rows(g);
	else gemm_blocks(g, chi_left, 0, block_steps(g));
}

// Where the CPU has no instructions for bfloat16 its numbers are widened a panel
// at a time and the product is one of float32.
void KERNEL(gemm_bf16)(const chi_matmul *g) {
	if (g->m == 0) return;
#if VL == 16
	if (chi_amx_ready()) {
		chi_gemm_bf16_amx(g);
		return;
	}
	if (chi_pairs_pay()) {
		chi_gemm_bf16_pairs(g);
		return;
	}
#endif
	float right[WIDE_STEPS * PANEL] __attribute__((aligned(64)));
	gemm_blocks(g, chi_left, right, WIDE_STEPS);
}
