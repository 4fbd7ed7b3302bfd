// What kernels take from their compiler, for the three of them: nvcc, clang
// alone (PTX without NVIDIA's headers), and a host compiler with the emulation
// of blocks, warps and barriers in emulate.h.
//
//   CHI_DEV            a function on the device
//   CHI_KERNEL(a, b)   the head of kernel a with the arguments of struct b
//   CHI_SHARED(t, a, dims)  a, an array t[dims] shared by a block
//   CHI_BARRIER()      all threads of a block meet
#ifndef CHI_TARGET_H
#define CHI_TARGET_H

#include <stdint.h>

#if defined(CHI_EMULATE)
#include "emulate.h"
#elif defined(__CUDACC__)
#include "target_nvcc.h"
#elif defined(__CUDA__)
#include "target_clang.h"
#else
#error "compile as CUDA, or with CHI_EMULATE"
#endif

#endif
