// The functions of one variable of package exact, a vector at a time, operation
// by operation: m_exp is exact.Exp and so on. Branches of the Go code are
// selections here; what a lane computes besides is thrown away.
#ifndef CHIMERA_VMATH_H
#define CHIMERA_VMATH_H

#include "kernels.h"

// One step of Horner's rule.
#define STEP(y, x, c) y = v_fma(y, x, v_set(c))

INLINE vf m_exp(vf x) {
	const vf rounder = v_set(12582912.0f);
	vf n = v_sub(v_fma(x, v_set(1.44269504088896341f), rounder), rounder);
	vf r = v_fma(n, v_set(-0.693359375f), x);
	r = v_fma(n, v_set(2.12194440e-4f), r);
	vf y = v_set(1.9875691500e-4f);
	STEP(y, r, 1.3981999507e-3f);
	STEP(y, r, 8.3334519073e-3f);
	STEP(y, r, 4.1665795894e-2f);
	STEP(y, r, 1.6666665459e-1f);
	STEP(y, r, 5.0000001201e-1f);
	y = v_add(v_fma(y, v_mul(r, r), r), v_set(1));
	y = v_scale(y, n);
	y = v_select(v_lt(v_set(88.72283905206835f), x), v_set(__builtin_inff()), y);
	return v_select(v_lt(x, v_set(-87.33654475055310f)), v_zero(), y); // NaN has come through
}

// m_log_bits is the logarithm of 2^e times the positive normal number of bits.
INLINE vf m_log_bits(vi bits, vf e) {
	vi k = i_sar(i_sub(bits, i_set(0x3f3504f3)), 23);
	vf f = v_sub(v_float(i_sub(bits, i_shl(k, 23))), v_set(1));
	e = v_add(e, v_from_int(k));
	vf z = v_mul(f, f);
	vf y = v_set(7.0376836292e-2f);
	STEP(y, f, -1.1514610310e-1f);
	STEP(y, f, 1.1676998740e-1f);
	STEP(y, f, -1.2420140846e-1f);
	STEP(y, f, 1.4249322787e-1f);
	STEP(y, f, -1.6668057665e-1f);
	STEP(y, f, 2.0000714765e-1f);
	STEP(y, f, -2.4999993993e-1f);
	STEP(y, f, 3.3333331174e-1f);
	y = v_mul(y, v_mul(f, z));
	y = v_fma(e, v_set(-2.12194440e-4f), y);
	y = v_fma(v_set(-0.5f), z, y);
	return v_fma(e, v_set(0.693359375f), v_add(f, y));
}

// m_log_normal is m_log where all lanes are positive normal numbers.
INLINE vf m_log_normal(vf x) { return m_log_bits(v_bits(x), v_zero()); }

INLINE vf m_log(vf x) {
	vi bits = v_bits(x);
	vm subnormal = i_lt(bits, i_set(0x00800000)); // or negative, which counts later
	bits = i_select(subnormal, v_bits(v_mul(x, v_set(8388608.0f))), bits);
	vf y = m_log_bits(bits, v_select(subnormal, v_set(-23), v_zero()));
	vf inf = v_set(__builtin_inff());
	y = v_select(v_eq(x, inf), x, y);
	y = v_select(v_eq(x, v_zero()), v_neg(inf), y);
	return v_select(m_or(v_lt(x, v_zero()), v_nan(x)), v_set(__builtin_nanf("")), y);
}

INLINE vf m_tanh(vf x) {
	vf a = v_abs(x);
	vf far = v_sub(v_set(1), v_div(v_set(2), v_add(m_exp(v_add(a, a)), v_set(1))));
	vf z = v_mul(a, a);
	vf y = v_set(-5.70498872745e-3f);
	STEP(y, z, 2.06390887954e-2f);
	STEP(y, z, -5.37397155531e-2f);
	STEP(y, z, 1.33314422036e-1f);
	STEP(y, z, -3.33332819422e-1f);
	vf near = v_fma(v_mul(y, z), a, a);
	return v_copysign(v_select(v_le(v_set(0.625f), a), far, near), x);
}

INLINE vf m_sigmoid(vf x) { return v_div(v_set(1), v_add(v_set(1), m_exp(v_neg(x)))); }

// m_softplus: a NaN passes through the exponential into the sum.
INLINE vf m_softplus(vf x) {
	vf e = m_exp(v_neg(v_abs(x)));
	vf u = v_add(v_set(1), e);
	vf l = v_div(v_mul(m_log(u), e), v_sub(u, v_set(1)));
	l = v_select(v_eq(u, v_set(1)), e, l);
	return v_add(v_max(x, v_zero()), l);
}

// m_relu is x if x > 0 or NaN, else +0.
INLINE vf m_relu(vf x) { return v_select(v_le(x, v_zero()), v_zero(), x); }

INLINE vf m_silu(vf x) { return v_mul(x, m_sigmoid(x)); }

INLINE vf m_silu_grad(vf x) {
	vf s = m_sigmoid(x);
	return v_mul(s, v_fma(x, v_sub(v_set(1), s), v_set(1)));
}

#define GELU_C 0.7978845608028654 // sqrt(2/pi)
#define GELU_K 0.044715

INLINE vf m_gelu_tanh(vf x) {
	vf cube = v_mul(v_mul(x, x), x);
	return m_tanh(v_mul(v_set((float)GELU_C), v_fma(v_set((float)GELU_K), cube, x)));
}

INLINE vf m_gelu(vf x) { return v_mul(v_mul(v_set(0.5f), x), v_add(v_set(1), m_gelu_tanh(x))); }

INLINE vf m_gelu_grad(vf x) {
	vf t = m_gelu_tanh(x);
	vf h = v_mul(v_set(0.5f), v_add(v_set(1), t));
	vf s = v_fnma(t, t, v_set(1));
	vf d = v_mul(v_set((float)GELU_C), v_fma(v_set((float)(3 * GELU_K)), v_mul(x, x), v_set(1)));
	vf y = v_fma(v_mul(v_mul(v_set(0.5f), x), s), d, h);
	return v_select(v_eq(s, v_zero()), h, y);
}

// m_activate applies an activation of kernels.h.
INLINE vf m_activate(vf x, int act) {
	switch (act) {
	case ACT_RELU: return m_relu(x);
	case ACT_GELU: return m_gelu(x);
	case ACT_SILU: return m_silu(x);
	case ACT_TANH: return m_tanh(x);
	}
	return x;
}

#endif
