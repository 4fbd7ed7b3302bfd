// Loops over elements.

#define TO(value)                                                                                                     \
	MAP(n, {                                                                                                      \
		vf a = TAKE(x);                                                                                        \
		PUT(dst, value);                                                                                       \
	});                                                                                                            \
	break

void KERNEL(unary)(int32_t op, float *dst, const float *x, int64_t n) {
	const vf one = v_set(1);
	switch (op) {
	case UNARY_NEG: TO(v_neg(a));
	case UNARY_ABS: TO(v_abs(a));
	case UNARY_SQUARE: TO(v_mul(a, a));
	case UNARY_SQRT: TO(v_sqrt(a));
	case UNARY_RECIPROCAL: TO(v_div(one, a));
	case UNARY_EXP: TO(m_exp(a));
	case UNARY_LOG: TO(m_log(a));
	case UNARY_TANH: TO(m_tanh(a));
	case UNARY_SIGMOID: TO(m_sigmoid(a));
	case UNARY_SOFTPLUS: TO(m_softplus(a));
	case UNARY_RELU: TO(m_relu(a));
	case UNARY_GELU: TO(m_gelu(a));
	case UNARY_SILU: TO(m_silu(a));
	}
}
#undef TO

// GRAD reads x or y, as the derivative asks.
#define GRAD(from, value)                                                                                          \
	MAP(n, {                                                                                                      \
		vf g = TAKE(dy), a = TAKE(from);                                                                       \
		PUT(dx, value);                                                                                        \
	});                                                                                                            \
	break

void KERNEL(unary_grad)(int32_t op, float *dx, const float *dy, const float *x, const float *y, int64_t n) {
	const vf zero = v_zero(), one = v_set(1);
	switch (op) {
	case UNARY_NEG: MAP(n, { PUT(dx, v_neg(TAKE(dy))); }); break;
	case UNARY_ABS: GRAD(x, v_mul(g, v_select(v_eq(a, zero), zero, v_select(v_nan(a), a, v_copysign(one, a)))));
	case UNARY_SQUARE: GRAD(x, v_mul(g, v_add(a, a)));
	case UNARY_SQRT: GRAD(y, v_mul(g, v_div(v_set(0.5f), a)));
	case UNARY_RECIPROCAL: GRAD(y, v_mul(g, v_mul(v_neg(a), a)));
	case UNARY_EXP: GRAD(y, v_mul(g, a));
	case UNARY_LOG: GRAD(x, v_mul(g, v_div(one, a)));
	case UNARY_TANH: GRAD(y, v_mul(g, v_fnma(a, a, one)));
	case UNARY_SIGMOID: GRAD(y, v_mul(g, v_mul(a, v_sub(one, a))));
	case UNARY_SOFTPLUS: GRAD(x, v_mul(g, m_sigmoid(a)));
	case UNARY_RELU: GRAD(x, v_select(v_le(a, zero), zero, g));
	case UNARY_GELU: GRAD(x, v_mul(g, m_gelu_grad(a)));
	case UNARY_SILU: GRAD(x, v_mul(g, m_silu_grad(a)));
	}
}
#undef GRAD

INLINE vf binary_op(int32_t op, vf a, vf b) {
	switch (op) {
	case BINARY_ADD: return v_add(a, b);
	case BINARY_SUB: return v_sub(a, b);
	case BINARY_MUL: return v_mul(a, b);
	case BINARY_DIV: return v_div(a, b);
	case BINARY_MAX: return v_select(v_nan(a), a, v_max(a, b));
	default: return v_select(v_nan(a), a, v_min(a, b));
	}
}

// BY_OP is one call for each operation, so that op is a constant in it.
#define BY_OP(call)                                                                                                    \
	switch (op) {                                                                                                  \
	case BINARY_ADD: call(BINARY_ADD); break;                                                                      \
	case BINARY_SUB: call(BINARY_SUB); break;                                                                      \
	case BINARY_MUL: call(BINARY_MUL); break;                                                                      \
	case BINARY_DIV: call(BINARY_DIV); break;                                                                      \
	case BINARY_MAX: call(BINARY_MAX); break;                                                                      \
	case BINARY_MIN: call(BINARY_MIN); break;                                                                      \
	}

void KERNEL(binary)(int32_t op, float *dst, const float *a, const float *b, int64_t n) {
#define CALL(op) MAP(n, { PUT(dst, binary_op(op, TAKE(a), TAKE(b))); })
	BY_OP(CALL)
#undef CALL
}

void KERNEL(binary_row)(int32_t op, float *dst, const float *a, const float *b, int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++, dst += n, a += n) KERNEL(binary)(op, dst, a, b, n);
}

void KERNEL(binary_scalar)(int32_t op, float *dst, const float *a, float b, int64_t n) {
	const vf s = v_set(b);
#define CALL(op) MAP(n, { PUT(dst, binary_op(op, TAKE(a), s)); })
	BY_OP(CALL)
#undef CALL
}

void KERNEL(binary_col)(int32_t op, float *dst, const float *a, const float *b, int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++, dst += n, a += n) KERNEL(binary_scalar)(op, dst, a, b[i], n);
}
#undef BY_OP

void KERNEL(axpby)(float *dst, float alpha, const float *x, float beta, const float *y, int64_t n) {
	const vf s = v_set(alpha), t = v_set(beta);
	MAP(n, { PUT(dst, v_fma(s, TAKE(x), v_mul(t, TAKE(y)))); });
}

void KERNEL(where)(float *dst, const uint8_t *cond, const float *a, const float *b, int64_t n) {
	MAP(n, { PUT(dst, v_select(TAKE_MASK(cond), TAKE(a), TAKE(b))); });
}

void KERNEL(to_bf16)(uint16_t *dst, const float *x, int64_t n) {
	MAP(n, {
		vi bits = v_bf16(TAKE(x));
		if (full) v_store_u16(dst + j, bits);
		else v_store_u16_n(dst + j, bits, r);
	});
}

void KERNEL(from_bf16)(float *dst, const uint16_t *x, int64_t n) {
	MAP(n, { PUT(dst, full ? v_load_bf16(x + j) : v_load_bf16_n(x + j, r)); });
}

void KERNEL(adamw)(float *p, float *m, float *v, const float *grad, int64_t n, const chi_adamw_step *a) {
	const vf scale = v_set(a->grad_scale), decay = v_set(a->weight_decay), eps = v_set(a->eps), lr = v_set(-a->lr);
	const vf keep1 = v_set(a->beta1), take1 = v_set(1 - a->beta1), correct1 = v_set(a->correction1);
	const vf keep2 = v_set(a->beta2), take2 = v_set(1 - a->beta2), correct2 = v_set(a->correction2);
	float *first = m, *second = v;
	MAP(n, {
		vf g = v_mul(TAKE(grad), scale), w = TAKE(p);
		vf mean = v_fma(keep1, TAKE(first), v_mul(take1, g));
		vf square = v_fma(keep2, TAKE(second), v_mul(v_mul(take2, g), g));
		vf u = v_div(v_mul(mean, correct1), v_add(v_sqrt(v_mul(square, correct2)), eps));
		PUT(first, mean);
		PUT(second, square);
		PUT(p, v_fma(lr, v_fma(decay, w, u), w));
	});
}
