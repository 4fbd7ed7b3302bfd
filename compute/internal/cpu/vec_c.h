// 4 lanes in portable C, see vec.h: the compiler turns these vectors into what
// the machine has.
#include "vec.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#define LEVEL c
#define CHI_BASELINE // no target was set
#define VL 4
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));
typedef vi vm; // all bits of a lane

INLINE vi i_set(int32_t x) { return (vi){x, x, x, x}; }
INLINE vi i_iota(void) { return (vi){0, 1, 2, 3}; }
INLINE vm v_first(int64_t n) { return (vm)(i_iota() < i_set((int32_t)n)); }

INLINE vf v_set(float x) { return (vf){x, x, x, x}; }
INLINE vf v_zero(void) { return v_set(0); }
INLINE vf v_load(const float *p) {
	vf v;
	memcpy(&v, p, sizeof v);
	return v;
}
INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
INLINE vf v_load_n(const float *p, int64_t n) {
	vf v = {0};
	for (int64_t i = 0; i < n; i++) v[i] = p[i];
	return v;
}
INLINE void v_store_n(float *p, vf v, int64_t n) {
	for (int64_t i = 0; i < n; i++) p[i] = v[i];
}

INLINE vf v_add(vf a, vf b) { return a + b; }
INLINE vf v_sub(vf a, vf b) { return a - b; }
INLINE vf v_mul(vf a, vf b) { return a * b; }
INLINE vf v_div(vf a, vf b) { return a / b; }
INLINE vf v_sqrt(vf a) { return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])}; }
#if defined(__aarch64__)
INLINE vf v_fma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
// Out of line, as it is calls of libm: kernels would grow tenfold.
static __attribute__((noinline, unused)) vf v_fma(vf a, vf b, vf c) {
	return (vf){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]), fmaf(a[3], b[3], c[3])};
}
#endif
INLINE vf v_fnma(vf a, vf b, vf c) { return v_fma(-a, b, c); }

INLINE vi v_bits(vf v) { return (vi)v; }
INLINE vf v_float(vi i) { return (vf)i; }
// A number that no int32 equals is converted to something, as the machine likes.
INLINE vi v_int(vf v) {
	vi r;
	for (int i = 0; i < VL; i++) r[i] = v[i] > -2147483648.0f && v[i] < 2147483648.0f ? (int32_t)v[i] : INT32_MIN;
	return r;
}
INLINE vf v_from_int(vi i) { return (vf){(float)i[0], (float)i[1], (float)i[2], (float)i[3]}; }

INLINE vi i_load(const void *p) {
	vi v;
	memcpy(&v, p, sizeof v);
	return v;
}
INLINE void i_store(void *p, vi v) { memcpy(p, &v, sizeof v); }
INLINE vi i_load_n(const void *p, int64_t n) {
	vi v = {0};
	memcpy(&v, p, sizeof(int32_t) * (size_t)n);
	return v;
}
INLINE void i_store_n(void *p, vi v, int64_t n) { memcpy(p, &v, sizeof(int32_t) * (size_t)n); }
INLINE vi i_add(vi a, vi b) { return (vi)((vu)a + (vu)b); }
INLINE vi i_sub(vi a, vi b) { return (vi)((vu)a - (vu)b); }
INLINE vi i_mul(vi a, vi b) { return (vi)((vu)a * (vu)b); }
INLINE vi i_and(vi a, vi b) { return a & b; }
INLINE vi i_or(vi a, vi b) { return a | b; }
INLINE vi i_xor(vi a, vi b) { return a ^ b; }
INLINE vi i_shl(vi a, int n) { return (vi)((vu)a << n); }
INLINE vi i_shr(vi a, int n) { return (vi)((vu)a >> n); }
INLINE vi i_sar(vi a, int n) { return a >> n; }
INLINE vm i_eq(vi a, vi b) { return (vm)(a == b); }
INLINE vm i_lt(vi a, vi b) { return (vm)(a < b); }
INLINE vm i_ltu(vi a, vi b) { return (vm)((vu)a < (vu)b); }
INLINE vi i_select(vm m, vi a, vi b) { return (m & a) | (~m & b); }

INLINE vm v_lt(vf a, vf b) { return (vm)(a < b); }
INLINE vm v_le(vf a, vf b) { return (vm)(a <= b); }
INLINE vm v_eq(vf a, vf b) { return (vm)(a == b); }
INLINE vm v_nan(vf a) { return (vm)(a != a); }
INLINE vf v_select(vm m, vf a, vf b) { return (vf)i_select(m, (vi)a, (vi)b); }
INLINE vf v_max(vf a, vf b) { return v_select((vm)(a > b), a, b); }
INLINE vf v_min(vf a, vf b) { return v_select((vm)(a < b), a, b); }
INLINE vm m_none(void) { return i_set(0); }
INLINE vm m_and(vm a, vm b) { return a & b; }
INLINE vm m_or(vm a, vm b) { return a | b; }
INLINE vm m_andnot(vm a, vm b) { return a & ~b; }
INLINE vm m_not(vm a) { return ~a; }
INLINE uint32_t m_bits(vm m) { return (m[0] & 1u) | (m[1] & 2u) | (m[2] & 4u) | (m[3] & 8u); }
INLINE int m_any(vm m) { return (m[0] | m[1] | m[2] | m[3]) != 0; }

INLINE vf v_neg(vf a) { return (vf)((vi)a ^ i_set(INT32_MIN)); }
INLINE vf v_abs(vf a) { return (vf)((vi)a & i_set(INT32_MAX)); }
INLINE vf v_copysign(vf x, vf s) { return (vf)(((vi)s & i_set(INT32_MIN)) | ((vi)x & i_set(INT32_MAX))); }
// Two factors, as 2^128 is no number.
INLINE vf v_scale(vf y, vf n) {
	vi whole = v_int(n), half = i_sar(whole, 1), bias = i_set(127);
	y = v_mul(y, v_float(i_shl(i_add(half, bias), 23)));
	return v_mul(y, v_float(i_shl(i_add(i_sub(whole, half), bias), 23)));
}

INLINE vi i_mulhilo(vi a, vi b, vi *hi) {
	vi lo = i_mul(a, b);
	for (int i = 0; i < VL; i++) (*hi)[i] = (int32_t)((uint64_t)(uint32_t)a[i] * (uint32_t)b[i] >> 32);
	return lo;
}

INLINE vf v_load_bf16_n(const uint16_t *p, int64_t n) {
	vi v = {0};
	for (int64_t i = 0; i < n; i++) v[i] = (int32_t)((uint32_t)p[i] << 16);
	return (vf)v;
}
INLINE vf v_load_bf16(const uint16_t *p) { return v_load_bf16_n(p, VL); }
INLINE void v_store_u16_n(uint16_t *p, vi v, int64_t n) {
	for (int64_t i = 0; i < n; i++) p[i] = (uint16_t)v[i];
}
INLINE void v_store_u16(uint16_t *p, vi v) { v_store_u16_n(p, v, VL); }
INLINE vm v_load_mask_n(const uint8_t *p, int64_t n) {
	vi v = {0};
	for (int64_t i = 0; i < n; i++) v[i] = -(p[i] != 0);
	return v;
}
INLINE vm v_load_mask(const uint8_t *p) { return v_load_mask_n(p, VL); }

INLINE void v_transpose(vf r[VL]) {
	vf a = r[0], b = r[1], c = r[2], d = r[3];
	for (int i = 0; i < VL; i++) r[i] = (vf){a[i], b[i], c[i], d[i]};
}

INLINE vf v_fold_rows(vf r[VL]) {
	v_transpose(r);
	return (r[0] + r[2]) + (r[1] + r[3]);
}

INLINE float v_fold(vf v) { return (v[0] + v[2]) + (v[1] + v[3]); }
INLINE float v_greatest(vf v) {
	v = v_max(v, (vf){v[2], v[3], v[0], v[1]});
	return v[0] > v[1] ? v[0] : v[1];
}

#include "vec_common.h"
