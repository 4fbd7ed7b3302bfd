// Packing and the matrix product, see package kernel. The blocks: a block of the
// left operand, packed to tiles; of the right one BLOCK_PANELS panels, which stay
// in the second-level cache while the rows pass.

#include "kernels.h"

#include "gemm_amx.h"
#include "gemm_tile.h"
#include "vmath.h"

enum {
	BLOCK_PANELS = 32,
	LINE = 64, // bytes of a cache line
	WIDE_STEPS = 128, // of a block where bfloat16 is widened
	FEW_ROWS = 3,     // so many rows or fewer take few_rows
	FEW_STEPS = 1024, // numbers to prefetch ahead there
};

TILE_FUNCTION(tile_columns, BY_COLUMNS, ALL)

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// load_cut loads as many of VL numbers as there are, 0 for others.
INLINE vf load_cut(const float *p, int64_t n) { return n >= VL ? v_load(p) : n > 0 ? v_load_n(p, n) : v_zero(); }

// pack_rows packs one panel of a matrix given by rows.
static void pack_rows(float *dst, const float *b, int64_t ldb, int64_t k, int64_t width) {
	for (int64_t l = 0; l < k; l++, dst += PANEL, b += ldb)
		for (int v = 0; v < VN; v++) v_store(dst + v * VL, load_cut(b + v * VL, width - v * VL));
}

// load_square transposes up to VL rows of up to VL numbers; what is missing is 0.
INLINE void load_square(vf r[VL], const float *b, int64_t ldb, int64_t rows, int64_t columns) {
#pragma GCC unroll 16
	for (int i = 0; i < VL; i++) {
		if (i >= rows) r[i] = v_zero();
		else r[i] = columns >= VL ? v_load(b + i * ldb) : v_load_n(b + i * ldb, columns);
	}
	v_transpose(r);
}

// pack_columns packs one panel of a matrix given by columns.
static void pack_columns(float *dst, const float *b, int64_t ldb, int64_t k, int64_t width) {
	for (int64_t l = 0; l < k; l += VL) {
		for (int v = 0; v < VN; v++) {
			vf r[VL];
			load_square(r, b + v * VL * ldb + l, ldb, width - v * VL, k - l);
#pragma GCC unroll 16
			for (int i = 0; i < VL; i++)
				if (l + i < k) v_store(dst + (l + i) * PANEL + v * VL, r[i]);
		}
	}
}

void KERNEL(pack)(float *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans, int64_t p0, int64_t p1) {
	if (trans) {
		for (int64_t p = p0; p < p1; p++)
			pack_columns(dst + p * k * PANEL, b + p * PANEL * ldb, ldb, k, least(PANEL, n - p * PANEL));
		return;
	}
	// A few rows of all panels at a time: memory is read in its own order.
	enum { GROUP = 16 };
	for (int64_t l = 0; l < k; l += GROUP) {
		for (int64_t p = p0; p < p1; p++)
			pack_rows(dst + (p * k + l) * PANEL, b + l * ldb + p * PANEL, ldb, least(GROUP, k - l),
			          least(PANEL, n - p * PANEL));
	}
}

// pack_pair packs two rows of numbers that become bfloat16.
INLINE void pack_pair(uint16_t *dst, vf even, vf odd) { i_store(dst, i_or(v_bf16(even), i_shl(v_bf16(odd), 16))); }

void KERNEL(pack_bf16)(uint16_t *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans, int64_t p0,
                       int64_t p1) {
	for (int64_t p = p0; p < p1; p++) {
		uint16_t *panel = dst + p * (k + k % 2) * PANEL;
		for (int v = 0; v < VN; v++) {
			int64_t j = p * PANEL + v * VL;
			for (int64_t l = 0; !trans && l < k; l += 2) {
				const float *row = b + l * ldb + j;
				vf odd = l + 1 < k ? load_cut(row + ldb, n - j) : v_zero();
				pack_pair(panel + l * PANEL + 2 * v * VL, load_cut(row, n - j), odd);
			}
			for (int64_t l = 0; trans && l < k; l += VL) {
				vf r[VL];
				load_square(r, b + j * ldb + l, ldb, n - j, k - l);
#pragma GCC unroll 16
				for (int i = 0; i < VL; i += 2)
					if (l + i < k) pack_pair(panel + (l + i) * PANEL + 2 * v * VL, r[i], r[i + 1]);
			}
		}
	}
}

// pack_tile packs rows of the left operand: element (i, l) to dst[l*rows+i]. It
// may write VL numbers past the end.
static void pack_tile(float *dst, const chi_matmul *g, int64_t i, int64_t rows, int64_t l, int64_t k) {
	if (g->trans_a) {
		const float *a = g->a + l * g->lda + i;
		for (int64_t s = 0; s < k; s++)
			for (int64_t r = 0; r < rows; r += VL) {
				int64_t n = rows - r;
				v_store(dst + s * rows + r, load_cut(a + s * g->lda + r, n));
			}
		return;
	}
	const float *a = g->a + i * g->lda + l;
	for (int64_t s = 0; s < k; s += VL) {
		vf square[(TILE_ROWS + VL - 1) / VL][VL];
		for (int64_t r = 0; r < rows; r += VL) load_square(square[r / VL], a + r * g->lda + s, g->lda, rows - r, k - s);
		for (int64_t j = 0; j < VL && s + j < k; j++)
			for (int64_t r = 0; r < rows; r += VL) v_store(dst + (s + j) * rows + r, square[r / VL][j]);
	}
}

static __attribute__((noinline)) void activate_tile(float *c, int64_t ldc, int64_t rows, int64_t width, int act) {
	for (int64_t i = 0; i < rows; i++, c += ldc)
		for (int64_t j = 0; j < width; j += VL) v_store(c + j, m_activate(v_load(c + j), act));
}

// copy_tile copies width numbers of each row.
static void copy_tile(float *dst, int64_t ldd, const float *src, int64_t lds, int64_t rows, int64_t width) {
	for (int64_t i = 0; i < rows; i++, dst += ldd, src += lds)
		for (int64_t j = 0; j < width; j++) dst[j] = src[j];
}

// block is what the tiles of a block of the product share.
typedef struct {
	const chi_matmul *g;
	float *left;  // packed rows of the left operand
	float *right; // room for BLOCK_STEPS rows of a panel that was bfloat16
	int64_t row, rows, l, k;
	int first, last; // whether l is the first, the last block of steps
} block;

// panel_bias gives the bias of a panel, filled up with zeros in pad if the panel
// is cut, or NULL.
INLINE const float *panel_bias(const chi_matmul *g, int64_t p, float pad[PANEL]) {
	if (!g->bias || g->n - p * PANEL >= PANEL) return g->bias ? g->bias + p * PANEL : 0;
	for (int64_t j = 0; j < PANEL; j++) pad[j] = p * PANEL + j < g->n ? g->bias[p * PANEL + j] : 0;
	return pad;
}

// cut_panel runs the tiles of a panel of less than PANEL columns, which go
// through a buffer.
static void cut_tile(tile *t, int64_t rows, int64_t width, int act, int last) {
	float buffer[TILE_ROWS * PANEL], *c = t->c;
	int64_t ldc = t->ldc;
	if (t->load) copy_tile(buffer, PANEL, c, ldc, rows, width);
	const float *b = t->b, *bias = t->bias;
	t->ldc = PANEL;
	for (int s = 0; s < TILE_STRIPS; s++) {
		t->c = buffer + s * TILE_WIDTH, t->b = b + s * TILE_WIDTH, t->bias = bias ? bias + s * TILE_WIDTH : 0;
		t->soon = t->c;
		tile_columns(t, (int)rows);
	}
	if (last && act) activate_tile(buffer, PANEL, rows, PANEL, act);
	copy_tile(c, ldc, buffer, PANEL, rows, width);
	t->ldc = ldc;
}

// pack_left packs the tiles of a block, rounded to bfloat16 if the right operand
// is so.
static void pack_left(const block *k) {
	int64_t count = tiles(k->rows);
	for (int64_t i = 0; i < count; i++) {
		int64_t start = tile_start(k->rows, count, i), end = tile_start(k->rows, count, i + 1);
		pack_tile(k->left + start * k->k, k->g, k->row + start, end - start, k->l, k->k);
	}
	if (!k->g->bf16) return;
	for (int64_t i = 0; i < k->rows * k->k; i += VL)
		v_store(k->left + i, v_float(i_shl(v_bf16(v_load(k->left + i)), 16)));
}

// widen_panel gives the rows of a block of a panel of bfloat16.
static const float *widen_panel(const block *k, int64_t p) {
	const chi_matmul *g = k->g;
	const uint16_t *b = g->bf16 + (p * (g->k + g->k % 2) + k->l) * PANEL;
	for (int64_t l = 0; l < k->k; l += 2, b += 2 * PANEL) {
		float *to = k->right + l * PANEL;
		for (int v = 0; v < VN; v++) {
			vi pair = i_load(b + 2 * v * VL);
			v_store(to + v * VL, v_float(i_shl(pair, 16)));
			v_store(to + PANEL + v * VL, v_float(i_and(pair, i_set((int32_t)0xffff0000))));
		}
	}
	return k->right;
}

// panel_tiles multiplies the rows of a block by a panel.
static void panel_tiles(const block *k, int64_t p) {
	const chi_matmul *g = k->g;
	float pad[PANEL];
	const float *b = g->bf16 ? widen_panel(k, p) : g->b + (p * g->k + k->l) * PANEL;
	const float *bias = k->last ? panel_bias(g, p, pad) : 0;
	int64_t width = g->n - p * PANEL, count = tiles(k->rows);
	tile t = {.ldc = g->ldc, .k = k->k, .load = !k->first || g->accumulate};
	// The tiles together prefetch the next panel into the second-level cache.
	t.later = (const char *)(p + 1 < g->p1 && !g->bf16 ? b + g->k * PANEL : b);
	t.pace = count <= 2 ? LINE : sizeof(float) * PANEL / count;
	for (int64_t i = 0; i < count; i++) {
		int64_t start = tile_start(k->rows, count, i), rows = tile_start(k->rows, count, i + 1) - start;
		float *c = g->c + (k->row + start) * g->ldc + p * PANEL;
		t.a = k->left + start * k->k, t.stride = rows;
		t.c = c, t.b = b, t.bias = bias;
		if (width < PANEL) {
			cut_tile(&t, rows, width, g->act, k->last);
			continue;
		}
		t.soon = i + 1 < count ? c + rows * g->ldc : c;
		for (int s = 0; s < TILE_STRIPS; s++) {
			t.c = c + s * TILE_WIDTH, t.b = b + s * TILE_WIDTH, t.bias = bias ? bias + s * TILE_WIDTH : 0;
			tile_columns(&t, (int)rows);
		}
		if (k->last && g->act) activate_tile(c, g->ldc, rows, PANEL, g->act);
		t.later += t.pace * k->k;
	}
}

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

static void gemm_blocks(const chi_matmul *g, float *left, float *right, int64_t steps) {
	// Blocks of steps begin at even ones, as rows of bfloat16 come in pairs.
	int64_t pairs = (g->k + 1) / 2, blocks = g->k > steps ? (g->k + steps - 1) / steps : 1;
	int64_t parts = (g->m + BLOCK_ROWS - 1) / BLOCK_ROWS;
	for (int64_t p0 = g->p0; p0 < g->p1; p0 += BLOCK_PANELS) {
		int64_t p1 = least(g->p1, p0 + BLOCK_PANELS);
		for (int64_t s = 0; s < blocks; s++) {
			block k = {.g = g, .left = left, .right = right, .first = s == 0, .last = s == blocks - 1};
			k.l = 2 * (pairs * s / blocks);
			k.k = least(g->k, 2 * (pairs * (s + 1) / blocks)) - k.l;
			for (int64_t r = 0; r < parts; r++) {
				k.row = g->m * r / parts, k.rows = g->m * (r + 1) / parts - k.row;
				pack_left(&k);
				for (int64_t p = p0; p < p1; p++) panel_tiles(&k, p);
			}
		}
	}
}

void KERNEL(gemm)(const chi_matmul *g) {
	if (g->m <= FEW_ROWS) {
		few_rows(g);
		return;
	}
	gemm_blocks(g, chi_left, 0, BLOCK_LEFT / least(g->m, BLOCK_ROWS) & ~(int64_t)1);
}

// Where the CPU has no instructions for bfloat16 its numbers are widened a panel
// at a time and the product is one of float32.
static void gemm_widened(const chi_matmul *g) {
	float left[WIDE_STEPS * BLOCK_ROWS + VL] __attribute__((aligned(64)));
	float right[WIDE_STEPS * PANEL] __attribute__((aligned(64)));
	gemm_blocks(g, left, right, WIDE_STEPS);
}

void KERNEL(gemm_bf16)(const chi_matmul *g) {
#if VL == 16 && defined(__linux__)
	if (chi_amx_ready()) {
		chi_gemm_bf16_amx(g);
		return;
	}
#endif
	gemm_widened(g);
}
