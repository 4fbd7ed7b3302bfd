// Products of bfloat16 by instructions that some CPUs of level avx512 have.
#ifndef CHIMERA_GEMM_BF16_H
#define CHIMERA_GEMM_BF16_H

#include "kernels.h"

// chi_amx_ready reports whether this process may use the tile registers of AMX
// (Intel from Sapphire Rapids on, Linux).
int chi_amx_ready(void);
void chi_gemm_bf16_amx(const chi_matmul *g);

// chi_pairs_pay reports whether the CPU has AVX512-BF16 and multiplies by it faster
// than in float32 (AMD from Zen 4 on; Intel's is slower).
int chi_pairs_pay(void);
void chi_gemm_bf16_pairs(const chi_matmul *g);

#endif
