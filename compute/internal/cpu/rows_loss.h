// Losses of rows. dx may be NULL in all.

INLINE void row_cross_entropy(float *loss, float *dx, const float *x, int32_t target, int64_t n, float scale) {
	float max = row_max(x, n, NULL), at = x[target];
	float sum = row_exp(dx, x, n, NULL, max);
	*loss = (log1(sum) + max) - at;
	if (!dx) return;
	float hot = (dx[target] / sum - 1) * scale;
	const vf s = v_set(sum), t = v_set(scale);
	MAP(n, { PUT(dx, v_mul(v_div(TAKE(dx), s), t)); });
	dx[target] = hot;
}

void KERNEL(cross_entropy)(float *loss, float *dx, const float *x, const int32_t *target, int64_t rows, int64_t n,
                           int32_t ignore, float scale) {
	for (int64_t i = 0; i < rows; i++, x += n) {
		float *d = dx ? dx + i * n : NULL;
		if (target[i] == ignore) {
			loss[i] = 0;
			if (d) __builtin_memset(d, 0, sizeof(float) * (size_t)n);
		} else if (d) {
			row_cross_entropy(loss + i, d, x, target[i], n, scale);
		} else {
			row_cross_entropy(loss + i, NULL, x, target[i], n, scale);
		}
	}
}

void KERNEL(soft_cross_entropy)(float *loss, float *dx, const float *x, const float *w, int64_t rows, int64_t n,
                                float scale) {
	const vf times = v_set(scale);
	for (int64_t i = 0; i < rows; i++, x += n, w += n) {
		float max = row_max(x, n, NULL), sum = row_exp(NULL, x, n, NULL, max);
		const vf whole = v_set(log1(sum) + max), shift = v_set(max), norm = v_set(sum);
		lanes dot = splat(0), weight = splat(0);
		EACH(n, {
			vf a = TAKE(w);
			dot.v[v] = KEEP(v_fma(a, v_sub(whole, TAKE(x)), dot.v[v]), dot.v[v]);
			weight.v[v] = v_add(weight.v[v], a);
		});
		loss[i] = total(dot);
		if (!dx) continue;
		const vf sum_w = v_set(total(weight));
		float *d = dx + i * n;
		MAP(n, {
			vf p = v_div(m_exp(v_sub(TAKE(x), shift)), norm);
			PUT(d, v_mul(v_fma(p, sum_w, v_neg(TAKE(w))), times));
		});
	}
}

// logits are a row of logits and what turns them into logarithms of
// probabilities.
typedef struct {
	vf times, max, norm;
} logits;

static logits KERNEL(read_logits)(const float *x, int64_t n, float inv_t) {
	logits l = {.times = v_set(inv_t)};
	lanes s = splat(-__builtin_inff());
	EACH(n, { s.v[v] = v_greater(KEEP(v_mul(TAKE(x), l.times), s.v[v]), s.v[v]); });
	l.max = v_set(top(s));
	s = splat(0);
	EACH(n, { s.v[v] = v_add(s.v[v], KEEP(m_exp(v_sub(v_mul(TAKE(x), l.times), l.max)), v_zero())); });
	l.norm = v_set(log1(total(s)));
	return l;
}

INLINE vf log_of(logits l, vf x) { return v_sub(v_sub(v_mul(x, l.times), l.max), l.norm); }

// bracket is a-b, 0 where its weight is.
INLINE vf bracket(vf weight, vf a, vf b) { return v_select(v_eq(weight, v_zero()), v_zero(), v_sub(a, b)); }

// weighted is w*a, +0 for no weight.
INLINE vf weighted(vf w, vf a) { return v_select(v_eq(w, v_zero()), v_zero(), v_mul(w, a)); }

// middle is the logarithm of the mean of two distributions.
INLINE vf middle(vf p, vf q) { return m_log(v_mul(v_set(0.5f), v_add(p, q))); }

INLINE void row_divergence(int32_t op, float *loss, float *dx, const float *x, const float *y, int64_t n, float inv_t,
                           float scale) {
	const logits student = KERNEL(read_logits)(x, n, inv_t), teacher = KERNEL(read_logits)(y, n, inv_t);
	const vf t = v_set(inv_t), times = v_set(scale);
	lanes of_p = splat(0), of_q = splat(0);
	EACH(n, {
		vf lq = log_of(student, TAKE(x)), lp = log_of(teacher, TAKE(y));
		vf q = op != FORWARD_KL || dx ? m_exp(lq) : lq, p = op != REVERSE_KL ? m_exp(lp) : lp;
		vf lm = op == JENSEN_SHANNON ? middle(p, q) : lp;
		if (op != FORWARD_KL) of_q.v[v] = KEEP(v_fma(q, bracket(q, lq, lm), of_q.v[v]), of_q.v[v]);
		if (op == FORWARD_KL) lm = lq;
		if (op != REVERSE_KL) of_p.v[v] = KEEP(v_fma(p, bracket(p, lp, lm), of_p.v[v]), of_p.v[v]);
		if (op == FORWARD_KL && dx) PUT(dx, v_mul(v_mul(v_sub(q, p), t), times));
	});
	float kq = total(of_q), kp = total(of_p);
	*loss = op == FORWARD_KL ? kp : op == REVERSE_KL ? kq : 0.5f * (kp + kq);
	if (!dx || op == FORWARD_KL) return;
	const vf mean = v_set(kq);
	MAP(n, {
		vf lq = log_of(student, TAKE(x)), lm = log_of(teacher, TAKE(y)), q = m_exp(lq), w = q;
		if (op == JENSEN_SHANNON) lm = middle(m_exp(lm), q), w = v_mul(v_set(0.5f), q);
		vf d = weighted(w, v_sub(bracket(q, lq, lm), mean));
		PUT(dx, v_mul(v_mul(d, t), times));
	});
}

void KERNEL(divergence)(int32_t op, float *loss, float *dx, const float *x, const float *y, int64_t rows, int64_t n,
                        float inv_t, float scale) {
	for (int64_t i = 0; i < rows; i++, x += n, y += n) {
		float *d = dx ? dx + i * n : NULL;
		switch (op) { // so that it is a constant
		case FORWARD_KL: row_divergence(FORWARD_KL, loss + i, d, x, y, n, inv_t, scale); break;
		case REVERSE_KL: row_divergence(REVERSE_KL, loss + i, d, x, y, n, inv_t, scale); break;
		case JENSEN_SHANNON: row_divergence(JENSEN_SHANNON, loss + i, d, x, y, n, inv_t, scale); break;
		}
	}
}

void KERNEL(squared_error)(float *loss, float *dx, const float *x, const float *y, int64_t rows, int64_t n,
                           float scale) {
	const vf times = v_set(scale);
	for (int64_t i = 0; i < rows; i++, x += n, y += n) {
		lanes s = splat(0);
		float *d = dx ? dx + i * n : NULL;
		EACH(n, {
			vf e = v_sub(TAKE(x), TAKE(y)); // 0 past the end; a sum of squares is never -0
			s.v[v] = v_fma(e, e, s.v[v]);
			if (d) PUT(d, v_mul(v_add(e, e), times));
		});
		loss[i] = total(s);
	}
}
