// Products of so few rows that a tile would have too few sums: whole panels at
// once instead, bound by memory.

enum {
	FEW_ROWS = 3,     // so many rows or fewer
	FEW_STEPS = 1024, // numbers to prefetch ahead
};

// few_strip multiplies rows by whole panels at once: one row alone has too few
// sums to keep the multipliers busy.
INLINE void few_strip(const chi_matmul *g, int64_t p, const int rows, const int panels) {
	vf sum[FEW_ROWS][4][VN];
	float edge[FEW_ROWS][PANEL];
	int64_t width = g->n - p * PANEL, a_row = g->trans_a ? 1 : g->lda, a_step = g->trans_a ? g->lda : 1;
	float *c = g->c + p * PANEL;
	int64_t ldc = g->ldc;
	int cut = width < panels * PANEL; // only of one panel
	if (cut && g->accumulate) copy_tile(edge[0], PANEL, c, ldc, rows, width);
	float *out = cut ? edge[0] : c;
	int64_t ldo = cut ? PANEL : ldc;
#pragma GCC unroll 4
	for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
		for (int q = 0; q < panels; q++)
#pragma GCC unroll 8
			for (int v = 0; v < VN; v++)
				sum[i][q][v] = g->accumulate ? v_load(out + i * ldo + q * PANEL + v * VL) : v_zero();
	const float *b = g->b + p * g->k * PANEL, *a = g->a;
	for (int64_t l = 0; l < g->k; l++, b += PANEL, a += a_step) {
#pragma GCC unroll 4
		for (int q = 0; q < panels; q++) {
			const float *right = b + q * g->k * PANEL;
			__builtin_prefetch(right + FEW_STEPS);
			__builtin_prefetch(right + FEW_STEPS + 16);
#pragma GCC unroll 8
			for (int v = 0; v < VN; v++) {
				vf x = v_load(right + v * VL);
#pragma GCC unroll 4
				for (int i = 0; i < rows; i++) sum[i][q][v] = v_fma(v_set(a[i * a_row]), x, sum[i][q][v]);
			}
		}
	}
	float pad[PANEL];
#pragma GCC unroll 4
	for (int q = 0; q < panels; q++) {
		const float *bias = panel_bias(g, p + q, pad);
#pragma GCC unroll 8
		for (int v = 0; v < VN; v++) {
#pragma GCC unroll 4
			for (int i = 0; i < rows; i++) {
				vf y = sum[i][q][v];
				v_store(out + i * ldo + q * PANEL + v * VL, bias ? v_add(y, v_load(bias + v * VL)) : y);
			}
		}
	}
	if (g->act) activate_tile(out, ldo, rows, panels * PANEL, g->act);
	if (cut) copy_tile(c, ldc, edge[0], PANEL, rows, width);
}

// FEW_PANELS(rows) panels at once give eight sums or more, where registers allow.
#define FEW_PANELS(rows) (VL == 16 ? 4 : VL == 8 && (rows) == 1 ? 2 : 1)
#define FEW_FUNCTION(rows)                                                                                                \
	static void few_rows_##rows(const chi_matmul *g) {                                                                \
		int64_t p = g->p0;                                                                                     \
		for (; p + FEW_PANELS(rows) <= g->p1 && (p + FEW_PANELS(rows)) * PANEL <= g->n; p += FEW_PANELS(rows))          \
			few_strip(g, p, rows, FEW_PANELS(rows));                                                             \
		for (; p < g->p1; p++) few_strip(g, p, rows, 1);                                                          \
	}
FEW_FUNCTION(1)
FEW_FUNCTION(2)
FEW_FUNCTION(3)

static void few_rows(const chi_matmul *g) {
	switch (g->m) {
	case 1: few_rows_1(g); break;
	case 2: few_rows_2(g); break;
	case 3: few_rows_3(g); break;
	}
}
