//go:build cgo

package cpu

/*
#include "kernels.h"
#include "kernels_rows.h"

#define ROWS_RUN(name, arguments, ...) \
	static void rows_##name(int level, __VA_ARGS__) { CHI_DISPATCH(level, name, arguments); }
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

// The data of slices as C wants it.
func doubles(x []float64) *C.double { return (*C.double)(unsafe.SliceData(x)) }
func bytes(x []uint8) *C.uint8_t    { return (*C.uint8_t)(unsafe.SliceData(x)) }
func words(x []uint32) *C.uint32_t  { return (*C.uint32_t)(unsafe.SliceData(x)) }
func longs(x []uint64) *C.uint64_t  { return (*C.uint64_t)(unsafe.SliceData(x)) }
func ints(x []int32) *C.int32_t     { return (*C.int32_t)(unsafe.SliceData(x)) }

func length[T any](x []T) C.int64_t { return C.int64_t(len(x)) }

// rowsOf is the number of rows of n numbers in x.
func rowsOf[T any](x []T, n int) C.int64_t {
	if n == 0 {
		return 0
	}
	return C.int64_t(len(x) / n)
}

// Unary is the method of [kernel.Elementwise].
func (s set) Unary(op kernel.UnaryOp, dst, x []float32) {
	C.rows_unary(s.level, C.int32_t(op), floats(dst), floats(x), length(dst))
}

// UnaryGrad is the method of [kernel.Elementwise].
func (s set) UnaryGrad(op kernel.UnaryOp, dx, dy, x, y []float32) {
	C.rows_unary_grad(s.level, C.int32_t(op), floats(dx), floats(dy), floats(x), floats(y), length(dx))
}

// Binary is the method of [kernel.Elementwise].
func (s set) Binary(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary(s.level, C.int32_t(op), floats(dst), floats(a), floats(b), length(dst))
}

// BinaryRow is the method of [kernel.Elementwise].
func (s set) BinaryRow(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary_row(s.level, C.int32_t(op), floats(dst), floats(a), floats(b), rowsOf(a, len(b)), length(b))
}

// BinaryCol is the method of [kernel.Elementwise].
func (s set) BinaryCol(op kernel.BinaryOp, dst, a, b []float32) {
	C.rows_binary_col(s.level, C.int32_t(op), floats(dst), floats(a), floats(b), length(b), rowsOf(a, len(b)))
}

// BinaryScalar is the method of [kernel.Elementwise].
func (s set) BinaryScalar(op kernel.BinaryOp, dst, a []float32, b float32) {
	C.rows_binary_scalar(s.level, C.int32_t(op), floats(dst), floats(a), C.float(b), length(dst))
}

// AXPBY is the method of [kernel.Elementwise].
func (s set) AXPBY(dst []float32, alpha float32, x []float32, beta float32, y []float32) {
	C.rows_axpby(s.level, floats(dst), C.float(alpha), floats(x), C.float(beta), floats(y), length(dst))
}

// Where is the method of [kernel.Elementwise].
func (s set) Where(dst []float32, cond []uint8, a, b []float32) {
	C.rows_where(s.level, floats(dst), bytes(cond), floats(a), floats(b), length(dst))
}

// ToBF16 is the method of [kernel.Elementwise].
func (s set) ToBF16(dst []uint16, x []float32) {
	C.rows_to_bf16(s.level, halves(dst), floats(x), length(dst))
}

// FromBF16 is the method of [kernel.Elementwise].
func (s set) FromBF16(dst []float32, x []uint16) {
	C.rows_from_bf16(s.level, floats(dst), halves(x), length(dst))
}

// Dropout is the method of [kernel.Elementwise].
func (s set) Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, counter2, counter3 uint32) {
	C.rows_dropout(s.level, floats(dst), floats(x), length(dst), C.float(p), C.float(scale),
		C.uint32_t(key[0]), C.uint32_t(key[1]), C.uint64_t(base), C.uint32_t(counter2), C.uint32_t(counter3))
}

// RowReduce is the method of [kernel.Reductions].
func (s set) RowReduce(op kernel.ReduceOp, dst, x []float32, n int) {
	C.rows_row_reduce(s.level, C.int32_t(op), floats(dst), floats(x), length(dst), C.int64_t(n))
}

// ColReduce is the method of [kernel.Reductions].
func (s set) ColReduce(op kernel.ReduceOp, dst, x []float32, m, n, j0, j1 int) {
	C.rows_col_reduce(s.level, C.int32_t(op), floats(dst), floats(x), C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

// RowDot is the method of [kernel.Reductions].
func (s set) RowDot(dst, x, y []float32, n int) {
	C.rows_row_dot(s.level, floats(dst), floats(x), floats(y), length(dst), C.int64_t(n))
}

// ArgMax is the method of [kernel.Reductions].
func (s set) ArgMax(dst []int32, x []float32, n int) {
	C.rows_arg_max(s.level, ints(dst), floats(x), length(dst), C.int64_t(n))
}

// SumSquares64 is the method of [kernel.Reductions].
func (s set) SumSquares64(x []float32) float64 {
	var sum C.double
	C.rows_sum_squares64(s.level, &sum, floats(x), length(x))
	return float64(sum)
}

// Gram is the method of [kernel.Reductions].
func (s set) Gram(dst []float64, x []float32, m, n, i0, i1 int) {
	C.rows_gram(s.level, doubles(dst), floats(x), C.int64_t(m), C.int64_t(n), C.int64_t(i0), C.int64_t(i1))
}

// NearestRow is the method of [kernel.Reductions].
func (s set) NearestRow(idx []int32, dist, x, centroids []float32, k, n int) {
	C.rows_nearest_row(s.level, ints(idx), floats(dist), floats(x), floats(centroids), length(idx), C.int64_t(k), C.int64_t(n))
}

// Softmax is the method of [kernel.Normalisers].
func (s set) Softmax(dst, x []float32, n int, mask []uint8) {
	C.rows_softmax(s.level, floats(dst), floats(x), rowsOf(dst, n), C.int64_t(n), bytes(mask))
}

// LogSoftmax is the method of [kernel.Normalisers].
func (s set) LogSoftmax(dst, x []float32, n int, mask []uint8) {
	C.rows_log_softmax(s.level, floats(dst), floats(x), rowsOf(dst, n), C.int64_t(n), bytes(mask))
}

// SoftmaxGrad is the method of [kernel.Normalisers].
func (s set) SoftmaxGrad(dx, dy, y []float32, n int) {
	C.rows_softmax_grad(s.level, floats(dx), floats(dy), floats(y), rowsOf(dx, n), C.int64_t(n))
}

// LogSoftmaxGrad is the method of [kernel.Normalisers].
func (s set) LogSoftmaxGrad(dx, dy, y []float32, n int) {
	C.rows_log_softmax_grad(s.level, floats(dx), floats(dy), floats(y), rowsOf(dx, n), C.int64_t(n))
}

// LayerNorm is the method of [kernel.Normalisers].
func (s set) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32) {
	C.rows_layer_norm(s.level, floats(dst), floats(mean), floats(rstd), floats(x), floats(gamma), floats(beta),
		length(mean), C.int64_t(n), C.float(eps))
}

// LayerNormGrad is the method of [kernel.Normalisers].
func (s set) LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int) {
	C.rows_layer_norm_grad(s.level, floats(dx), floats(dy), floats(x), floats(mean), floats(rstd), floats(gamma), length(mean), C.int64_t(n))
}

// LayerNormParamGrad is the method of [kernel.Normalisers].
func (s set) LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int) {
	C.rows_layer_norm_param_grad(s.level, floats(dgamma), floats(dbeta), floats(dy), floats(x), floats(mean), floats(rstd),
		C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

// RMSNorm is the method of [kernel.Normalisers].
func (s set) RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32) {
	C.rows_rms_norm(s.level, floats(dst), floats(rrms), floats(x), floats(gamma), length(rrms), C.int64_t(n), C.float(eps))
}

// RMSNormGrad is the method of [kernel.Normalisers].
func (s set) RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int) {
	C.rows_rms_norm_grad(s.level, floats(dx), floats(dy), floats(x), floats(rrms), floats(gamma), length(rrms), C.int64_t(n))
}

// RMSNormParamGrad is the method of [kernel.Normalisers].
func (s set) RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int) {
	C.rows_rms_norm_param_grad(s.level, floats(dgamma), floats(dy), floats(x), floats(rrms),
		C.int64_t(m), C.int64_t(n), C.int64_t(j0), C.int64_t(j1))
}

// CrossEntropy is the method of [kernel.Losses].
func (s set) CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32) {
	C.rows_cross_entropy(s.level, floats(loss), floats(dx), floats(x), ints(target), length(loss), C.int64_t(n),
		C.int32_t(ignore), C.float(scale))
}

// SoftCrossEntropy is the method of [kernel.Losses].
func (s set) SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32) {
	C.rows_soft_cross_entropy(s.level, floats(loss), floats(dx), floats(x), floats(w), length(loss), C.int64_t(n), C.float(scale))
}

// Divergence is the method of [kernel.Losses].
func (s set) Divergence(op kernel.DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32) {
	C.rows_divergence(s.level, C.int32_t(op), floats(loss), floats(dx), floats(x), floats(y), length(loss), C.int64_t(n),
		C.float(invT), C.float(scale))
}

// SquaredError is the method of [kernel.Losses].
func (s set) SquaredError(loss, dx, x, y []float32, n int, scale float32) {
	C.rows_squared_error(s.level, floats(loss), floats(dx), floats(x), floats(y), length(loss), C.int64_t(n), C.float(scale))
}

// AdamW is the method of [kernel.Training].
func (s set) AdamW(p, m, v, grad []float32, a *kernel.AdamW) {
	C.rows_adamw(s.level, floats(p), floats(m), floats(v), floats(grad), length(p), (*C.chi_adamw_step)(unsafe.Pointer(a)))
}

// GumbelMax is the method of [kernel.Sampling].
func (s set) GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32) {
	C.rows_gumbel_max(s.level, ints(tokens), floats(x), length(tokens), C.int64_t(n), C.float(invT), floats(floor),
		C.uint32_t(key[0]), C.uint32_t(key[1]), longs(ids), words(step))
}
