// Package cpu holds the C twins of the kernels of package compute, the only
// cgo of the module together with its siblings.
//
// Each kernel is one C template compiled several times, with the instruction
// set as a function attribute and never as a flag for the whole build, so that
// a binary may be built on one CPU and run on another; see [Sets] and [Levels].
// Without cgo the package offers no level and compute stays with Go.
//
// C code is single-threaded, allocates nothing, keeps no pointer past a call
// and reads no byte outside the slices it is given.
//
// # Vectors
//
// The kernels of [Sets] are written over the vectors of vec.h, which have 16, 8
// or 4 lanes, and the functions of vmath.h, so that one text serves all levels
// and follows package exact on each. C11 forbids what GNU C allows by default,
// to contract a product and a sum into a fused multiply-add: hence -std=c11.
//
// A matrix product is tiles of sums in registers (gemm_tile.h) within blocks for
// the caches (gemm_blocks.h); attention is made of the same tiles. bfloat16 is
// multiplied by AMX or AVX512-BF16 where level avx512 has them (gemm_bf16.h).
package cpu
