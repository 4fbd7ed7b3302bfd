// The kernels along rows and columns for AVX2.
#if defined(__x86_64__)
#include "vec_avx2.h"

// v_sum adds the lanes, those VL/2 apart first; v_top is the greatest, none
// being NaN. vd has DL float64. For vq see rows_sample.h.
INLINE float v_sum(vf v) {
	__m128 b = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	b = _mm_add_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
INLINE float v_top(vf v) {
	__m128 b = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	b = _mm_max_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

enum { DL = 4 };
typedef __m256d vd;
INLINE vd d_set(double x) { return _mm256_set1_pd(x); }
INLINE vd d_load(const double *p) { return _mm256_loadu_pd(p); }
INLINE void d_store(double *p, vd v) { _mm256_storeu_pd(p, v); }
INLINE vd d_widen(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
INLINE void d_widen4(double *to, const float *p) { _mm256_storeu_pd(to, _mm256_cvtps_pd(_mm_loadu_ps(p))); }
INLINE vd d_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }

typedef __m256i vq;
INLINE vq q_set(uint32_t x) { return _mm256_set1_epi64x(x); }
INLINE vq q_mul(vq a, vq b) { return _mm256_mul_epu32(a, b); }
INLINE vq q_high(vq a) { return _mm256_srli_epi64(a, 32); }
INLINE vq q_xor(vq a, vq b, vq c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }
INLINE vq q_blocks(uint64_t first) {
	return _mm256_add_epi64(_mm256_set1_epi64x((int64_t)first), _mm256_setr_epi64x(0, 2, 1, 3));
}
INLINE void q_words(vi w[2], vq c0, vq c1, vq c2, vq c3) {
	vq low = _mm256_blend_epi32(c0, _mm256_slli_epi64(c1, 32), 0xaa);
	vq high = _mm256_blend_epi32(c2, _mm256_slli_epi64(c3, 32), 0xaa);
	w[0] = _mm256_unpacklo_epi64(low, high);
	w[1] = _mm256_unpackhi_epi64(low, high);
}

#include "rows.h"

#include "rows_columns.h"
#include "rows_elementwise.h"
#include "rows_normalise.h"
#include "rows_loss.h"
#include "rows_reduce.h"
#include "rows_sample.h"

#include "vec_end.h"
#endif
