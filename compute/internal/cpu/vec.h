// Vectors of float32 for kernels written once for all levels. A kernel file
//
//	#include "vec_avx512.h" // or vec_avx2.h, vec_c.h
//	#include "some_template.h"
//	#include "vec_end.h"
//
// makes the functions of one level; the template names them KERNEL(name). The
// level's header defines
//
//	LEVEL      its name, the suffix of functions
//	VL         lanes of a vector
//	vf vi vm   vectors of VL float, of VL int32 (or uint32), and of VL truths
//
// and the functions below, and sets the compiler's target for what follows.
// Arithmetic is IEEE 754 operation by operation: nothing is contracted or
// reordered (package exact), so fused multiply-adds are written v_fma.
//
//	v_set(x) v_zero()               all lanes x or 0
//	v_load(p) v_store(p, v)         VL numbers, any alignment
//	v_load_n(p, n) v_store_n(p,v,n) the first n <= VL; others 0 or untouched
//	v_load_bf16(p) v_load_bf16_n    widen bfloat16
//	v_bf16(v)                       rounds to bfloat16, as vi
//	v_store_u16(p, i) .._n(p,i,n)   the low 16 bits of each lane
//	v_load_mask(p) v_load_mask_n    true where a byte is not 0
//	v_first(n)                      true in the first n <= VL lanes
//	v_add sub mul div(a, b) v_sqrt  one operation
//	v_fma(a, b, c)                  a*b + c, rounded once
//	v_fnma(a, b, c)                 -a*b + c, rounded once
//	v_max(a, b) v_min(a, b)         a > b ? a : b, a < b ? a : b; so b if a is NaN
//	v_neg v_abs v_copysign(x, s)    signs
//	v_scale(y, n)                   y*2^n for 0.5 < y < 2 and integers -126..128
//	v_lt le eq(a, b) v_nan(a)       truths; false of NaN but for v_nan
//	v_select(m, a, b)               m ? a : b
//	m_and or andnot(a, b) m_not     andnot is a and not b
//	m_none() m_any(m) m_bits(m)     bit i of m_bits is lane i
//	v_bits(v) v_float(i)            the same bits as another type
//	v_int(v) v_from_int(i)          conversion, truncating
//	i_set i_load i_store .._n       as their v_ namesakes
//	i_add sub mul and or xor(a, b)  32-bit integers, wrapping
//	i_shl(i, n) i_shr(i, n) i_sar   shifts by a constant, i_sar with the sign
//	i_eq i_lt(a, b) i_ltu           truths, i_ltu unsigned
//	i_select(m, a, b)               m ? a : b
//	i_iota()                        0, 1, 2 ...
//	i_mulhilo(a, b, &hi)            low halves of unsigned products, high in hi
//	v_transpose(r)                  transposes VL vectors in place
//	v_fold(v)                       the sum of the lanes: those VL/2 apart first,
//	                                then VL/4 and so on
//	v_greatest(v)                   the greatest lane, none being NaN
//	v_fold_rows(r)                  lane i is v_fold(r[i])
#ifndef CHIMERA_VEC_H
#define CHIMERA_VEC_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define CHI_PASTE(a, b, c) a##b##_##c
#define CHI_EXPAND(a, b, c) CHI_PASTE(a, b, c)
#define KERNEL(name) CHI_EXPAND(chi_, name, LEVEL)

#define INLINE static inline __attribute__((always_inline, unused))

#endif
