// What the kernels along rows share. Included by one file for each level,
// between the level's header and vec_end.h, before the templates.

#include "kernels.h"
#include "kernels_rows.h"
#include "vmath.h"
#include <stddef.h>

// UNROLL precedes loops over vectors, whose number is a constant. In portable C
// they stay loops: each vector is so much code already.
#ifndef UNROLL
#define UNROLL _Pragma("GCC unroll 8")
#endif

// EACH runs the statements for each vector of n elements: v is its place among
// the VN vectors of the partial sums, j its first element. They are compiled
// twice, for whole vectors and for the rest of fewer than LANES elements, where
// a vector may have r < VL of them. TAKE, PUT and KEEP follow that.
#define EACH(n, ...)                                                                                                   \
	do {                                                                                                           \
		int64_t j = 0;                                                                                         \
		while (j + LANES <= (n)) UNROLL                                                                        \
			for (int v = 0; v < VN; v++, j += VL) {                                                        \
				enum { full = 1, r = VL };                                                             \
				__VA_ARGS__                                                                            \
			}                                                                                              \
		UNROLL for (int v = 0; v < VN; v++, j += VL) if (j < (n)) {                                            \
			enum { full = 0 };                                                                             \
			const int64_t r = (n) - j < VL ? (n) - j : VL;                                                 \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	} while (0)

// MAP is EACH for what needs no partial sums.
#define MAP(n, ...)                                                                                                    \
	do {                                                                                                           \
		int64_t j = 0;                                                                                         \
		for (; j + VL <= (n); j += VL) {                                                                       \
			enum { full = 1, r = VL };                                                                     \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
		if (j < (n)) {                                                                                         \
			enum { full = 0 };                                                                             \
			const int64_t r = (n) - j;                                                                     \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	} while (0)

// TAKE loads the vector of x, 0 past its end, TAKE_OR another number there.
#define TAKE(x) (full ? v_load((x) + j) : v_load_n((x) + j, r))
#define TAKE_OR(x, other) KEEP(TAKE(x), v_set(other))
#define TAKE_MASK(m) (full ? v_load_mask((m) + j) : v_load_mask_n((m) + j, r))
#define PUT(x, value)                                                                                                  \
	do {                                                                                                           \
		if (full) v_store((x) + j, value);                                                                     \
		else v_store_n((x) + j, value, r);                                                                     \
	} while (0)
// KEEP is the value in the lanes that exist and old in the others. A partial sum
// of products needs it, as adding 0 would turn -0 into 0.
#define KEEP(value, old) (full ? (value) : v_select(v_first(r), value, old))

// lanes are the partial sums of a reduction.
typedef struct {
	vf v[VN];
} lanes;

INLINE lanes splat(float x) {
	lanes s;
	UNROLL for (int v = 0; v < VN; v++) s.v[v] = v_set(x);
	return s;
}

// v_greater is the greater number, NaN if either is.
INLINE vf v_greater(vf a, vf b) { return v_select(v_nan(a), a, v_max(a, b)); }

// narrow adds the vectors of partial sums, 16 lanes apart first, down to one.
INLINE vf narrow(lanes s) {
	UNROLL for (int w = VN / 2; w > 0; w /= 2)
		UNROLL for (int v = 0; v < w; v++) s.v[v] = v_add(s.v[v], s.v[v + w]);
	return s.v[0];
}

// total is the sum of the partial sums in the order of package exact.
INLINE float total(lanes s) { return v_sum(narrow(s)); }

// top is the max of package exact over partial maxima that began with -Inf.
INLINE float top(lanes s) {
	UNROLL for (int v = 1; v < VN; v++) s.v[0] = v_greater(s.v[0], s.v[v]);
	return m_any(v_nan(s.v[0])) ? __builtin_nanf("") : v_top(s.v[0]) + 0.0f;
}

// row_max is the max of package exact of the elements that are in. A constant
// NULL for mask leaves the mask out.
INLINE float row_max(const float *x, int64_t n, const uint8_t *mask) {
	lanes s = splat(-__builtin_inff());
	EACH(n, {
		vf a = TAKE_OR(x, -__builtin_inff());
		if (mask) a = v_select(TAKE_MASK(mask), a, v_set(-__builtin_inff()));
		s.v[v] = v_greater(a, s.v[v]);
	});
	return top(s);
}

INLINE float row_sum(const float *x, int64_t n) {
	lanes s = splat(0);
	EACH(n, { s.v[v] = v_add(s.v[v], TAKE(x)); });
	return total(s);
}

INLINE float row_dot(const float *x, const float *y, int64_t n) {
	lanes s = splat(0);
	EACH(n, { s.v[v] = KEEP(v_fma(TAKE(x), TAKE(y), s.v[v]), s.v[v]); });
	return total(s);
}

// log1 is Log of package exact of one number.
INLINE float log1(float x) {
	float p[VL];
	v_store(p, m_log(v_set(x)));
	return p[0];
}
