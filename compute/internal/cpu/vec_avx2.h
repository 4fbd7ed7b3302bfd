// 8 lanes, see vec.h.
#include "vec.h"
#include <immintrin.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define LEVEL avx2
#define VL 8
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm; // all bits of a lane

INLINE vi i_iota(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
INLINE vi i_first(int64_t n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), i_iota()); }
INLINE vm v_first(int64_t n) { return _mm256_castsi256_ps(i_first(n)); }

INLINE vf v_set(float x) { return _mm256_set1_ps(x); }
INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
INLINE vf v_load_n(const float *p, int64_t n) { return _mm256_maskload_ps(p, i_first(n)); }
INLINE void v_store_n(float *p, vf v, int64_t n) { _mm256_maskstore_ps(p, i_first(n), v); }

INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
INLINE vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf v_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }

INLINE vi v_bits(vf v) { return _mm256_castps_si256(v); }
INLINE vf v_float(vi i) { return _mm256_castsi256_ps(i); }
INLINE vi v_int(vf v) { return _mm256_cvttps_epi32(v); }
INLINE vf v_from_int(vi i) { return _mm256_cvtepi32_ps(i); }

INLINE vi i_set(int32_t x) { return _mm256_set1_epi32(x); }
INLINE vi i_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE void i_store(void *p, vi v) { _mm256_storeu_si256((__m256i *)p, v); }
INLINE vi i_load_n(const void *p, int64_t n) { return _mm256_maskload_epi32((const int *)p, i_first(n)); }
INLINE void i_store_n(void *p, vi v, int64_t n) { _mm256_maskstore_epi32((int *)p, i_first(n), v); }
INLINE vi i_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
INLINE vi i_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
INLINE vi i_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
INLINE vi i_and(vi a, vi b) { return _mm256_and_si256(a, b); }
INLINE vi i_or(vi a, vi b) { return _mm256_or_si256(a, b); }
INLINE vi i_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }
INLINE vi i_shl(vi a, int n) { return _mm256_slli_epi32(a, n); }
INLINE vi i_shr(vi a, int n) { return _mm256_srli_epi32(a, n); }
INLINE vi i_sar(vi a, int n) { return _mm256_srai_epi32(a, n); }
INLINE vm i_eq(vi a, vi b) { return v_float(_mm256_cmpeq_epi32(a, b)); }
INLINE vm i_lt(vi a, vi b) { return v_float(_mm256_cmpgt_epi32(b, a)); }
INLINE vm i_ltu(vi a, vi b) { return i_lt(i_xor(a, i_set(INT32_MIN)), i_xor(b, i_set(INT32_MIN))); }
INLINE vi i_select(vm m, vi a, vi b) { return _mm256_blendv_epi8(b, a, v_bits(m)); }

INLINE vf v_neg(vf a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
INLINE vf v_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
INLINE vf v_copysign(vf x, vf s) {
	vf sign = _mm256_set1_ps(-0.0f);
	return _mm256_or_ps(_mm256_and_ps(sign, s), _mm256_andnot_ps(sign, x));
}
// Two factors, as 2^128 is no number.
INLINE vf v_scale(vf y, vf n) {
	vi whole = v_int(n), half = i_sar(whole, 1), bias = i_set(127);
	y = v_mul(y, v_float(i_shl(i_add(half, bias), 23)));
	return v_mul(y, v_float(i_shl(i_add(i_sub(whole, half), bias), 23)));
}

INLINE vm v_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
INLINE vm v_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
INLINE vm v_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
INLINE vm v_nan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
INLINE vf v_select(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
INLINE vm m_none(void) { return _mm256_setzero_ps(); }
INLINE vm m_and(vm a, vm b) { return _mm256_and_ps(a, b); }
INLINE vm m_or(vm a, vm b) { return _mm256_or_ps(a, b); }
INLINE vm m_andnot(vm a, vm b) { return _mm256_andnot_ps(b, a); }
INLINE vm m_not(vm a) { return _mm256_xor_ps(a, v_float(i_set(-1))); }
INLINE uint32_t m_bits(vm m) { return (uint32_t)_mm256_movemask_ps(m); }
INLINE int m_any(vm m) { return m_bits(m) != 0; }

INLINE vi i_mulhilo(vi a, vi b, vi *hi) {
	vi even = _mm256_mul_epu32(a, b);
	vi odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
	*hi = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
	return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

INLINE vf v_widen(__m128i x) { return v_float(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16)); }
INLINE vf v_load_bf16(const uint16_t *p) { return v_widen(_mm_loadu_si128((const __m128i *)p)); }
INLINE vf v_load_bf16_n(const uint16_t *p, int64_t n) {
	uint16_t t[8] = {0};
	for (int64_t i = 0; i < n; i++) t[i] = p[i];
	return v_load_bf16(t);
}
INLINE void v_store_u16(uint16_t *p, vi i) {
	i = _mm256_packus_epi32(i_and(i, i_set(0xffff)), _mm256_setzero_si256());
	_mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(i, 0xd8)));
}
INLINE void v_store_u16_n(uint16_t *p, vi i, int64_t n) {
	uint16_t t[8];
	v_store_u16(t, i);
	for (int64_t j = 0; j < n; j++) p[j] = t[j];
}
INLINE vm v_load_mask(const uint8_t *p) {
	vi v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
	return m_not(i_eq(v, i_set(0)));
}
INLINE vm v_load_mask_n(const uint8_t *p, int64_t n) {
	uint8_t t[8] = {0};
	for (int64_t i = 0; i < n; i++) t[i] = p[i];
	return v_load_mask(t);
}

INLINE void v_transpose(vf r[VL]) {
	vf t[VL];
#pragma GCC unroll 8
	for (int i = 0; i < VL; i += 2) {
		t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
	}
#pragma GCC unroll 8
	for (int i = 0; i < VL; i += 4) {
		r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
		r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
		r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
		r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
	}
	// r[4g+c] holds, in half q, column 4q+c of rows 4g..4g+3.
#pragma GCC unroll 4
	for (int c = 0; c < 4; c++) {
		vf low = r[c], high = r[4 + c];
		r[c] = _mm256_permute2f128_ps(low, high, 0x20);
		r[4 + c] = _mm256_permute2f128_ps(low, high, 0x31);
	}
}

INLINE vf v_fold_rows(vf r[VL]) {
	vf t[4], u[2];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) // halves: row i, row i+4
		t[i] = v_add(_mm256_permute2f128_ps(r[i], r[i + 4], 0x20), _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) // a half: lanes of row i, i, i+2, i+2
		u[i] = v_add(_mm256_shuffle_ps(t[i], t[i + 2], 0x44), _mm256_shuffle_ps(t[i], t[i + 2], 0xee));
	// A half: rows 0, 2, 1, 3 past its own number.
	vf v = v_add(_mm256_shuffle_ps(u[0], u[1], 0x88), _mm256_shuffle_ps(u[0], u[1], 0xdd));
	return _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(0, 2, 1, 3, 4, 6, 5, 7));
}

INLINE float v_fold(vf v) {
	__m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	a = _mm_add_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}
INLINE float v_greatest(vf v) {
	__m128 a = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	a = _mm_max_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

#include "vec_common.h"
