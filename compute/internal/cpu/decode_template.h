// Attention of one query over cached keys and values, which are read once: the
// scores of VL keys share the additions of their lanes.

// load_cached is the VL numbers at an index of a cache of float or bfloat16.
INLINE vf load_cached(const void *cache, int64_t at, const int half) {
	return half ? v_load_bf16((const uint16_t *)cache + at) : v_load((const float *)cache + at);
}
INLINE vf load_cached_n(const void *cache, int64_t at, int64_t n, const int half) {
	if (n <= 0) return v_zero();
	return half ? v_load_bf16_n((const uint16_t *)cache + at, n) : v_load_n((const float *)cache + at, n);
}

// key_dot is the dot product with a key up to the last VL partial sums.
INLINE vf key_dot(const float *q, const void *k, int64_t at, const int64_t d, const int half) {
	vf sum[VN];
#pragma GCC unroll 8
	for (int v = 0; v < VN; v++) sum[v] = v_zero();
	int64_t x = 0;
#pragma GCC unroll 2
	for (; x + PANEL <= d; x += PANEL)
#pragma GCC unroll 8
		for (int v = 0; v < VN; v++)
			sum[v] = v_fma(v_load(q + x + v * VL), load_cached(k, at + x + v * VL, half), sum[v]);
	for (int v = 0; v < VN && x < d; v++, x += VL) {
		int64_t n = least(VL, d - x);
		vf added = v_fma(v_load_n(q + x, n), load_cached_n(k, at + x, n, half), sum[v]);
		sum[v] = v_keep(added, n, sum[v]);
	}
#pragma GCC unroll 4
	for (int w = VN / 2; w > 0; w /= 2)
#pragma GCC unroll 4
		for (int v = 0; v < w; v++) sum[v] = v_add(sum[v], sum[v + w]);
	return sum[0];
}

// scores sets s[j] to the dot products of the query with t keys. It may write up to
// a multiple of VL.
INLINE void scores(float *s, const float *q, const void *k, int64_t t, const int64_t d, const int half) {
	for (int64_t j = 0; j < t; j += VL) {
		vf r[VL];
		if (j + VL <= t) {
#pragma GCC unroll 16
			for (int i = 0; i < VL; i++) r[i] = key_dot(q, k, (j + i) * d, d, half);
		} else {
			for (int i = 0; i < VL; i++) r[i] = j + i < t ? key_dot(q, k, (j + i) * d, d, half) : v_zero();
		}
		v_store(s + j, v_fold_rows(r));
	}
}

// weighted_sum sets out to the sum of t values by their weights, times scale, for
// vectors columns from x on; last is the width of the last vector.
INLINE void weighted_sum(float *out, const float *p, const void *v, int64_t t, int64_t d, int64_t x, const int vectors,
                         const int64_t last, float scale, const int half) {
	vf sum[64 / VL];
#pragma GCC unroll 16
	for (int i = 0; i < vectors; i++) sum[i] = v_zero();
	for (int64_t j = 0; j < t; j++) {
		vf weight = v_set(p[j]);
#pragma GCC unroll 16
		for (int i = 0; i < vectors; i++) {
			int64_t at = j * d + x + i * VL;
			vf value = i < vectors - 1 || last == VL ? load_cached(v, at, half) : load_cached_n(v, at, last, half);
			sum[i] = v_fma(weight, value, sum[i]);
		}
	}
#pragma GCC unroll 16
	for (int i = 0; i < vectors; i++) {
		vf y = v_mul(sum[i], v_set(scale));
		if (i < vectors - 1 || last == VL) v_store(out + x + i * VL, y);
		else v_store_n(out + x + i * VL, y, last);
	}
}

INLINE void decode_head(float *out, const float *q, const void *k, const void *v, int64_t t, const int64_t d,
                        float scale, float *s, const int half) {
	scores(s, q, k, t, d, half);
	float m, inverse = 1 / row_softmax(s, t, scale, &m);
	int64_t x = 0;
	for (; x + 64 <= d; x += 64) weighted_sum(out, s, v, t, d, x, 64 / VL, VL, inverse, half);
	for (; x < d; x += VL) weighted_sum(out, s, v, t, d, x, 1, least(VL, d - x), inverse, half);
}

// The usual width is a constant to the compiler.
INLINE void decode_any(float *out, const float *q, const void *k, const void *v, int64_t t, int64_t d, float scale,
                       float *s, const int half) {
	if (d == 64) decode_head(out, q, k, v, t, 64, scale, s, half);
	else decode_head(out, q, k, v, t, d, scale, s, half);
}

void KERNEL(decode)(float *out, const float *q, const float *k, const float *v, int64_t t, int64_t d, float scale,
                    float *scratch) {
	decode_any(out, q, k, v, t, d, scale, scratch, 0);
}

void KERNEL(decode_bf16)(float *out, const float *q, const uint16_t *k, const uint16_t *v, int64_t t, int64_t d,
                         float scale, float *scratch) {
	decode_any(out, q, k, v, t, d, scale, scratch, 1);
}
