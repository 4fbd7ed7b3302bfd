// Causal and full attention by blocks of rows: the scores of a block are a matrix
// product with the packed keys, the output one with the packed values. What a
// row does not see it does not touch: the last tile of its sums is a triangle.

#include "kernels.h"

#include "gemm_tile.h"
#include "vmath.h"

enum { BLOCK = 56 }; // rows of a block

TILE_FUNCTION(rows_all, BY_ROWS, ALL)
TILE_FUNCTION(rows_lower, BY_ROWS, LOWER)
TILE_FUNCTION(columns_all, BY_COLUMNS, ALL)
TILE_FUNCTION(columns_upper, BY_COLUMNS, UPPER)

typedef void tile_function(const tile *, int);

INLINE int64_t panels(int64_t n) { return (n + PANEL - 1) / PANEL; }
INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

// panel_tile runs a tile on a whole panel, of which the first width columns are
// wanted.
static void panel_tile(tile_function *f, tile *t, int64_t rows, int64_t width) {
	float buffer[TILE_ROWS * PANEL], *c = t->c;
	const float *b = t->b;
	int64_t ldc = t->ldc;
	int cut = width < PANEL;
	if (cut) {
		for (int64_t i = 0; t->load && i < rows; i++)
			for (int64_t j = 0; j < width; j++) buffer[i * PANEL + j] = c[i * ldc + j];
		t->c = buffer, t->ldc = PANEL;
	}
	float *to = t->c;
	t->soon = to, t->later = (const char *)b;
	for (int s = 0; s < TILE_STRIPS; s++) {
		t->c = to + s * TILE_WIDTH, t->b = b + s * TILE_WIDTH;
		f(t, (int)rows);
	}
	for (int64_t i = 0; cut && i < rows; i++)
		for (int64_t j = 0; j < width; j++) c[i * ldc + j] = buffer[i * PANEL + j];
	t->c = c, t->b = b, t->ldc = ldc;
}

// rows_block is a block of rows r0 <= i < r0+rows of a head. Scores and what
// becomes of them lie at a distance of ld.
typedef struct {
	const chi_head *h;
	int64_t r0, rows, ld;
} rows_block;

// seen is the number of positions that row i sees.
INLINE int64_t seen(const chi_head *h, int64_t i) { return h->causal ? i + 1 : h->t; }

// times_transposed sets dst[i][j] = chain(x[i]*y[j]) for the rows of a block and at
// least the positions they see, y packed as columns.
static void times_transposed(const rows_block *b, float *dst, const float *x, int64_t ldx, const float *y) {
	int64_t count = tiles(b->rows), end = panels(seen(b->h, b->r0 + b->rows - 1));
	for (int64_t p = 0; p < end; p++) {
		for (int64_t i = 0; i < count; i++) {
			int64_t start = tile_start(b->rows, count, i), rows = tile_start(b->rows, count, i + 1) - start;
			if (seen(b->h, b->r0 + start + rows - 1) <= p * PANEL) continue;
			tile t = {.a = x + (b->r0 + start) * ldx, .stride = ldx, .b = y + p * b->h->d * PANEL, .k = b->h->d};
			t.c = dst + start * b->ld + p * PANEL, t.ldc = b->ld;
			panel_tile(rows_all, &t, rows, PANEL);
		}
	}
}

// times_packed sets dst[i] = chain(x[i][j]*y[j]) over the positions j that row i
// sees, y packed as rows.
static void times_packed(const rows_block *b, float *dst, int64_t ldd, const float *x, const float *y) {
	const chi_head *h = b->h;
	int64_t count = tiles(b->rows);
	for (int64_t p = 0; p < panels(h->d); p++) {
		for (int64_t i = 0; i < count; i++) {
			int64_t start = tile_start(b->rows, count, i), rows = tile_start(b->rows, count, i + 1) - start;
			tile t = {.a = x + start * b->ld, .stride = b->ld, .b = y + p * h->t * PANEL};
			t.k = h->causal ? b->r0 + start : h->t;
			t.c = dst + (b->r0 + start) * ldd + p * PANEL, t.ldc = ldd;
			panel_tile(h->causal ? rows_lower : rows_all, &t, rows, least(PANEL, h->d - p * PANEL));
		}
	}
}

// add_transposed continues the chains dst[j] += x[i][j]*y[i] over the rows i of a
// block, for the positions j that they see, y packed as rows.
static void add_transposed(const rows_block *b, float *dst, const float *x, const float *y) {
	const chi_head *h = b->h;
	int64_t end = h->causal ? b->r0 + b->rows : h->t;
	for (int64_t p = 0; p < panels(h->d); p++) {
		const float *panel = y + (p * h->t + b->r0) * PANEL;
		for (int64_t j0 = 0; j0 < end; j0 += BLOCK) {
			int64_t width = least(BLOCK, end - j0), count = tiles(width);
			int diagonal = h->causal && j0 == b->r0;
			for (int64_t i = 0; i < count; i++) {
				int64_t start = tile_start(width, count, i), rows = tile_start(width, count, i + 1) - start;
				int64_t skip = diagonal ? start : 0; // rows that see none of these positions
				tile t = {.a = x + skip * b->ld + j0 + start, .stride = b->ld, .b = panel + skip * PANEL};
				t.k = b->rows - skip;
				t.load = !diagonal && b->r0 > 0;
				t.c = dst + (j0 + start) * h->ld + p * PANEL, t.ldc = h->ld;
				panel_tile(diagonal ? columns_upper : columns_all, &t, rows, least(PANEL, h->d - p * PANEL));
			}
		}
	}
}

// v_keep keeps the first n lanes and replaces others; n may be anything.
INLINE vf v_keep(vf v, int64_t n, vf other) { return n >= VL ? v : v_select(v_first(greatest(n, 0)), v, other); }

// row_softmax turns n scores into weights exp(s*scale-max) followed by zeros up to
// a multiple of LANES, and returns their sum and the maximum.
static float row_softmax(float *s, int64_t n, float scale, float *maximum) {
	vf by = v_set(scale), low = v_set(-__builtin_inff()), top = low, top2 = low;
	vm nan = m_none();
	int64_t j = 0;
	for (; j + 2 * VL <= n; j += 2 * VL) {
		vf x = v_mul(v_load(s + j), by), y = v_mul(v_load(s + j + VL), by);
		v_store(s + j, x);
		v_store(s + j + VL, y);
		nan = m_or(nan, m_or(v_nan(x), v_nan(y)));
		top = v_max(x, top);
		top2 = v_max(y, top2);
	}
	for (; j < n; j += VL) {
		vf x = v_keep(v_mul(v_load(s + j), by), n - j, low);
		v_store(s + j, x);
		nan = m_or(nan, v_nan(x));
		top = v_max(x, top);
	}
	float m = m_any(nan) ? __builtin_nanf("") : v_greatest(v_max(top, top2)) + 0.0f;
	*maximum = m;
	vf sum[VN], max = v_set(m);
	for (int v = 0; v < VN; v++) sum[v] = v_zero();
	for (j = 0; j + PANEL <= n; j += PANEL) {
#pragma GCC unroll 8
		for (int v = 0; v < VN; v++) {
			vf p = m_exp(v_sub(v_load(s + j + v * VL), max));
			v_store(s + j + v * VL, p);
			sum[v] = v_add(sum[v], p);
		}
	}
	for (int v = 0; j < n && v < VN; v++) {
		vf p = v_keep(m_exp(v_sub(v_load(s + j + v * VL), max)), n - j - v * VL, v_zero());
		v_store(s + j + v * VL, p);
		sum[v] = v_add(sum[v], p);
	}
	return fold32(sum);
}

// finish_rows writes m + log(l) of rows and turns their sums l into 1/l.
static void finish_rows(float *lse, const float *m, float *l, int64_t rows) {
	for (int64_t i = 0; i < rows; i += VL) {
		vf sum = v_load(l + i);
		v_store(l + i, v_div(v_set(1), sum));
		v_store_n(lse + i, v_add(v_load(m + i), m_log(sum)), least(VL, rows - i));
	}
}

void KERNEL(attend)(float *out, float *lse, const float *q, const float *k, const float *v, const chi_head *h) {
	int64_t t = h->t, d = h->d;
	float *keys = h->scratch, *values = keys + panels(t) * d * PANEL, *s = values + panels(d) * t * PANEL;
	KERNEL(pack)(keys, k, h->ld, d, t, 1, 0, panels(t));
	KERNEL(pack)(values, v, h->ld, t, d, 0, 0, panels(d));
	rows_block b = {.h = h, .ld = panels(t) * PANEL};
	for (; b.r0 < t; b.r0 += BLOCK) {
		float m[BLOCK + VL] = {0}, l[BLOCK + VL] = {0};
		b.rows = least(BLOCK, t - b.r0);
		times_transposed(&b, s, q, h->ld, keys);
		for (int64_t i = 0; i < b.rows; i++)
			l[i] = row_softmax(s + i * b.ld, seen(h, b.r0 + i), h->scale, m + i);
		finish_rows(lse + b.r0, m, l, b.rows);
		times_packed(&b, out, h->ldo, s, values);
		for (int64_t i = 0; i < b.rows; i++) {
			float *row = out + (b.r0 + i) * h->ldo;
			int64_t x = 0;
			for (; x + VL <= d; x += VL) v_store(row + x, v_mul(v_load(row + x), v_set(l[i])));
			if (x < d) v_store_n(row + x, v_mul(v_load_n(row + x, d - x), v_set(l[i])), d - x);
		}
	}
}

static float dot(const float *x, const float *y, int64_t n) {
	vf sum[VN];
	for (int v = 0; v < VN; v++) sum[v] = v_zero();
	int64_t j = 0;
	for (; j + PANEL <= n; j += PANEL)
		for (int v = 0; v < VN; v++) sum[v] = v_fma(v_load(x + j + v * VL), v_load(y + j + v * VL), sum[v]);
	for (int v = 0; v < VN && j < n; v++, j += VL) {
		int64_t w = least(VL, n - j);
		vf added = v_fma(v_load_n(x + j, w), v_load_n(y + j, w), sum[v]);
		sum[v] = v_keep(added, w, sum[v]);
	}
	return fold32(sum);
}

// score_gradients turns the scores of a row into weights and dp into ds.
static void score_gradients(float *s, float *dp, int64_t n, float scale, float lse, float e) {
	vf by = v_set(scale);
	for (int64_t j = 0; j < n; j += VL) {
		vf p = m_exp(v_sub(v_mul(v_load(s + j), by), v_set(lse)));
		v_store(s + j, p);
		v_store(dp + j, v_mul(v_mul(p, v_sub(v_load(dp + j), v_set(e))), by));
	}
}

void KERNEL(attend_grad)(float *dq, float *dk, float *dv, const float *dout, const float *out, const float *lse,
                         const float *q, const float *k, const float *v, const chi_head *h) {
	int64_t t = h->t, d = h->d, down = panels(t) * d * PANEL, across = panels(d) * t * PANEL;
	float *keys = h->scratch, *values = keys + down;
	float *key_rows = values + down, *query_rows = key_rows + across, *dout_rows = query_rows + across;
	float *s = dout_rows + across, *dp = s + BLOCK * panels(t) * PANEL;
	KERNEL(pack)(keys, k, h->ld, d, t, 1, 0, panels(t));
	KERNEL(pack)(values, v, h->ld, d, t, 1, 0, panels(t));
	KERNEL(pack)(key_rows, k, h->ld, t, d, 0, 0, panels(d));
	KERNEL(pack)(query_rows, q, h->ld, t, d, 0, 0, panels(d));
	KERNEL(pack)(dout_rows, dout, h->ldo, t, d, 0, 0, panels(d));
	rows_block b = {.h = h, .ld = panels(t) * PANEL};
	for (; b.r0 < t; b.r0 += BLOCK) {
		b.rows = least(BLOCK, t - b.r0);
		times_transposed(&b, s, q, h->ld, keys);
		times_transposed(&b, dp, dout, h->ldo, values);
		for (int64_t i = 0; i < b.rows; i++) {
			int64_t r = b.r0 + i;
			float e = dot(dout + r * h->ldo, out + r * h->ldo, d);
			score_gradients(s + i * b.ld, dp + i * b.ld, seen(h, r), h->scale, lse[r], e);
		}
		times_packed(&b, dq, h->ld, dp, key_rows);
		add_transposed(&b, dk, dp, query_rows);
		add_transposed(&b, dv, s, dout_rows);
	}
}
