// The target of clang's CUDA mode with no header of NVIDIA's (-nocudainc
// -nocudalib): what kernels use, by the compiler's own builtins.
#ifndef CHI_TARGET_CLANG_H
#define CHI_TARGET_CLANG_H

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __host__ __attribute__((host))
#define __shared__ __attribute__((shared))

#define CHI_DEV __device__ inline __attribute__((always_inline))
#define CHI_KERNEL(name, args) \
  extern "C" __global__ __attribute__((launch_bounds(args::threads))) void chi_k_##name(const args a)
#define CHI_SHARED(type, name, dims) __shared__ __attribute__((aligned(16))) type name dims
#define CHI_BARRIER() __syncthreads()
#define CHI_UNROLL _Pragma("unroll")

// The special registers, read as members: threadIdx.x and so on.
#define CHI_SREG(name, reg)                                                                      \
  struct chi_##name##_t {                                                                        \
    __declspec(property(get = get_x)) unsigned x;                                                \
    __declspec(property(get = get_y)) unsigned y;                                                \
    __declspec(property(get = get_z)) unsigned z;                                                \
    __device__ static inline unsigned get_x() { return __nvvm_read_ptx_sreg_##reg##_x(); }       \
    __device__ static inline unsigned get_y() { return __nvvm_read_ptx_sreg_##reg##_y(); }       \
    __device__ static inline unsigned get_z() { return __nvvm_read_ptx_sreg_##reg##_z(); }       \
  };                                                                                             \
  extern const __device__ __attribute__((weak)) chi_##name##_t name

CHI_SREG(threadIdx, tid);
CHI_SREG(blockIdx, ctaid);
CHI_SREG(blockDim, ntid);
CHI_SREG(gridDim, nctaid);
#undef CHI_SREG

CHI_DEV uint32_t chi_float_as_uint(float x) { return __builtin_bit_cast(uint32_t, x); }
CHI_DEV float chi_uint_as_float(uint32_t x) { return __builtin_bit_cast(float, x); }
CHI_DEV float chi_fma(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
CHI_DEV float chi_div(float a, float b) { return __nvvm_div_rn_f(a, b); }
CHI_DEV float chi_sqrt(float a) { return __nvvm_sqrt_rn_f(a); }
CHI_DEV double chi_fma64(double a, double b, double c) { return __nvvm_fma_rn_d(a, b, c); }
CHI_DEV float chi_shuffle_xor(float x, int w) { return __nvvm_shfl_sync_bfly_f32(0xffffffffu, x, w, 0x1f); }
CHI_DEV int chi_shuffle_xor(int x, int w) { return __nvvm_shfl_sync_bfly_i32(0xffffffffu, x, w, 0x1f); }
CHI_DEV uint32_t chi_ballot(bool x) { return __nvvm_vote_ballot_sync(0xffffffffu, x); }
CHI_DEV int chi_lowest_bit(uint32_t x) { return __builtin_ctz(x); }

#include "mma.h"

#endif
