// Sums along columns, and of products of columns in float64.

enum {
	NARROW = 64,  // columns whose partial sums fill part of a first-level cache
	WIDE = 512,   // and of a second-level cache
	STRIDES = 4,  // rows of the same partial sum that are added together
};

// columns are the partial sums of a block of columns: LANES rows.
typedef struct {
	float part[LANES * WIDE] __attribute__((aligned(64)));
} columns;

// block_width is the number of columns to sum together. What is not in a cache is
// best read in long runs.
INLINE int64_t block_width(int64_t m, int64_t left) {
	int64_t w = m * left > 1 << 18 ? WIDE : NARROW;
	return left < w ? left : w;
}

// whole_vectors is the length of w partial sums: what a vector past the end of a
// block adds to lies in no column and is lost.
INLINE int64_t whole_vectors(int64_t w) { return (w + VL - 1) / VL * VL; }

INLINE void clear_columns(columns *s, int64_t w) {
	__builtin_memset(s->part, 0, sizeof(float) * (size_t)(LANES * whole_vectors(w)));
}

// fold_columns adds the partial sums of w columns in the order of package exact.
static void KERNEL(fold_columns)(float *dst, columns *s, int64_t w) {
	const int64_t stride = whole_vectors(w);
	for (int64_t half = LANES / 2 * stride; half >= stride; half /= 2)
		for (int64_t j = 0; j < half; j += VL)
			v_store(s->part + j, v_add(v_load(s->part + j), v_load(s->part + j + half)));
	const float *p = s->part;
	MAP(w, { PUT(dst, v_load(p + j)); });
}

// EACH_ROWS runs the statements for i, a row, and count, a constant: rows i,
// i+LANES and so on, which add to the partial sums at offset.
#define EACH_ROWS(m, stride, ...)                                                                                      \
	do {                                                                                                           \
		int64_t i = 0;                                                                                         \
		for (; i + LANES * STRIDES <= (m); i += LANES * (STRIDES - 1)) {                                       \
			for (int64_t offset = 0; offset < LANES * (stride); offset += (stride), i++) {                 \
				enum { count = STRIDES };                                                              \
				__VA_ARGS__                                                                            \
			}                                                                                              \
		}                                                                                                      \
		for (; i < (m); i++) {                                                                                 \
			enum { count = 1 };                                                                            \
			const int64_t offset = i % LANES * (stride);                                                   \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	} while (0)

INLINE void column_sums(int32_t op, float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	columns s;
	const int64_t stride = whole_vectors(w);
	clear_columns(&s, w);
	EACH_ROWS(m, stride, {
		float *p = s.part + offset;
		MAP(w, {
			vf sum = v_load(p + j);
			UNROLL for (int k = 0; k < count; k++) {
				vf a = TAKE(x + (i + k * LANES) * n);
				sum = op == REDUCE_SUM ? v_add(sum, a) : v_fma(a, a, sum);
			}
			v_store(p + j, sum);
		});
	});
	KERNEL(fold_columns)(dst, &s, w);
}

static void KERNEL(column_sum)(float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	column_sums(REDUCE_SUM, dst, x, m, n, w);
}

static void KERNEL(column_squares)(float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	column_sums(REDUCE_SUM_SQUARES, dst, x, m, n, w);
}

INLINE void column_max(int32_t op, float *dst, const float *x, int64_t m, int64_t n, int64_t w) {
	float p[WIDE];
	for (int j = 0; j < WIDE; j += VL) v_store(p + j, v_set(-__builtin_inff()));
	EACH_ROWS(m, 1, {
		(void)offset;
		MAP(w, {
			vf most = v_load(p + j);
			UNROLL for (int k = 0; k < count; k++) {
				vf a = TAKE(x + (i + k * LANES) * n);
				most = v_greater(op == REDUCE_MIN ? v_neg(a) : a, most);
			}
			v_store(p + j, most);
		});
	});
	MAP(w, {
		vf a = v_add(v_load(p + j), v_zero());
		PUT(dst, op == REDUCE_MIN ? v_neg(a) : a);
	});
}

void KERNEL(col_reduce)(int32_t op, float *dst, const float *x, int64_t m, int64_t n, int64_t j0, int64_t j1) {
	for (int64_t w; j0 < j1; j0 += w, dst += w) {
		w = block_width(m, j1 - j0);
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
	const int64_t stride = whole_vectors(w);
	clear_columns(&gamma, w);
	clear_columns(&beta, w);
	EACH_ROWS(m, stride, {
		float *p = gamma.part + offset, *q = beta.part + offset;
		MAP(w, {
			vf dot = v_load(p + j), sum = v_load(q + j);
			UNROLL for (int k = 0; k < count; k++) {
				const int64_t row = i + k * LANES;
				vf d = TAKE(dy + row * n);
				vf xhat = v_mul(v_sub(TAKE(x + row * n), v_set(mean[row])), v_set(rstd[row]));
				dot = v_fma(d, xhat, dot);
				sum = v_add(sum, d);
			}
			v_store(p + j, dot);
			v_store(q + j, sum);
		});
	});
	KERNEL(fold_columns)(dgamma, &gamma, w);
	KERNEL(fold_columns)(dbeta, &beta, w);
}

void KERNEL(layer_norm_param_grad)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                                   const float *rstd, int64_t m, int64_t n, int64_t j0, int64_t j1) {
	for (int64_t j = j0, w; j < j1; j += w) {
		w = block_width(m, j1 - j);
		KERNEL(layer_norm_columns)(dgamma + (j - j0), dbeta + (j - j0), dy + j, x + j, mean, rstd, m, n, w);
	}
}

static void KERNEL(rms_norm_columns)(float *dgamma, const float *dy, const float *x, const float *rrms, int64_t m,
                                     int64_t n, int64_t w) {
	columns gamma;
	const int64_t stride = whole_vectors(w);
	clear_columns(&gamma, w);
	EACH_ROWS(m, stride, {
		float *p = gamma.part + offset;
		MAP(w, {
			vf dot = v_load(p + j);
			UNROLL for (int k = 0; k < count; k++) {
				const int64_t row = i + k * LANES;
				dot = v_fma(TAKE(dy + row * n), v_mul(TAKE(x + row * n), v_set(rrms[row])), dot);
			}
			v_store(p + j, dot);
		});
	});
	KERNEL(fold_columns)(dgamma, &gamma, w);
}

void KERNEL(rms_norm_param_grad)(float *dgamma, const float *dy, const float *x, const float *rrms, int64_t m,
                                 int64_t n, int64_t j0, int64_t j1) {
	for (int64_t j = j0, w; j < j1; j += w) {
		w = block_width(m, j1 - j);
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

// A tile of the Gram matrix is GRAM_ROWS rows of GRAM_COLUMNS columns, of which
// GRAM_VECTORS vectors are in registers at a time, summed over GRAM_DEPTH rows of x.
enum {
	GRAM_ROWS = 4,
	GRAM_COLUMNS = 32,
	GRAM_VECTORS = DL == 8 ? 4 : 2,
	GRAM_DEPTH = 64,
};

// widen copies depth rows of width columns of x, and 0 up to stride.
INLINE void widen(double *dst, const float *x, int64_t n, int64_t depth, int64_t width, int64_t stride) {
	for (int64_t r = 0; r < depth; r++, dst += stride, x += n) {
		int64_t j = 0;
		for (; j + 4 <= width; j += 4) d_widen4(dst + j, x + j);
		for (; j < width; j++) dst[j] = x[j];
		for (; j < stride; j++) dst[j] = 0;
	}
}

INLINE void gram_vectors(double *dst, int64_t ld, const double *a, const double *b, int64_t depth) {
	vd s[GRAM_ROWS][GRAM_VECTORS];
	UNROLL for (int i = 0; i < GRAM_ROWS; i++)
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) s[i][v] = d_load(dst + i * ld + v * DL);
	for (int64_t r = 0; r < depth; r++, a += GRAM_ROWS, b += GRAM_COLUMNS) {
		vd c[GRAM_VECTORS];
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) c[v] = d_load(b + v * DL);
		UNROLL for (int i = 0; i < GRAM_ROWS; i++)
			UNROLL for (int v = 0; v < GRAM_VECTORS; v++) s[i][v] = d_fma(d_set(a[i]), c[v], s[i][v]);
	}
	UNROLL for (int i = 0; i < GRAM_ROWS; i++)
		UNROLL for (int v = 0; v < GRAM_VECTORS; v++) d_store(dst + i * ld + v * DL, s[i][v]);
}

// gram_tile adds the products of depth rows of a and b to a tile of dst.
static void KERNEL(gram_tile)(double *dst, int64_t ld, const double *a, const double *b, int64_t depth) {
	for (int j = 0; j < GRAM_COLUMNS; j += GRAM_VECTORS * DL) gram_vectors(dst + j, ld, a, b + j, depth);
}

// gram_edge is gram_tile for rows rows and w columns from (i, j) on, of which
// those left of the diagonal stay as they are.
static void KERNEL(gram_edge)(double *dst, int64_t ld, int64_t i, int64_t rows, int64_t j, int64_t w, const double *a,
                              const double *b, int64_t depth) {
	double tile[GRAM_ROWS * GRAM_COLUMNS] = {0};
	for (int64_t k = 0; k < rows; k++)
		for (int64_t c = i + k > j ? i + k - j : 0; c < w; c++) tile[k * GRAM_COLUMNS + c] = dst[k * ld + c];
	KERNEL(gram_tile)(tile, GRAM_COLUMNS, a, b, depth);
	for (int64_t k = 0; k < rows; k++)
		for (int64_t c = i + k > j ? i + k - j : 0; c < w; c++) dst[k * ld + c] = tile[k * GRAM_COLUMNS + c];
}

// gram_panel adds the products of depth rows of x to columns j <= c < j+w of
// rows i0 <= i < i1 of dst, on and right of the diagonal.
static void KERNEL(gram_panel)(double *dst, const float *x, int64_t depth, int64_t n, int64_t i0, int64_t i1, int64_t j,
                               int64_t w) {
	double b[GRAM_DEPTH * GRAM_COLUMNS] __attribute__((aligned(64))), a[GRAM_DEPTH * GRAM_ROWS];
	widen(b, x + j, n, depth, w, GRAM_COLUMNS);
	if (i1 > j + w) i1 = j + w;
	for (int64_t i = i0; i < i1; i += GRAM_ROWS) {
		int64_t rows = i1 - i < GRAM_ROWS ? i1 - i : GRAM_ROWS;
		widen(a, x + i, n, depth, rows, GRAM_ROWS);
		double *tile = dst + i * n + j;
		if (rows == GRAM_ROWS && w == GRAM_COLUMNS && i + GRAM_ROWS <= j + 1) KERNEL(gram_tile)(tile, n, a, b, depth);
		else KERNEL(gram_edge)(tile, n, i, rows, j, w, a, b, depth);
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
