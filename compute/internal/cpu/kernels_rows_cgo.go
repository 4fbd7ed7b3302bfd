//go:build cgo

package cpu

/*
#include "kernels_rows.h"
#include "minhash.h"

#if defined(__x86_64__)
#define ROWS_X86(name, arguments)                              \
	case LEVEL_AVX512: chi_##name##_avx512 arguments; break; \
	case LEVEL_AVX2: chi_##name##_avx2 arguments; break;
#else
#define ROWS_X86(name, arguments)
#endif
#define ROWS_RUN(name, arguments, ...)                                \
	static void rows_##name(int32_t level, __VA_ARGS__) {         \
		switch (level) {                                      \
			ROWS_X86(name, arguments)                     \
		default: chi_##name##_c arguments;                    \
		}                                                     \
	}
ROWS_KERNELS(ROWS_RUN)

#cgo noescape rows_unary
#cgo nocallback rows_unary
#cgo noescape rows_unary_grad
#cgo nocallback rows_unary_grad
#cgo noescape rows_binary
#cgo nocallback rows_binary
#cgo noescape rows_binary_row
#cgo nocallback rows_binary_row
#cgo noescape rows_binary_col
#cgo nocallback rows_binary_col
#cgo noescape rows_binary_scalar
#cgo nocallback rows_binary_scalar
#cgo noescape rows_axpby
#cgo nocallback rows_axpby
#cgo noescape rows_where
#cgo nocallback rows_where
#cgo noescape rows_to_bf16
#cgo nocallback rows_to_bf16
#cgo noescape rows_from_bf16
#cgo nocallback rows_from_bf16
#cgo noescape rows_row_reduce
#cgo nocallback rows_row_reduce
#cgo noescape rows_col_reduce
#cgo nocallback rows_col_reduce
#cgo noescape rows_row_dot
#cgo nocallback rows_row_dot
#cgo noescape rows_arg_max
#cgo nocallback rows_arg_max
#cgo noescape rows_sum_squares64
#cgo nocallback rows_sum_squares64
#cgo noescape rows_gram
#cgo nocallback rows_gram
#cgo noescape rows_nearest_row
#cgo nocallback rows_nearest_row
#cgo noescape rows_softmax
#cgo nocallback rows_softmax
#cgo noescape rows_log_softmax
#cgo nocallback rows_log_softmax
#cgo noescape rows_softmax_grad
#cgo nocallback rows_softmax_grad
#cgo noescape rows_log_softmax_grad
#cgo nocallback rows_log_softmax_grad
#cgo noescape rows_layer_norm
#cgo nocallback rows_layer_norm
#cgo noescape rows_layer_norm_grad
#cgo nocallback rows_layer_norm_grad
#cgo noescape rows_layer_norm_param_grad
#cgo nocallback rows_layer_norm_param_grad
#cgo noescape rows_rms_norm
#cgo nocallback rows_rms_norm
#cgo noescape rows_rms_norm_grad
#cgo nocallback rows_rms_norm_grad
#cgo noescape rows_rms_norm_param_grad
#cgo nocallback rows_rms_norm_param_grad
#cgo noescape rows_cross_entropy
#cgo nocallback rows_cross_entropy
#cgo noescape rows_soft_cross_entropy
#cgo nocallback rows_soft_cross_entropy
#cgo noescape rows_divergence
#cgo nocallback rows_divergence
#cgo noescape rows_squared_error
#cgo nocallback rows_squared_error
#cgo noescape rows_adamw
#cgo nocallback rows_adamw
#cgo noescape rows_gumbel_max
#cgo nocallback rows_gumbel_max
#cgo noescape rows_dropout
#cgo nocallback rows_dropout
*/
import "C"

import (
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// The pointers of slices as C wants them.
func f32(x []float32) *C.float   { return (*C.float)(unsafe.SliceData(x)) }
func f64(x []float64) *C.double  { return (*C.double)(unsafe.SliceData(x)) }
func u8(x []uint8) *C.uint8_t    { return (*C.uint8_t)(unsafe.SliceData(x)) }
func u16(x []uint16) *C.uint16_t { return (*C.uint16_t)(unsafe.SliceData(x)) }
func u32(x []uint32) *C.uint32_t { return (*C.uint32_t)(unsafe.SliceData(x)) }
func u64(x []uint64) *C.uint64_t { return (*C.uint64_t)(unsafe.SliceData(x)) }
func i32(x []int32) *C.int32_t   { return (*C.int32_t)(unsafe.SliceData(x)) }

func length[T any](x []T) C.int64_t { return C.int64_t(len(x)) }

// rowsOf is the number of rows of n numbers in x.
func rowsOf[T any](x []T, n int) C.int64_t {
	if n == 0 {
		return 0
	}
	return C.int64_t(len(x) / n)
}

func (s set) Unary(op kernel.UnaryOp, dst, x []float32) {
	C.rows_unary(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(x), length(dst))
}

func (s set) UnaryGrad(op kernel.UnaryOp, dx, dy, x, y []float32) {
	C.rows_unary_grad(C.int32_t(s.level), C.int32_t(op), f32(dx), f32(dy), f32(x), f32(y), length(dx))
}

func (s set) Binary(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(a), f32(b), length(dst))
}

func (s set) BinaryRow(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary_row(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(a), f32(b), rowsOf(a, len(b)), length(b))
}

func (s set) BinaryCol(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary_col(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(a), f32(b), length(b), rowsOf(a, len(b)))
}

func (s set) BinaryScalar(op kernel.BinaryOp, dst, a []float32, b float32) {
	C.rows_binary_scalar(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(a), C.float(b), length(dst))
}

func (s set) AXPBY(dst []float32, alpha float32, x []float32, beta float32, y []float32) {
	C.rows_axpby(C.int32_t(s.level), f32(dst), C.float(alpha), f32(x), C.float(beta), f32(y), length(dst))
}

func (s set) Where(dst []float32, cond []uint8, a, b []float32) {
	C.rows_where(C.int32_t(s.level), f32(dst), u8(cond), f32(a), f32(b), length(dst))
}

func (s set) ToBF16(dst []uint16, x []float32) {
	C.rows_to_bf16(C.int32_t(s.level), u16(dst), f32(x), length(dst))
}

func (s set) FromBF16(dst []float32, x []uint16) {
	C.rows_from_bf16(C.int32_t(s.level), f32(dst), u16(x), length(dst))
}

func (s set) Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, counter2, counter3 uint32) {
	C.rows_dropout(C.int32_t(s.level), f32(dst), f32(x), length(dst), C.float(p), C.float(scale),
		C.uint32_t(key[0]), C.uint32_t(key[1]), C.uint64_t(base), C.uint32_t(counter2), C.uint32_t(counter3))
}

func (s set) RowReduce(op kernel.ReduceOp, dst, x []float32, n int) {
	C.rows_row_reduce(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(x), length(dst), C.int64_t(n))
}

func (s set) ColReduce(op kernel.ReduceOp, dst, x []float32, m, n, j0, j1 int) {
	C.rows_col_reduce(C.int32_t(s.level), C.int32_t(op), f32(dst), f32(x), C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

func (s set) RowDot(dst, x, y []float32, n int) {
	C.rows_row_dot(C.int32_t(s.level), f32(dst), f32(x), f32(y), length(dst), C.int64_t(n))
}

func (s set) ArgMax(dst []int32, x []float32, n int) {
	C.rows_arg_max(C.int32_t(s.level), i32(dst), f32(x), length(dst), C.int64_t(n))
}

func (s set) SumSquares64(x []float32) float64 {
	var sum C.double
	C.rows_sum_squares64(C.int32_t(s.level), &sum, f32(x), length(x))
	return float64(sum)
}

func (s set) Gram(dst []float64, x []float32, m, n, i0, i1 int) {
	C.rows_gram(C.int32_t(s.level), f64(dst), f32(x), C.int64_t(m), C.int64_t(n), C.int64_t(i0), C.int64_t(i1))
}

func (s set) NearestRow(idx []int32, dist, x, centroids []float32, k, n int) {
	C.rows_nearest_row(C.int32_t(s.level), i32(idx), f32(dist), f32(x), f32(centroids), length(idx), C.int64_t(k), C.int64_t(n))
}

func (s set) Softmax(dst, x []float32, n int, mask []uint8) {
	C.rows_softmax(C.int32_t(s.level), f32(dst), f32(x), rowsOf(dst, n), C.int64_t(n), u8(mask))
}

func (s set) LogSoftmax(dst, x []float32, n int, mask []uint8) {
	C.rows_log_softmax(C.int32_t(s.level), f32(dst), f32(x), rowsOf(dst, n), C.int64_t(n), u8(mask))
}

func (s set) SoftmaxGrad(dx, dy, y []float32, n int) {
	C.rows_softmax_grad(C.int32_t(s.level), f32(dx), f32(dy), f32(y), rowsOf(dx, n), C.int64_t(n))
}

func (s set) LogSoftmaxGrad(dx, dy, y []float32, n int) {
	C.rows_log_softmax_grad(C.int32_t(s.level), f32(dx), f32(dy), f32(y), rowsOf(dx, n), C.int64_t(n))
}

func (s set) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32) {
	C.rows_layer_norm(C.int32_t(s.level), f32(dst), f32(mean), f32(rstd), f32(x), f32(gamma), f32(beta),
		length(mean), C.int64_t(n), C.float(eps))
}

func (s set) LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int) {
	C.rows_layer_norm_grad(C.int32_t(s.level), f32(dx), f32(dy), f32(x), f32(mean), f32(rstd), f32(gamma), length(mean), C.int64_t(n))
}

func (s set) LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int) {
	C.rows_layer_norm_param_grad(C.int32_t(s.level), f32(dgamma), f32(dbeta), f32(dy), f32(x), f32(mean), f32(rstd),
		C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

func (s set) RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32) {
	C.rows_rms_norm(C.int32_t(s.level), f32(dst), f32(rrms), f32(x), f32(gamma), length(rrms), C.int64_t(n), C.float(eps))
}

func (s set) RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int) {
	C.rows_rms_norm_grad(C.int32_t(s.level), f32(dx), f32(dy), f32(x), f32(rrms), f32(gamma), length(rrms), C.int64_t(n))
}

func (s set) RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int) {
	C.rows_rms_norm_param_grad(C.int32_t(s.level), f32(dgamma), f32(dy), f32(x), f32(rrms),
		C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

func (s set) CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32) {
	C.rows_cross_entropy(C.int32_t(s.level), f32(loss), f32(dx), f32(x), i32(target), length(loss), C.int64_t(n),
		C.int32_t(ignore), C.float(scale))
}

func (s set) SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32) {
	C.rows_soft_cross_entropy(C.int32_t(s.level), f32(loss), f32(dx), f32(x), f32(w), length(loss), C.int64_t(n), C.float(scale))
}

func (s set) Divergence(op kernel.DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32) {
	C.rows_divergence(C.int32_t(s.level), C.int32_t(op), f32(loss), f32(dx), f32(x), f32(y), length(loss), C.int64_t(n),
		C.float(invT), C.float(scale))
}

func (s set) SquaredError(loss, dx, x, y []float32, n int, scale float32) {
	C.rows_squared_error(C.int32_t(s.level), f32(loss), f32(dx), f32(x), f32(y), length(loss), C.int64_t(n), C.float(scale))
}

func (s set) AdamW(p, m, v, grad []float32, a *kernel.AdamW) {
	C.rows_adamw(C.int32_t(s.level), f32(p), f32(m), f32(v), f32(grad), length(p), (*C.chi_adamw_step)(unsafe.Pointer(a)))
}

func (s set) GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32) {
	C.rows_gumbel_max(C.int32_t(s.level), i32(tokens), f32(x), length(tokens), C.int64_t(n), C.float(invT), f32(floor),
		C.uint32_t(key[0]), C.uint32_t(key[1]), u64(ids), u32(step))
}
