// The matrix products and attention of the contract of package kernel, and what
// all kernels share. Plain C for any caller: cgo and the stand-in for a CUDA
// plugin.
//
// Each kernel exists once a level as chi_<name>_<level>; CHI_DISPATCH chooses at
// run time. Sizes, strides and leading dimensions are in elements. Rules and
// formulas stand in package kernel, the arithmetic in package exact.
#ifndef CHIMERA_KERNELS_H
#define CHIMERA_KERNELS_H

#include <stdint.h>

// The levels. One that the compiler cannot make is not defined; chi_supports
// tells which ones this CPU can run.
enum { CHI_C, CHI_AVX2, CHI_AVX512 };
int chi_supports(int level);

// chi_thread_seconds is the time that the calling thread has had on a processor.
double chi_thread_seconds(void);

// CHI_DISPATCH calls a kernel at a level, arguments in brackets.
#if defined(__x86_64__)
#define CHI_DISPATCH(level, name, arguments)                                                                           \
	switch (level) {                                                                                               \
	case CHI_AVX512: chi_##name##_avx512 arguments; break;                                                         \
	case CHI_AVX2: chi_##name##_avx2 arguments; break;                                                             \
	default: chi_##name##_c arguments;                                                                             \
	}
#else
#define CHI_DISPATCH(level, name, arguments) chi_##name##_c arguments
#endif

// Activations, numbered as in package kernel.
enum { ACT_NONE, ACT_RELU, ACT_GELU, ACT_SILU, ACT_TANH };

// Columns of a panel of a packed matrix, and partial sums of a reduction.
enum { PANEL = 32, LANES = 32 };

// The block of the left operand that a product packs: one a thread, as it is too
// large for the stack of some (128 KiB with musl).
enum { BLOCK_ROWS = 64, BLOCK_STEPS = 512, BLOCK_LEFT = BLOCK_ROWS * BLOCK_STEPS };
#if defined(__cplusplus)
extern thread_local float chi_left[BLOCK_LEFT + 16];
#else
extern _Thread_local float chi_left[BLOCK_LEFT + 16];
#endif

// chi_matmul is the arguments of a matrix product, as Gemm of package kernel.
typedef struct {
	float *c;
	const float *a, *b, *bias;
	const uint16_t *bf16;
	int64_t ldc, lda, m, n, k, p0, p1;
	int32_t trans_a, accumulate, act;
} chi_matmul;

// chi_head is one head of attention, as Head of package kernel.
typedef struct {
	int64_t t, d, ld, ldo;
	float scale;
	int32_t causal;
	float *scratch;
} chi_head;

// MATRIX_KERNELS is a list of X(name, (arguments), parameters...).
#define MATRIX_KERNELS(X)                                                                                              \
	X(pack, (dst, b, ldb, k, n, trans, p0, p1), float *dst, const float *b, int64_t ldb, int64_t k, int64_t n,     \
	  int32_t trans, int64_t p0, int64_t p1)                                                                       \
	X(pack_bf16, (dst, b, ldb, k, n, trans, p0, p1), uint16_t *dst, const float *b, int64_t ldb, int64_t k,        \
	  int64_t n, int32_t trans, int64_t p0, int64_t p1)                                                            \
	X(gemm, (g), const chi_matmul *g)                                                                              \
	X(gemm_bf16, (g), const chi_matmul *g)                                                                         \
	X(attend, (out, lse, q, k, v, h), float *out, float *lse, const float *q, const float *k, const float *v,      \
	  const chi_head *h)                                                                                           \
	X(attend_grad, (dq, dk, dv, dout, out, lse, q, k, v, h), float *dq, float *dk, float *dv, const float *dout,   \
	  const float *out, const float *lse, const float *q, const float *k, const float *v, const chi_head *h)       \
	X(decode, (out, q, k, v, t, d, scale, scratch), float *out, const float *q, const float *k, const float *v,    \
	  int64_t t, int64_t d, float scale, float *scratch)                                                           \
	X(decode_bf16, (out, q, k, v, t, d, scale, scratch), float *out, const float *q, const uint16_t *k,            \
	  const uint16_t *v, int64_t t, int64_t d, float scale, float *scratch)                                        \
	X(fma_peak, (rounds, flops), int64_t rounds, double *flops)

#define MATRIX_DECLARE(name, arguments, ...)                                                                           \
	void chi_##name##_c(__VA_ARGS__);                                                                              \
	void chi_##name##_avx2(__VA_ARGS__);                                                                           \
	void chi_##name##_avx512(__VA_ARGS__);
MATRIX_KERNELS(MATRIX_DECLARE)
#undef MATRIX_DECLARE

#endif
