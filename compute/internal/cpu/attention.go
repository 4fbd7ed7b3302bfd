//go:build cgo

package cpu

/*
#cgo noescape run_attend
#cgo nocallback run_attend
#cgo noescape run_attend_grad
#cgo nocallback run_attend_grad
#cgo noescape run_decode
#cgo nocallback run_decode
#cgo noescape run_decode_bf16
#cgo nocallback run_decode_bf16
#include "kernels.h"

static void run_attend(int level, float *out, float *lse, const float *q, const float *k, const float *v, int64_t t,
	int64_t d, int64_t ld, int64_t ldo, float scale, int32_t causal, float *scratch) {
	chi_head h = {t, d, ld, ldo, scale, causal, scratch};
	CHI_DISPATCH(level, attend, (out, lse, q, k, v, &h));
}

static void run_attend_grad(int level, float *dq, float *dk, float *dv, const float *dout, const float *out,
	const float *lse, const float *q, const float *k, const float *v, int64_t t, int64_t d, int64_t ld, int64_t ldo,
	float scale, int32_t causal, float *scratch) {
	chi_head h = {t, d, ld, ldo, scale, causal, scratch};
	CHI_DISPATCH(level, attend_grad, (dq, dk, dv, dout, out, lse, q, k, v, &h));
}

static void run_decode(int level, float *out, const float *q, const float *k, const float *v, int64_t t, int64_t d,
	float scale, float *scratch) {
	CHI_DISPATCH(level, decode, (out, q, k, v, t, d, scale, scratch));
}

static void run_decode_bf16(int level, float *out, const float *q, const uint16_t *k, const uint16_t *v, int64_t t,
	int64_t d, float scale, float *scratch) {
	CHI_DISPATCH(level, decode_bf16, (out, q, k, v, t, d, scale, scratch));
}
*/
import "C"

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Attend is the method of [kernel.Attention].
func (s set) Attend(out, lse, q, k, v []float32, h *kernel.Head) {
	C.run_attend(s.level, floats(out), floats(lse), floats(q), floats(k), floats(v), C.int64_t(h.T), C.int64_t(h.D),
		C.int64_t(h.LD), C.int64_t(h.LDO), C.float(h.Scale), flag(h.Causal), floats(h.Scratch))
}

// AttendGrad is the method of [kernel.Attention].
func (s set) AttendGrad(dq, dk, dv, dout, out, lse, q, k, v []float32, h *kernel.Head) {
	C.run_attend_grad(s.level, floats(dq), floats(dk), floats(dv), floats(dout), floats(out), floats(lse), floats(q),
		floats(k), floats(v), C.int64_t(h.T), C.int64_t(h.D), C.int64_t(h.LD), C.int64_t(h.LDO), C.float(h.Scale),
		flag(h.Causal), floats(h.Scratch))
}

// Decode is the method of [kernel.Attention].
func (s set) Decode(out, q, k, v []float32, t, d int, scale float32, scratch []float32) {
	C.run_decode(s.level, floats(out), floats(q), floats(k), floats(v), C.int64_t(t), C.int64_t(d), C.float(scale),
		floats(scratch))
}

// DecodeBF16 is the method of [kernel.Attention].
func (s set) DecodeBF16(out, q []float32, k, v []uint16, t, d int, scale float32, scratch []float32) {
	C.run_decode_bf16(s.level, floats(out), floats(q), halves(k), halves(v), C.int64_t(t), C.int64_t(d), C.float(scale),
		floats(scratch))
}
