// Sums along columns, and of products of columns in float64.

enum { COLUMNS = 64 };

// columns are the partial sums of a block of columns, in the first-level cache.
typedef struct {
	float part[LANES][COLUMNS] __attribute__((aligned(64)));
} columns;

// fold_columns adds the partial sums of w columns in the order of package exact.
static void KERNEL(fold_columns)(float *dst, columns *s, int64_t w) {
	for (int half = LANES / 2; half > 0; half /= 2) {
		for (int l = 0; l < half; l++) {
			float *p = s->part[l], *q = s->part[l + half];
			for (int64_t j = 0; j < w; j += VL) v_store(p + j, v_add(v_load(p + j), v_load(q + j)));
		}
	}
	float *p = s->part[0];
	MAP(w, { PUT(dst, v_load(p + j)); });
}

// What a vector past the end of a block adds to lies in no column and is lost.
#define COLUMN_SUMS(value)                                                                                             \
	do {                                                                                                           \
		columns s;                                                                                             \
		__builtin_memset(&s, 0, sizeof s);                                                                     \
		for (int64_t i = 0; i < m; i++, x += n) {                                                              \
			float *p = s.part[i % LANES];                                                                  \
			MAP(w, {                                                                                      \
				vf a = TAKE(x), old = v_load(p + j);                                                   \
				v_store(p + j, value);                                                                 \
			});                                                                                            \
		}                                                                                                      \
		KERNEL(fold_columns)(dst, &s, w);                                                                      \
	} while (0)

static void KERNEL(column_sum)(float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	COLUMN_SUMS(v_add(old, a));
}

static void KERNEL(column_squares)(float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	COLUMN_SUMS(v_fma(a, a, old));
}
#undef COLUMN_SUMS

INLINE void column_max(int32_t op, float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	float p[COLUMNS];
	for (int j = 0; j < COLUMNS; j += VL) v_store(p + j, v_set(-__builtin_inff()));
	for (int64_t i = 0; i < m; i++, x += n) {
		MAP(w, {
			vf a = op == REDUCE_MIN ? v_neg(TAKE(x)) : TAKE(x);
			v_store(p + j, v_greater(a, v_load(p + j)));
		});
	}
	MAP(w, {
		vf a = v_add(v_load(p + j), v_zero());
		PUT(dst, op == REDUCE_MIN ? v_neg(a) : a);
	});
}

void KERNEL(col_reduce)(int32_t op, float *dst, const float *x, int64_t m, int64_t n, int64_t j0, int64_t j1) {
	for (; j0 < j1; j0 += COLUMNS, dst += COLUMNS) {
		int64_t w = j1 - j0 < COLUMNS ? j1 - j0 : COLUMNS;
		switch (op) {
		case REDUCE_SUM: KERNEL(column_sum)(dst, x + j0, m, n, w); break;
		case REDUCE_SUM_SQUARES: KERNEL(column_squares)(dst, x + j0, m, n, w); break;
		case REDUCE_MAX: column_max(REDUCE_MAX, dst, x + j0, m, n, w); break;
		case REDUCE_MIN: column_max(REDUCE_MIN, dst, x + j0, m, n, w); break;
		}
	}
}

static void KERNEL(layer_norm_columns)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                                       const float *rstd, int64_t m, int64_t n, int64_t w) {
	columns gamma, beta;
	__builtin_memset(&gamma, 0, sizeof gamma);
	__builtin_memset(&beta, 0, sizeof beta);
	for (int64_t i = 0; i < m; i++, x += n, dy += n) {
		float *p = gamma.part[i % LANES], *q = beta.part[i % LANES];
		const vf centre = v_set(mean[i]), scale = v_set(rstd[i]);
		MAP(w, {
			vf d = TAKE(dy), xhat = v_mul(v_sub(TAKE(x), centre), scale);
			v_store(p + j, v_fma(d, xhat, v_load(p + j)));
			v_store(q + j, v_add(v_load(q + j), d));
		});
	}
	KERNEL(fold_columns)(dgamma, &gamma, w);
	KERNEL(fold_columns)(dbeta, &beta, w);
}

void KERNEL(layer_norm_param_grad)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                                   const float *rstd, int64_t m, int64_t n, int64_t j0, int64_t j1) {
	for (int64_t j = j0; j < j1; j += COLUMNS) {
		int64_t w = j1 - j < COLUMNS ? j1 - j : COLUMNS;
		KERNEL(layer_norm_columns)(dgamma + (j - j0), dbeta + (j - j0), dy + j, x + j, mean, rstd, m, n, w);
	}
}

static void KERNEL(rms_norm_columns)(float *dgamma, const float *dy, const float *x, const float *rrms, int64_t m,
                                     int64_t n, int64_t w) {
	columns gamma;
	__builtin_memset(&gamma, 0, sizeof gamma);
	for (int64_t i = 0; i < m; i++, x += n, dy += n) {
		float *p = gamma.part[i % LANES];
		const vf scale = v_set(rrms[i]);
		MAP(w, { v_store(p + j, v_fma(TAKE(dy), v_mul(TAKE(x), scale), v_load(p + j))); });
	}
	KERNEL(fold_columns)(dgamma, &gamma, w);
}

void KERNEL(rms_norm_param_grad)(float *dgamma, const float *dy, const float *x, const float *rrms, int64_t m,
                                 int64_t n, int64_t j0, int64_t j1) {
	for (int64_t j = j0; j < j1; j += COLUMNS) {
		int64_t w = j1 - j < COLUMNS ? j1 - j : COLUMNS;
		KERNEL(rms_norm_columns)(dgamma + (j - j0), dy + j, x + j, rrms, m, n, w);
	}
}

void KERNEL(sum_squares64)(double *dst, const float *x, int64_t n) {
	enum { PARTS = 8 };
	double p[PARTS] = {0};
	int64_t i = 0;
	vd s[PARTS / DL];
	UNROLL for (int k = 0; k < PARTS / DL; k++) s[k] = d_set(0);
	for (; i + PARTS <= n; i += PARTS) {
		UNROLL for (int k = 0; k < PARTS / DL; k++) {
			vd a = d_widen(x + i + k * DL);
			s[k] = d_fma(a, a, s[k]);
		}
	}
	UNROLL for (int k = 0; k < PARTS / DL; k++) d_store(p + k * DL, s[k]);
	for (int k = 0; i < n; i++, k++) p[k] += (double)x[i] * (double)x[i];
	for (int w = PARTS / 2; w > 0; w /= 2)
		for (int k = 0; k < w; k++) p[k] += p[k + w];
	*dst = p[0];
}

// A tile of the Gram matrix is GRAM_ROWS rows of GRAM_VECTORS vectors, summed
// over GRAM_DEPTH rows of x at a time.
enum {
	GRAM_ROWS = 4,
	GRAM_VECTORS = DL == 8 ? 4 : 2,
	GRAM_COLUMNS = GRAM_VECTORS * DL,
	GRAM_DEPTH = 64,
};

// widen copies depth rows of width columns of x, and 0 up to stride.
INLINE void widen(double *dst, const float *x, int64_t n, int64_t depth, int64_t width, int64_t stride) {
	for (int64_t r = 0; r < depth; r++, dst += stride, x += n) {
		int64_t j = 0;
		for (; j < width; j++) dst[j] = x[j];
		for (; j < stride; j++) dst[j] = 0;
	}
}

INLINE void gram_tile(double *tile, const double *a, const double *b, int64_t depth) {
	vd s[GRAM_ROWS][GRAM_VECTORS];
	UNROLL for (int i = 0; i < GRAM_ROWS; i++)
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) s[i][v] = d_load(tile + i * GRAM_COLUMNS + v * DL);
	for (int64_t r = 0; r < depth; r++, a += GRAM_ROWS, b += GRAM_COLUMNS) {
		vd c[GRAM_VECTORS];
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) c[v] = d_load(b + v * DL);
		UNROLL for (int i = 0; i < GRAM_ROWS; i++)
			UNROLL for (int v = 0; v < GRAM_VECTORS; v++) s[i][v] = d_fma(d_set(a[i]), c[v], s[i][v]);
	}
	UNROLL for (int i = 0; i < GRAM_ROWS; i++)
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) d_store(tile + i * GRAM_COLUMNS + v * DL, s[i][v]);
}

// gram_panel adds the products of depth rows of x to columns j0 <= j < j0+w of
// rows i0 <= i < i1 of dst, on and right of the diagonal.
static void KERNEL(gram_panel)(double *dst, const float *x, int64_t depth, int64_t n, int64_t i0, int64_t i1, int64_t j0,
                               int64_t w) {
	double b[GRAM_DEPTH * GRAM_COLUMNS] __attribute__((aligned(64)));
	double a[GRAM_DEPTH * GRAM_ROWS], tile[GRAM_ROWS * GRAM_COLUMNS] __attribute__((aligned(64)));
	widen(b, x + j0, n, depth, w, GRAM_COLUMNS);
	if (i1 > j0 + w) i1 = j0 + w;
	for (int64_t i = i0; i < i1; i += GRAM_ROWS) {
		int64_t rows = i1 - i < GRAM_ROWS ? i1 - i : GRAM_ROWS;
		widen(a, x + i, n, depth, rows, GRAM_ROWS);
		__builtin_memset(tile, 0, sizeof tile);
		for (int64_t k = 0; k < rows; k++)
			for (int64_t j = i + k > j0 ? i + k - j0 : 0; j < w; j++)
				tile[k * GRAM_COLUMNS + j] = dst[(i + k) * n + j0 + j];
		gram_tile(tile, a, b, depth);
		for (int64_t k = 0; k < rows; k++)
			for (int64_t j = i + k > j0 ? i + k - j0 : 0; j < w; j++)
				dst[(i + k) * n + j0 + j] = tile[k * GRAM_COLUMNS + j];
	}
}

void KERNEL(gram)(double *dst, const float *x, int64_t m, int64_t n, int64_t i0, int64_t i1) {
	for (int64_t r = 0; r < m; r += GRAM_DEPTH) {
		int64_t depth = m - r < GRAM_DEPTH ? m - r : GRAM_DEPTH;
		for (int64_t j = i0; j < n; j += GRAM_COLUMNS) {
			int64_t w = n - j < GRAM_COLUMNS ? n - j : GRAM_COLUMNS;
			KERNEL(gram_panel)(dst, x + r * n, depth, n, i0, i1, j, w);
		}
	}
}
