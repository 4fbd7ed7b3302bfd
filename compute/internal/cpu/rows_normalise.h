// Softmax and norms, and their gradients. Each row is read several times, the
// first time from memory and then from the cache.

// row_exp is the sum of exp(x-max) over the elements that are in. The
// exponentials go to dst, +0 for those left out, unless a constant NULL.
INLINE float row_exp(float *dst, const float *x, int64_t n, const uint8_t *mask, float max) {
	lanes s = splat(0);
	const vf shift = v_set(max);
	EACH(n, {
		vf e = KEEP(m_exp(v_sub(TAKE(x), shift)), v_zero());
		if (mask) e = v_select(TAKE_MASK(mask), e, v_zero());
		if (dst) PUT(dst, e);
		s.v[v] = v_add(s.v[v], e);
	});
	return total(s);
}

INLINE void row_softmax(float *dst, const float *x, int64_t n, const uint8_t *mask) {
	const vf sum = v_set(row_exp(dst, x, n, mask, row_max(x, n, mask)));
	MAP(n, {
		vf p = v_div(TAKE(dst), sum);
		if (mask) p = v_select(TAKE_MASK(mask), p, v_zero()); // 0/0 if none is in
		PUT(dst, p);
	});
}

void KERNEL(softmax)(float *dst, const float *x, int64_t rows, int64_t n, const uint8_t *mask) {
	for (int64_t i = 0; i < rows; i++, dst += n, x += n) {
		if (mask) row_softmax(dst, x, n, mask + i * n);
		else row_softmax(dst, x, n, NULL);
	}
}

INLINE void row_log_softmax(float *dst, const float *x, int64_t n, const uint8_t *mask) {
	float max = row_max(x, n, mask);
	const vf shift = v_set(max), norm = v_set(log1(row_exp(NULL, x, n, mask, max)));
	MAP(n, {
		vf p = v_sub(v_sub(TAKE(x), shift), norm);
		if (mask) p = v_select(TAKE_MASK(mask), p, v_set(-__builtin_inff()));
		PUT(dst, p);
	});
}

void KERNEL(log_softmax)(float *dst, const float *x, int64_t rows, int64_t n, const uint8_t *mask) {
	for (int64_t i = 0; i < rows; i++, dst += n, x += n) {
		if (mask) row_log_softmax(dst, x, n, mask + i * n);
		else row_log_softmax(dst, x, n, NULL);
	}
}

void KERNEL(softmax_grad)(float *dx, const float *dy, const float *y, int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++, dx += n, dy += n, y += n) {
		const vf s = v_set(row_dot(dy, y, n));
		MAP(n, { PUT(dx, v_mul(TAKE(y), v_sub(TAKE(dy), s))); });
	}
}

void KERNEL(log_softmax_grad)(float *dx, const float *dy, const float *y, int64_t rows, int64_t n) {
	const vf out = v_set(-__builtin_inff());
	for (int64_t i = 0; i < rows; i++, dx += n, dy += n, y += n) {
		const vf s = v_set(row_sum(dy, n));
		MAP(n, {
			vf a = TAKE(y), d = v_fnma(m_exp(a), s, TAKE(dy));
			PUT(dx, v_select(v_eq(a, out), v_zero(), d));
		});
	}
}

// root is 1/sqrt(square/n+eps).
INLINE float root(float square, int64_t n, float eps) { return 1.0f / __builtin_sqrtf(square / (float)n + eps); }

void KERNEL(layer_norm)(float *dst, float *mean, float *rstd, const float *x, const float *gamma, const float *beta,
                        int64_t rows, int64_t n, float eps) {
	for (int64_t i = 0; i < rows; i++, dst += n, x += n) {
		mean[i] = row_sum(x, n) / (float)n;
		const vf centre = v_set(mean[i]);
		lanes s = splat(0);
		EACH(n, {
			vf d = KEEP(v_sub(TAKE(x), centre), v_zero()); // a sum of squares is never -0
			s.v[v] = v_fma(d, d, s.v[v]);
		});
		rstd[i] = root(total(s), n, eps);
		const vf scale = v_set(rstd[i]);
		MAP(n, {
			vf xhat = v_mul(v_sub(TAKE(x), centre), scale);
			PUT(dst, v_fma(xhat, TAKE(gamma), TAKE(beta)));
		});
	}
}

void KERNEL(layer_norm_grad)(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                             const float *gamma, int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++, dx += n, dy += n, x += n) {
		const vf centre = v_set(mean[i]), scale = v_set(rstd[i]);
		lanes s = splat(0), t = splat(0);
		EACH(n, {
			vf g = v_mul(TAKE(dy), TAKE(gamma)), xhat = v_mul(v_sub(TAKE(x), centre), scale);
			s.v[v] = v_add(s.v[v], g);
			t.v[v] = KEEP(v_fma(g, xhat, t.v[v]), t.v[v]);
		});
		const vf a = v_set(total(s) / (float)n), b = v_set(total(t) / (float)n);
		MAP(n, {
			vf g = v_mul(TAKE(dy), TAKE(gamma)), xhat = v_mul(v_sub(TAKE(x), centre), scale);
			PUT(dx, v_mul(v_fnma(xhat, b, v_sub(g, a)), scale));
		});
	}
}

void KERNEL(rms_norm)(float *dst, float *rrms, const float *x, const float *gamma, int64_t rows, int64_t n, float eps) {
	for (int64_t i = 0; i < rows; i++, dst += n, x += n) {
		rrms[i] = root(row_dot(x, x, n), n, eps);
		const vf scale = v_set(rrms[i]);
		MAP(n, { PUT(dst, v_mul(v_mul(TAKE(x), scale), TAKE(gamma))); });
	}
}

void KERNEL(rms_norm_grad)(float *dx, const float *dy, const float *x, const float *rrms, const float *gamma,
                           int64_t rows, int64_t n) {
	for (int64_t i = 0; i < rows; i++, dx += n, dy += n, x += n) {
		const vf scale = v_set(rrms[i]);
		lanes s = splat(0);
		EACH(n, {
			vf g = v_mul(TAKE(dy), TAKE(gamma)), xhat = v_mul(TAKE(x), scale);
			s.v[v] = KEEP(v_fma(g, xhat, s.v[v]), s.v[v]);
		});
		const vf b = v_set(total(s) / (float)n);
		MAP(n, {
			vf g = v_mul(TAKE(dy), TAKE(gamma)), xhat = v_mul(TAKE(x), scale);
			PUT(dx, v_mul(v_fnma(xhat, b, g), scale));
		});
	}
}
