// A matrix product by blocks: of the left operand BLOCK_ROWS rows, packed to tiles;
// of the right one BLOCK_PANELS panels, which stay in the second-level cache while
// the rows pass. A file for products of pairs of bfloat16 defines CHI_BF16 and
// TILE_FMA before; others widen bfloat16.

#include "kernels.h"

#include "gemm_tile.h"
#include "vmath.h"

enum {
	BLOCK_PANELS = 16,
	LINE = 64,        // bytes of a cache line
	WIDE_STEPS = 128, // of a block where bfloat16 is widened
};

TILE_FUNCTION(tile_columns, BY_COLUMNS, ALL)

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// load_cut loads as many of VL numbers as there are, 0 for others.
INLINE vf load_cut(const float *p, int64_t n) { return n >= VL ? v_load(p) : n > 0 ? v_load_n(p, n) : v_zero(); }

// load_square transposes up to VL rows of up to VL numbers; what is missing is 0.
INLINE void load_square(vf r[VL], const float *b, int64_t ldb, int64_t rows, int64_t columns) {
#pragma GCC unroll 16
	for (int i = 0; i < VL; i++) {
		if (i >= rows) r[i] = v_zero();
		else r[i] = columns >= VL ? v_load(b + i * ldb) : v_load_n(b + i * ldb, columns);
	}
	v_transpose(r);
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

#if defined(CHI_BF16)
// pack_pairs packs pairs of steps of a tile of bfloat16 into one number.
static void pack_pairs(float *left, int64_t rows, int64_t k) {
	for (int64_t l = 0; l < k; l += 2) {
		vi even = v_bits(v_load_n(left + l * rows, rows));
		vi odd = l + 1 < k ? v_bits(v_load_n(left + (l + 1) * rows, rows)) : i_set(0);
		v_store_n(left + l / 2 * rows, v_float(i_or(i_shr(even, 16), odd)), rows);
	}
}
#else
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
#endif

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
#if defined(CHI_BF16)
	for (int64_t i = 0; i < count; i++) {
		int64_t start = tile_start(k->rows, count, i), end = tile_start(k->rows, count, i + 1);
		pack_pairs(k->left + start * k->k, end - start, k->k);
	}
#endif
}

// panel_tiles multiplies the rows of a block by a panel.
static void panel_tiles(const block *k, int64_t p) {
	const chi_matmul *g = k->g;
	float pad[PANEL];
#if defined(CHI_BF16)
	int64_t depth = (g->k + 1) / 2, steps = (k->k + 1) / 2;
	const float *b = (const float *)g->bf16 + (p * depth + k->l / 2) * PANEL;
	int more = p + 1 < g->p1;
#else
	int64_t depth = g->k, steps = k->k;
	const float *b = g->bf16 ? widen_panel(k, p) : g->b + (p * depth + k->l) * PANEL;
	int more = p + 1 < g->p1 && !g->bf16;
#endif
	const float *bias = k->last ? panel_bias(g, p, pad) : 0;
	int64_t width = g->n - p * PANEL, count = tiles(k->rows);
	tile t = {.ldc = g->ldc, .k = steps, .load = !k->first || g->accumulate};
	// The tiles together prefetch the next panel into the second-level cache.
	t.later = (const char *)(more ? b + depth * PANEL : b);
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
		t.later += t.pace * steps;
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
