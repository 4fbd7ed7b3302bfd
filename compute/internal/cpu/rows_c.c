// The kernels along rows and columns in portable C.
#define UNROLL _Pragma("GCC unroll 1")
#include "vec_c.h"

// v_sum adds the lanes, those VL/2 apart first; v_top is the greatest, none
// being NaN. vd has DL float64. For vq see rows_sample.h.
INLINE float v_sum(vf v) { return (v[0] + v[2]) + (v[1] + v[3]); }
INLINE float v_top(vf v) {
	float m = v[0];
	for (int i = 1; i < VL; i++) m = v[i] > m ? v[i] : m;
	return m;
}

enum { DL = 2 };
typedef double vd __attribute__((vector_size(16)));
INLINE vd d_set(double x) { return (vd){x, x}; }
INLINE vd d_load(const double *p) { return (vd){p[0], p[1]}; }
INLINE void d_store(double *p, vd v) { p[0] = v[0], p[1] = v[1]; }
INLINE vd d_widen(const float *p) { return (vd){p[0], p[1]}; }
INLINE void d_widen4(double *to, const float *p) {
	for (int i = 0; i < 4; i++) to[i] = p[i];
}
INLINE vd d_fma(vd a, vd b, vd c) { return a * b + c; } // the same for widened float32

typedef uint64_t vq __attribute__((vector_size(16)));
INLINE vq q_set(uint32_t x) { return (vq){x, x}; }
INLINE vq q_mul(vq a, vq b) { return (a & UINT32_MAX) * (b & UINT32_MAX); }
INLINE vq q_high(vq a) { return a >> 32; }
INLINE vq q_xor(vq a, vq b, vq c) { return a ^ b ^ c; }
INLINE vq q_blocks(uint64_t first) { return (vq){first, first + 1}; }
INLINE void q_words(vi w[2], vq c0, vq c1, vq c2, vq c3) {
	for (int i = 0; i < 2; i++) w[i] = (vi){(int32_t)c0[i], (int32_t)c1[i], (int32_t)c2[i], (int32_t)c3[i]};
}

#include "rows.h"

#include "rows_columns.h"
#include "rows_elementwise.h"
#include "rows_normalise.h"
#include "rows_loss.h"
#include "rows_reduce.h"
#include "rows_sample.h"

#include "vec_end.h"
