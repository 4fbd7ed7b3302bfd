// The tile of a matrix product: a few rows of the left operand times a panel, or
// a strip of one, of a packed right operand, with all sums in registers. Each
// element is one chain of fused multiply-adds in ascending order, so that the
// shape of tiles, and storing sums in between, changes no bit.

// TILE_ROWS by TILE_VECTORS sums, the vectors of the right operand and a
// broadcast one of the left fill the registers; a panel is TILE_STRIPS strips.
#if defined(CHI_BASELINE)
enum { TILE_ROWS = 6, TILE_VECTORS = 4 };
#else
enum { TILE_ROWS = VL == 16 ? 14 : 6, TILE_VECTORS = 2 };
#endif
enum { NEAR = 8 * PANEL }; // numbers of the right operand to prefetch into the first-level cache
enum { TILE_WIDTH = TILE_VECTORS * VL, TILE_STRIPS = PANEL / TILE_WIDTH };

// tile is the operands. Element (i, l) of the left one is at a[i*stride+l] in
// tiles by rows and at a[l*stride+i] in tiles by columns; row l of the right one
// at b[l*PANEL].
typedef struct {
	float *c;
	const float *a, *b, *bias; // bias NULL: none
	int64_t ldc, stride, k;
	int load;           // begin with what is in c instead of 0
	const float *soon;  // the c of the next tile, to prefetch
	const char *later;  // memory to prefetch into the second-level cache,
	int64_t pace;       // so many bytes on after each step
} tile;

// The steps a row takes. ALL: every row k. LOWER: every row k and then row i those
// numbered 0 to i of a triangle of as many steps as rows. UPPER: row i those
// numbered i to k-1, where k is at least the number of rows.
enum { ALL, LOWER, UPPER };
enum { BY_ROWS, BY_COLUMNS };

// TILE_FMA is the multiplication: a step is one of the summation index, or a pair
// of bfloat16 where the file says so.
#if !defined(TILE_FMA)
#define TILE_FMA(a, b, c) v_fma(a, b, c)
#endif

// TILE_STEP does one step for rows from <= i < to.
#define TILE_STEP(a, b, from, to)                                                                                      \
	{                                                                                                              \
		vf right[TILE_VECTORS];                                                                                \
		_Pragma("GCC unroll 4") for (int v = 0; v < TILE_VECTORS; v++) right[v] = v_load((b) + v * VL);        \
		_Pragma("GCC unroll 14") for (int i = (from); i < (to); i++) {                                         \
			vf left = v_set(form == BY_ROWS ? (a)[i * stride] : (a)[i]);                                   \
			_Pragma("GCC unroll 4") for (int v = 0; v < TILE_VECTORS; v++) sum[i][v] =                     \
			    TILE_FMA(left, right[v], sum[i][v]);                                                       \
		}                                                                                                      \
	}

INLINE void tile_run(const tile *t, const int rows, const int form, const int range) {
	vf sum[TILE_ROWS][TILE_VECTORS];
	float *c = t->c;
	const float *a = t->a, *b = t->b;
	const int64_t stride = t->stride, ldc = t->ldc, step = form == BY_ROWS ? 1 : stride;
	const char *later = t->later;
	const int64_t pace = t->pace;
	int64_t k = t->k;
#pragma GCC unroll 14
	for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
		for (int v = 0; v < TILE_VECTORS; v++) sum[i][v] = t->load ? v_load(c + i * ldc + v * VL) : v_zero();
	for (int i = 0; i < rows; i++) __builtin_prefetch(t->soon + i * ldc, 1);
	if (range == UPPER) {
#pragma GCC unroll 14
		for (int l = 0; l < rows; l++, a += step, b += PANEL) TILE_STEP(a, b, 0, l + 1)
		k -= rows;
	}
	for (; k > 0; k--, a += step, b += PANEL, later += pace) {
		__builtin_prefetch(b + NEAR), __builtin_prefetch(b + NEAR + 16);
		__builtin_prefetch(later, 0, 2);
		TILE_STEP(a, b, 0, rows)
	}
	if (range == LOWER) {
#pragma GCC unroll 14
		for (int l = 0; l < rows; l++, a += step, b += PANEL) TILE_STEP(a, b, l, rows)
	}
	if (t->bias) {
#pragma GCC unroll 4
		for (int v = 0; v < TILE_VECTORS; v++) {
			vf bias = v_load(t->bias + v * VL);
#pragma GCC unroll 14
			for (int i = 0; i < rows; i++) sum[i][v] = v_add(sum[i][v], bias);
		}
	}
#pragma GCC unroll 14
	for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
		for (int v = 0; v < TILE_VECTORS; v++) v_store(c + i * ldc + v * VL, sum[i][v]);
}

#define TILE_CASE(n, form, range)                                                                                      \
	case n: tile_run(t, n <= TILE_ROWS ? n : TILE_ROWS, form, range); break;
#define TILE_CASES(form, range)                                                                                        \
	TILE_CASE(1, form, range) TILE_CASE(2, form, range) TILE_CASE(3, form, range) TILE_CASE(4, form, range)        \
	TILE_CASE(5, form, range) TILE_CASE(6, form, range)
#define TILE_MORE_CASES(form, range)                                                                                   \
	TILE_CASE(7, form, range) TILE_CASE(8, form, range) TILE_CASE(9, form, range) TILE_CASE(10, form, range)       \
	TILE_CASE(11, form, range) TILE_CASE(12, form, range) TILE_CASE(13, form, range) TILE_CASE(14, form, range)

// TILE_FUNCTION makes the function that runs a tile of 1 to TILE_ROWS rows.
#if VL == 16
#define TILE_FUNCTION(name, form, range)                                                                               \
	static __attribute__((noinline, unused)) void name(const tile *t, int rows) {                                  \
		switch (rows) { TILE_CASES(form, range) TILE_MORE_CASES(form, range) }                                 \
	}
#else
#define TILE_FUNCTION(name, form, range)                                                                               \
	static __attribute__((noinline, unused)) void name(const tile *t, int rows) {                                  \
		switch (rows) { TILE_CASES(form, range) }                                                              \
	}
#endif

// tiles is the number of tiles that rows are split into, evenly; tile_start is
// the first row of the ith, that of the one past the last being rows.
INLINE int64_t tiles(int64_t rows) { return (rows + TILE_ROWS - 1) / TILE_ROWS; }
INLINE int64_t tile_start(int64_t rows, int64_t count, int64_t i) { return rows * i / count; }
