// The kernels along rows and columns: everything of the contract of package
// kernel but matrix products and attention. Plain C for any caller: cgo and the
// stand-in for a CUDA plugin.
//
// ROWS_KERNELS is a list of X(name, (arguments), parameters...); each kernel
// exists once a level as chi_<name>_<level>. Sizes are in elements. A pointer
// that the contract allows to be nil may be NULL; others may be anything where
// there is no element.
#ifndef CHIMERA_KERNELS_ROWS_H
#define CHIMERA_KERNELS_ROWS_H

#include <stdint.h>

// The operations, numbered as in package kernel.
enum {
	UNARY_NEG, UNARY_ABS, UNARY_SQUARE, UNARY_SQRT, UNARY_RECIPROCAL, UNARY_EXP, UNARY_LOG,
	UNARY_TANH, UNARY_SIGMOID, UNARY_SOFTPLUS, UNARY_RELU, UNARY_GELU, UNARY_SILU,
};
enum { BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_MAX, BINARY_MIN };
enum { REDUCE_SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_SUM_SQUARES };
enum { FORWARD_KL, REVERSE_KL, JENSEN_SHANNON };

// chi_adamw_step is AdamW of package kernel.
typedef struct {
	float lr, beta1, beta2, eps, weight_decay, correction1, correction2, grad_scale;
} chi_adamw_step;

#define ROWS_ELEMENTWISE(X)                                                                                            \
	X(unary, (op, dst, x, n), int32_t op, float *dst, const float *x, int64_t n)                                   \
	X(unary_grad, (op, dx, dy, x, y, n), int32_t op, float *dx, const float *dy, const float *x, const float *y,   \
	  int64_t n)                                                                                                   \
	X(binary, (op, dst, a, b, n), int32_t op, float *dst, const float *a, const float *b, int64_t n)               \
	X(binary_row, (op, dst, a, b, rows, n), int32_t op, float *dst, const float *a, const float *b, int64_t rows,  \
	  int64_t n)                                                                                                   \
	X(binary_col, (op, dst, a, b, rows, n), int32_t op, float *dst, const float *a, const float *b, int64_t rows,  \
	  int64_t n)                                                                                                   \
	X(binary_scalar, (op, dst, a, b, n), int32_t op, float *dst, const float *a, float b, int64_t n)               \
	X(axpby, (dst, alpha, x, beta, y, n), float *dst, float alpha, const float *x, float beta, const float *y,     \
	  int64_t n)                                                                                                   \
	X(where, (dst, cond, a, b, n), float *dst, const uint8_t *cond, const float *a, const float *b, int64_t n)     \
	X(to_bf16, (dst, x, n), uint16_t *dst, const float *x, int64_t n)                                              \
	X(from_bf16, (dst, x, n), float *dst, const uint16_t *x, int64_t n)

#define ROWS_REDUCTIONS(X)                                                                                             \
	X(row_reduce, (op, dst, x, rows, n), int32_t op, float *dst, const float *x, int64_t rows, int64_t n)          \
	X(col_reduce, (op, dst, x, m, n, j0, j1), int32_t op, float *dst, const float *x, int64_t m, int64_t n,        \
	  int64_t j0, int64_t j1)                                                                                      \
	X(row_dot, (dst, x, y, rows, n), float *dst, const float *x, const float *y, int64_t rows, int64_t n)          \
	X(arg_max, (dst, x, rows, n), int32_t *dst, const float *x, int64_t rows, int64_t n)                           \
	X(sum_squares64, (dst, x, n), double *dst, const float *x, int64_t n)                                          \
	X(gram, (dst, x, m, n, i0, i1), double *dst, const float *x, int64_t m, int64_t n, int64_t i0, int64_t i1)     \
	X(nearest_row, (idx, dist, x, centroids, rows, k, n), int32_t *idx, float *dist, const float *x,               \
	  const float *centroids, int64_t rows, int64_t k, int64_t n)

#define ROWS_NORMALISERS(X)                                                                                            \
	X(softmax, (dst, x, rows, n, mask), float *dst, const float *x, int64_t rows, int64_t n, const uint8_t *mask)  \
	X(log_softmax, (dst, x, rows, n, mask), float *dst, const float *x, int64_t rows, int64_t n,                   \
	  const uint8_t *mask)                                                                                         \
	X(softmax_grad, (dx, dy, y, rows, n), float *dx, const float *dy, const float *y, int64_t rows, int64_t n)     \
	X(log_softmax_grad, (dx, dy, y, rows, n), float *dx, const float *dy, const float *y, int64_t rows, int64_t n) \
	X(layer_norm, (dst, mean, rstd, x, gamma, beta, rows, n, eps), float *dst, float *mean, float *rstd,           \
	  const float *x, const float *gamma, const float *beta, int64_t rows, int64_t n, float eps)                   \
	X(layer_norm_grad, (dx, dy, x, mean, rstd, gamma, rows, n), float *dx, const float *dy, const float *x,        \
	  const float *mean, const float *rstd, const float *gamma, int64_t rows, int64_t n)                           \
	X(layer_norm_param_grad, (dgamma, dbeta, dy, x, mean, rstd, m, n, j0, j1), float *dgamma, float *dbeta,        \
	  const float *dy, const float *x, const float *mean, const float *rstd, int64_t m, int64_t n, int64_t j0,     \
	  int64_t j1)                                                                                                  \
	X(rms_norm, (dst, rrms, x, gamma, rows, n, eps), float *dst, float *rrms, const float *x, const float *gamma,  \
	  int64_t rows, int64_t n, float eps)                                                                          \
	X(rms_norm_grad, (dx, dy, x, rrms, gamma, rows, n), float *dx, const float *dy, const float *x,                \
	  const float *rrms, const float *gamma, int64_t rows, int64_t n)                                              \
	X(rms_norm_param_grad, (dgamma, dy, x, rrms, m, n, j0, j1), float *dgamma, const float *dy, const float *x,    \
	  const float *rrms, int64_t m, int64_t n, int64_t j0, int64_t j1)

#define ROWS_LOSSES(X)                                                                                                 \
	X(cross_entropy, (loss, dx, x, target, rows, n, ignore, scale), float *loss, float *dx, const float *x,        \
	  const int32_t *target, int64_t rows, int64_t n, int32_t ignore, float scale)                                 \
	X(soft_cross_entropy, (loss, dx, x, w, rows, n, scale), float *loss, float *dx, const float *x,                \
	  const float *w, int64_t rows, int64_t n, float scale)                                                        \
	X(divergence, (op, loss, dx, x, y, rows, n, inv_t, scale), int32_t op, float *loss, float *dx, const float *x, \
	  const float *y, int64_t rows, int64_t n, float inv_t, float scale)                                           \
	X(squared_error, (loss, dx, x, y, rows, n, scale), float *loss, float *dx, const float *x, const float *y,     \
	  int64_t rows, int64_t n, float scale)                                                                        \
	X(adamw, (p, m, v, grad, n, a), float *p, float *m, float *v, const float *grad, int64_t n,                    \
	  const chi_adamw_step *a)

#define ROWS_SAMPLING(X)                                                                                               \
	X(gumbel_max, (tokens, x, rows, n, inv_t, floor, key0, key1, ids, step), int32_t *tokens, const float *x,      \
	  int64_t rows, int64_t n, float inv_t, const float *floor, uint32_t key0, uint32_t key1, const uint64_t *ids, \
	  const uint32_t *step)                                                                                        \
	X(dropout, (dst, x, n, p, scale, key0, key1, base, counter2, counter3), float *dst, const float *x, int64_t n, \
	  float p, float scale, uint32_t key0, uint32_t key1, uint64_t base, uint32_t counter2, uint32_t counter3)

#define ROWS_KERNELS(X)                                                                                                \
	ROWS_ELEMENTWISE(X) ROWS_REDUCTIONS(X) ROWS_NORMALISERS(X) ROWS_LOSSES(X) ROWS_SAMPLING(X)

#define ROWS_DECLARE(name, arguments, ...)                                                                             \
	void chi_##name##_c(__VA_ARGS__);                                                                              \
	void chi_##name##_avx2(__VA_ARGS__);                                                                           \
	void chi_##name##_avx512(__VA_ARGS__);
ROWS_KERNELS(ROWS_DECLARE)
#undef ROWS_DECLARE

#endif
