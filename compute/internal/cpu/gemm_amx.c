// Products of bfloat16 by the tile registers of AMX, see package kernel: 32 rows
// times a panel are four tiles of sums.
#if defined(__x86_64__)

#define _GNU_SOURCE
#include "vec_avx512.h"

#include "gemm_bf16.h"
#include "kernels.h"
#include "vmath.h"
#include <stdatomic.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define AMX                                                                                                            \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,popcnt,avx512bf16,amx-tile,"  \
	                      "amx-bf16")))

enum {
	ROWS = 16,                    // of a tile
	STEPS = 32,                   // of the summation index a tile takes
	TILE = ROWS * STEPS,          // numbers of a tile of the left operand
	GROUP = 2 * ROWS,             // rows multiplied together
	LEFT = 2 * BLOCK_LEFT,        // room for numbers of the left operand
	MOST_STEPS = LEFT / GROUP,    // of the summation index in a block
};

// request_tiles asks Linux for the tile registers, for the whole process.
static int request_tiles(void) {
#if defined(__linux__)
	enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
	return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
	return 0;
#endif
}

int chi_amx_ready(void) {
	static atomic_int known; // 0 unknown, 1 no, 2 yes
	int k = atomic_load_explicit(&known, memory_order_relaxed);
	if (k == 0) {
		uint32_t a, b, c, d;
		__asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
		int has = (d >> 22 & 1) && (d >> 24 & 1) && __builtin_cpu_supports("avx512bf16");
		k = has && request_tiles() ? 2 : 1;
		atomic_store_explicit(&known, k, memory_order_relaxed);
	}
	return k == 2;
}

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to; }

// block is rows and steps of the product; the left operand is packed to tiles of
// ROWS by STEPS, those of the same rows together, filled up with zeros.
typedef struct {
	const chi_matmul *g;
	uint16_t *left;
	int64_t row, rows, l, k;
	int first, last; // whether l is the first, the last block of steps
} block;

// pack_square packs up to 16 rows of 16 steps, transposed if they lie so.
AMX static void pack_square(uint16_t *dst, const chi_matmul *g, int64_t i, int64_t l, int64_t rows, int64_t k) {
	vf r[VL];
	int64_t n = g->trans_a ? k : rows, width = g->trans_a ? rows : k;
	const float *a = g->trans_a ? g->a + l * g->lda + i : g->a + i * g->lda + l;
	for (int j = 0; j < VL; j++) r[j] = j < n && width > 0 ? v_load_n(a + j * g->lda, least(width, VL)) : v_zero();
	if (g->trans_a) v_transpose(r);
	for (int j = 0; j < VL; j++) _mm256_storeu_si256((__m256i *)(dst + j * STEPS), (__m256i)_mm512_cvtneps_pbh(r[j]));
}

static __attribute__((noinline)) void pack_left(const block *b) {
	int64_t steps = up(b->k, STEPS), groups = 2 * up(b->rows, GROUP);
	uint16_t *dst = b->left;
	for (int64_t i = 0; i < groups; i++)
		for (int64_t s = 0; s < steps; s++, dst += TILE)
			for (int64_t h = 0; h < STEPS; h += VL)
				pack_square(dst + h, b->g, b->row + i * ROWS, b->l + s * STEPS + h,
				            b->rows - i * ROWS, b->k - s * STEPS - h);
}

// finish adds sums to c, what is to be added to both, and applies the activation.
static void finish(const block *b, const float *sums, int64_t row, int64_t rows, int64_t p) {
	const chi_matmul *g = b->g;
	for (int64_t i = 0; i < rows; i++, sums += PANEL) {
		float *c = g->c + (b->row + row + i) * g->ldc + p * PANEL;
		for (int v = 0; v < VN; v++) {
			int64_t n = least(VL, g->n - p * PANEL - v * VL);
			if (n <= 0) break;
			vf y = v_load(sums + v * VL);
			if (g->accumulate || !b->first) y = v_add(v_load_n(c + v * VL, n), y);
			if (b->last && g->bias) y = v_add(y, v_load_n(g->bias + p * PANEL + v * VL, n));
			if (b->last) y = m_activate(y, g->act);
			v_store_n(c + v * VL, y, n);
		}
	}
}

// multiply_group multiplies GROUP rows by a panel. Steps of the panel past the
// last whole STEPS are in tail. Memory at later is prefetched, pace lines a step.
//
// Not inlined and with a barrier, as GCC 12 does not see that tile loads read memory.
AMX static __attribute__((noinline)) void multiply_group(float *sums, const uint16_t *left, const uint16_t *right,
                                                         const uint16_t *tail, int64_t k, int64_t rows,
                                                         const char *later, int64_t pace) {
	int64_t steps = up(k, STEPS), stride = 4 * PANEL;
	const uint16_t *below = left + steps * TILE;
	__asm__ volatile("" : : : "memory");
	_tile_zero(0);
	_tile_zero(1);
	_tile_zero(2);
	_tile_zero(3);
	for (int64_t s = 0; s < steps; s++, left += TILE, below += TILE, right += STEPS * PANEL) {
		const uint16_t *b = (s + 1) * STEPS > k ? tail : right;
		for (int64_t i = 0; i < pace; i++, later += 64) __builtin_prefetch(later, 0, 2);
		_tile_loadd(6, b, stride);
		_tile_loadd(4, left, 2 * STEPS);
		_tile_loadd(7, b + 2 * ROWS, stride);
		_tile_dpbf16ps(0, 4, 6);
		_tile_dpbf16ps(1, 4, 7);
		if (rows <= ROWS) continue;
		_tile_loadd(5, below, 2 * STEPS);
		_tile_dpbf16ps(2, 5, 6);
		_tile_dpbf16ps(3, 5, 7);
	}
	_tile_stored(0, sums, stride);
	_tile_stored(1, sums + ROWS, stride);
	if (rows <= ROWS) return;
	_tile_stored(2, sums + ROWS * PANEL, stride);
	_tile_stored(3, sums + ROWS * PANEL + ROWS, stride);
}

static void multiply_block(const block *b, int64_t p) {
	const chi_matmul *g = b->g;
	float sums[GROUP * PANEL] __attribute__((aligned(64)));
	uint16_t tail[STEPS * PANEL] __attribute__((aligned(64)));
	int64_t pairs = (g->k + 1) / 2, groups = up(b->rows, GROUP);
	const uint16_t *right = g->bf16 + (p * pairs + b->l / 2) * 2 * PANEL;
	if (b->k % STEPS) {
		int64_t whole = b->k / STEPS * STEPS;
		memset(tail, 0, sizeof tail);
		memcpy(tail, right + whole * PANEL, sizeof(uint16_t) * PANEL * (size_t)(b->k - whole + b->k % 2));
	}
	const char *later = (const char *)(p + 1 < g->p1 ? right + pairs * 2 * PANEL : right);
	int64_t pace = STEPS / groups; // lines a step: together the next panel
	for (int64_t i = 0; i < groups; i++) {
		int64_t rows = least(GROUP, b->rows - i * GROUP);
		multiply_group(sums, b->left + i * up(b->k, STEPS) * 2 * TILE, right, tail, b->k, rows,
		               later + i * pace * 64 * up(b->k, STEPS), pace);
		finish(b, sums, i * GROUP, rows, p);
	}
}

AMX static void configure(void) {
	struct {
		uint8_t palette, start, reserved[14];
		uint16_t bytes[16];
		uint8_t rows[16];
	} c = {.palette = 1};
	for (int i = 0; i < 8; i++) c.bytes[i] = 64, c.rows[i] = ROWS;
	__asm__ volatile("" : : "r"(&c) : "memory"); // GCC 12 takes it for a load of eight bytes
	_tile_loadconfig(&c);
}

AMX static void release(void) { _tile_release(); }

void chi_gemm_bf16_amx(const chi_matmul *g) {
	uint16_t *left = (uint16_t *)chi_left;
	int64_t blocks = g->k ? up(g->k, MOST_STEPS) : 1, steps = up(up(g->k, blocks), STEPS) * STEPS;
	int64_t most = steps ? LEFT / steps / GROUP * GROUP : g->m, parts = up(g->m, most);
	configure();
	for (int64_t s = 0; s < blocks; s++) {
		block b = {.g = g, .left = left, .l = s * steps, .first = s == 0, .last = s == blocks - 1};
		b.k = least(steps, g->k - b.l);
		for (int64_t r = 0; r < parts; r++) {
			b.row = r * most, b.rows = least(most, g->m - b.row);
			pack_left(&b);
			for (int64_t p = g->p0; p < g->p1; p++) multiply_block(&b, p);
		}
	}
	release();
}

#include "vec_end.h"
#endif
