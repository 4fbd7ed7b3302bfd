// 16 lanes, see vec.h.
#include "vec.h"
#include <immintrin.h>
#include <stdint.h>

// CHI_BF16, set by the file, adds the instructions for bfloat16.
#if defined(__clang__) && defined(CHI_BF16)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,bmi,bmi2,f16c,popcnt"))),            \
    apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,popcnt")
#if defined(CHI_BF16)
#pragma GCC target("avx512bf16")
#endif
#endif

#define LEVEL avx512
#define VL 16
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

INLINE vm v_first(int64_t n) { return (vm)((1u << n) - 1); }

INLINE vf v_set(float x) { return _mm512_set1_ps(x); }
INLINE vf v_zero(void) { return _mm512_setzero_ps(); }
INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
INLINE vf v_load_n(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
INLINE void v_store_n(float *p, vf v, int64_t n) { _mm512_mask_storeu_ps(p, v_first(n), v); }

INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
INLINE vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf v_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }

INLINE vi v_bits(vf v) { return _mm512_castps_si512(v); }
INLINE vf v_float(vi i) { return _mm512_castsi512_ps(i); }
INLINE vi v_int(vf v) { return _mm512_cvttps_epi32(v); }
INLINE vf v_from_int(vi i) { return _mm512_cvtepi32_ps(i); }

INLINE vf v_neg(vf a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
INLINE vf v_abs(vf a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
// The table 0xd8 takes s where the third operand has a bit, else x.
INLINE vf v_copysign(vf x, vf s) {
	return v_float(_mm512_ternarylogic_epi32(v_bits(x), v_bits(s), _mm512_set1_epi32(INT32_MIN), 0xd8));
}
INLINE vf v_scale(vf y, vf n) { return _mm512_scalef_ps(y, n); }

INLINE vm v_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
INLINE vm v_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
INLINE vm v_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
INLINE vm v_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
INLINE vf v_select(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
INLINE vm m_none(void) { return 0; }
INLINE vm m_and(vm a, vm b) { return a & b; }
INLINE vm m_or(vm a, vm b) { return a | b; }
INLINE vm m_andnot(vm a, vm b) { return (vm)(a & ~b); }
INLINE vm m_not(vm a) { return (vm)~a; }
INLINE int m_any(vm m) { return m != 0; }
INLINE uint32_t m_bits(vm m) { return m; }

INLINE vi i_set(int32_t x) { return _mm512_set1_epi32(x); }
INLINE vi i_load(const void *p) { return _mm512_loadu_si512(p); }
INLINE void i_store(void *p, vi v) { _mm512_storeu_si512(p, v); }
INLINE vi i_load_n(const void *p, int64_t n) { return _mm512_maskz_loadu_epi32(v_first(n), p); }
INLINE void i_store_n(void *p, vi v, int64_t n) { _mm512_mask_storeu_epi32(p, v_first(n), v); }
INLINE vi i_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
INLINE vi i_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
INLINE vi i_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }
INLINE vi i_and(vi a, vi b) { return _mm512_and_si512(a, b); }
INLINE vi i_or(vi a, vi b) { return _mm512_or_si512(a, b); }
INLINE vi i_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
INLINE vi i_shl(vi a, int n) { return _mm512_slli_epi32(a, (unsigned)n); }
INLINE vi i_shr(vi a, int n) { return _mm512_srli_epi32(a, (unsigned)n); }
INLINE vi i_sar(vi a, int n) { return _mm512_srai_epi32(a, (unsigned)n); }
INLINE vm i_eq(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
INLINE vm i_lt(vi a, vi b) { return _mm512_cmplt_epi32_mask(a, b); }
INLINE vm i_ltu(vi a, vi b) { return _mm512_cmplt_epu32_mask(a, b); }
INLINE vi i_select(vm m, vi a, vi b) { return _mm512_mask_blend_epi32(m, b, a); }
INLINE vi i_iota(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

INLINE vi i_mulhilo(vi a, vi b, vi *hi) {
	vi even = _mm512_mul_epu32(a, b);
	vi odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
	*hi = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
	return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

INLINE vf v_widen(__m256i x) { return v_float(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
INLINE vf v_load_bf16(const uint16_t *p) { return v_widen(_mm256_loadu_si256((const __m256i *)p)); }
INLINE vf v_load_bf16_n(const uint16_t *p, int64_t n) { return v_widen(_mm256_maskz_loadu_epi16(v_first(n), p)); }
INLINE void v_store_u16(uint16_t *p, vi i) { _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(i)); }
INLINE void v_store_u16_n(uint16_t *p, vi i, int64_t n) {
	_mm256_mask_storeu_epi16(p, v_first(n), _mm512_cvtepi32_epi16(i));
}
INLINE vm v_load_mask(const uint8_t *p) {
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	return _mm_test_epi8_mask(v, v);
}
INLINE vm v_load_mask_n(const uint8_t *p, int64_t n) {
	__m128i v = _mm_maskz_loadu_epi8(v_first(n), p);
	return _mm_test_epi8_mask(v, v);
}

// A transpose is four rounds, each over pairs of rows 1, 2, 4 and 8 apart.
INLINE void v_transpose(vf r[VL]) {
	vf t[VL];
#pragma GCC unroll 16
	for (int i = 0; i < VL; i += 2) {
		t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
	}
#pragma GCC unroll 16
	for (int i = 0; i < VL; i += 4) {
		r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
		r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
		r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
		r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
	}
	// r[4g+c] holds, in quarter q, column 4q+c of rows 4g..4g+3.
#pragma GCC unroll 4
	for (int c = 0; c < 4; c++) {
		t[c] = _mm512_shuffle_f32x4(r[c], r[4 + c], 0x88);
		t[4 + c] = _mm512_shuffle_f32x4(r[c], r[4 + c], 0xdd);
		t[8 + c] = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0x88);
		t[12 + c] = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0xdd);
	}
#pragma GCC unroll 4
	for (int c = 0; c < 4; c++) {
		r[c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0x88);
		r[8 + c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0xdd);
		r[4 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0x88);
		r[12 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0xdd);
	}
}

// Two rows share a register after each step, so that all folds together cost
// little more than one.
INLINE vf v_fold_rows(vf r[VL]) {
	vf t[8], u[4], v[2];
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) // quarters: row i twice, row i+8 twice
		t[i] = v_add(_mm512_shuffle_f32x4(r[i], r[i + 8], 0x44), _mm512_shuffle_f32x4(r[i], r[i + 8], 0xee));
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) // quarters: rows i, i+8, i+4, i+12
		u[i] = v_add(_mm512_shuffle_f32x4(t[i], t[i + 4], 0x88), _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd));
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) // a quarter: lanes of row i, i, i+2, i+2
		v[i] = v_add(_mm512_shuffle_ps(u[i], u[i + 2], 0x44), _mm512_shuffle_ps(u[i], u[i + 2], 0xee));
	// A quarter: rows 0, 2, 1, 3 past its own number.
	vf w = v_add(_mm512_shuffle_ps(v[0], v[1], 0x88), _mm512_shuffle_ps(v[0], v[1], 0xdd));
	return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15), w);
}

INLINE float v_fold(vf v) {
	__m256 b = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
	__m128 a = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
	a = _mm_add_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}
INLINE float v_greatest(vf v) {
	__m256 b = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
	__m128 a = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
	a = _mm_max_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

#include "vec_common.h"
