// The target of nvcc; see target.h.
#ifndef CHI_TARGET_NVCC_H
#define CHI_TARGET_NVCC_H

#define CHI_DEV __device__ __forceinline__
#define CHI_KERNEL(name, args) extern "C" __global__ void __launch_bounds__(args::threads) chi_k_##name(const args a)
#define CHI_SHARED(type, name, dims) __shared__ __align__(16) type name dims
#define CHI_BARRIER() __syncthreads()
#define CHI_UNROLL _Pragma("unroll")

CHI_DEV uint32_t chi_float_as_uint(float x) { return __float_as_uint(x); }
CHI_DEV float chi_uint_as_float(uint32_t x) { return __uint_as_float(x); }
CHI_DEV float chi_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
CHI_DEV float chi_div(float a, float b) { return __fdiv_rn(a, b); }
CHI_DEV float chi_sqrt(float a) { return __fsqrt_rn(a); }
CHI_DEV double chi_fma64(double a, double b, double c) { return __fma_rn(a, b, c); }
CHI_DEV float chi_shuffle_xor(float x, int w) { return __shfl_xor_sync(0xffffffffu, x, w); }
CHI_DEV int chi_shuffle_xor(int x, int w) { return __shfl_xor_sync(0xffffffffu, x, w); }
CHI_DEV uint32_t chi_ballot(bool x) { return __ballot_sync(0xffffffffu, x); }
CHI_DEV int chi_lowest_bit(uint32_t x) { return __ffs(int(x)) - 1; }

#include "mma.h"

#endif
