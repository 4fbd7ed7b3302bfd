// Sums and searches along rows.

INLINE lanes row_lanes(int32_t op, const float *x, const float *y, int64_t n) {
	lanes s = splat(0);
	if (op == REDUCE_SUM) EACH(n, { s.v[v] = v_add(s.v[v], TAKE(x)); });
	else EACH(n, { s.v[v] = KEEP(v_fma(TAKE(x), TAKE(y), s.v[v]), s.v[v]); });
	return s;
}

// row_sums folds the partial sums of VL rows together.
INLINE void row_sums(int32_t op, float *dst, const float *x, const float *y, int64_t rows, int64_t n) {
	int64_t i = 0;
	for (; i + VL <= rows; i += VL) {
		vf part[VL];
		for (int k = 0; k < VL; k++, x += n, y += n) part[k] = narrow(row_lanes(op, x, y, n));
		v_store(dst + i, v_fold_rows(part));
	}
	for (; i < rows; i++, x += n, y += n) dst[i] = total(row_lanes(op, x, y, n));
}

INLINE float row_min(const float *x, int64_t n) {
	lanes s = splat(-__builtin_inff());
	EACH(n, { s.v[v] = v_greater(v_neg(TAKE_OR(x, __builtin_inff())), s.v[v]); });
	return -top(s);
}

void KERNEL(row_reduce)(int32_t op, float *dst, const float *x, int64_t rows, int64_t n) {
	switch (op) {
	case REDUCE_SUM: row_sums(REDUCE_SUM, dst, x, x, rows, n); break;
	case REDUCE_SUM_SQUARES: row_sums(REDUCE_SUM_SQUARES, dst, x, x, rows, n); break;
	case REDUCE_MAX:
		for (int64_t i = 0; i < rows; i++) dst[i] = row_max(x + i * n, n, NULL);
		break;
	case REDUCE_MIN:
		for (int64_t i = 0; i < rows; i++) dst[i] = row_min(x + i * n, n);
		break;
	}
}

void KERNEL(row_dot)(float *dst, const float *x, const float *y, int64_t rows, int64_t n) {
	row_sums(REDUCE_SUM_SQUARES, dst, x, y, rows, n);
}

// winner is the least index of the greatest of n partial results of a search;
// *best becomes that.
INLINE int32_t winner(const float *value, const int32_t *at, int n, float *best) {
	int32_t first = at[0];
	*best = value[0];
	for (int i = 1; i < n; i++) {
		if (value[i] < *best || (value[i] == *best && at[i] > first)) continue;
		*best = value[i], first = at[i];
	}
	return first;
}

static int32_t KERNEL(row_arg_max)(const float *x, int64_t n) {
	lanes s = splat(-__builtin_inff());
	vi at[VN], now = i_iota();
	UNROLL for (int v = 0; v < VN; v++) at[v] = i_set(0);
	EACH(n, {
		vf a = TAKE_OR(x, -__builtin_inff());
		vm more = v_lt(s.v[v], a);
		s.v[v] = v_select(more, a, s.v[v]);
		at[v] = i_select(more, now, at[v]);
		now = i_add(now, i_set(VL));
	});
	float value[LANES], best;
	int32_t index[LANES];
	UNROLL for (int v = 0; v < VN; v++) v_store(value + v * VL, s.v[v]), i_store(index + v * VL, at[v]);
	int32_t found = winner(value, index, LANES, &best);
	if (best > -__builtin_inff()) return found;
	// Nothing is above -Inf: the first that is no NaN.
	for (int64_t j = 0; j < n; j++)
		if (x[j] == x[j]) return (int32_t)j;
	return 0;
}

void KERNEL(arg_max)(int32_t *dst, const float *x, int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++) dst[i] = KERNEL(row_arg_max)(x + i * n, n);
}

// Distances of a few rows to a few centroids at once share their loads.
enum { NEAR_ROWS = 2, NEAR_CENTROIDS = VL == 16 ? 4 : 1 };

// distances computes those of rows rows of x to count centroids, both constants.
INLINE void distances(float *dst, const float *x, const float *c, int64_t n, int rows, int count) {
	lanes s[NEAR_ROWS * NEAR_CENTROIDS];
	UNROLL for (int i = 0; i < rows * count; i++) s[i] = splat(0);
	EACH(n, {
		vf a[NEAR_ROWS];
		UNROLL for (int i = 0; i < rows; i++) a[i] = TAKE(x + i * n);
		UNROLL for (int k = 0; k < count; k++) {
			vf b = TAKE(c + k * n);
			UNROLL for (int i = 0; i < rows; i++) {
				vf d = v_sub(a[i], b); // 0 past the end; a sum of squares is never -0
				s[i * count + k].v[v] = v_fma(d, d, s[i * count + k].v[v]);
			}
		}
	});
	UNROLL for (int i = 0; i < rows * count; i++) dst[i] = total(s[i]);
}

// nearer takes over the distances of centroids k0 and on.
INLINE void nearer(int32_t *idx, float *dist, const float *d, int64_t k0, int rows, int count) {
	for (int i = 0; i < rows; i++) {
		for (int k = 0; k < count; k++) {
			float new = d[i * count + k];
			if (!(new < dist[i] || (dist[i] != dist[i] && new == new))) continue;
			dist[i] = new;
			idx[i] = (int32_t)(k0 + k);
		}
	}
}

INLINE void nearest(int32_t *idx, float *dist, const float *x, const float *centroids, int64_t k, int64_t n, int rows) {
	float d[NEAR_ROWS * NEAR_CENTROIDS];
	for (int i = 0; i < rows; i++) idx[i] = 0, dist[i] = __builtin_nanf("");
	int64_t at = 0;
	for (; at + NEAR_CENTROIDS <= k; at += NEAR_CENTROIDS) {
		distances(d, x, centroids + at * n, n, rows, NEAR_CENTROIDS);
		nearer(idx, dist, d, at, rows, NEAR_CENTROIDS);
	}
	for (; at < k; at++) {
		distances(d, x, centroids + at * n, n, rows, 1);
		nearer(idx, dist, d, at, rows, 1);
	}
}

void KERNEL(nearest_row)(int32_t *idx, float *dist, const float *x, const float *centroids, int64_t rows, int64_t k,
                         int64_t n) {
	int64_t i = 0;
	for (; i + NEAR_ROWS <= rows; i += NEAR_ROWS) nearest(idx + i, dist + i, x + i * n, centroids, k, n, NEAR_ROWS);
	for (; i < rows; i++) nearest(idx + i, dist + i, x + i * n, centroids, k, n, 1);
}
