// Products of bfloat16 where the CPU has AMX (Intel from Sapphire Rapids on).
#ifndef CHIMERA_GEMM_AMX_H
#define CHIMERA_GEMM_AMX_H

#include "kernels.h"

// chi_amx_ready reports whether this process may use the tile registers.
int chi_amx_ready(void);

void chi_gemm_bf16_amx(const chi_matmul *g);

#endif
