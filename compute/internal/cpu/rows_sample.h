// Random numbers of Philox4x32-10 and what is drawn with them. A vq has VL/2
// blocks in lanes of 64 bits, of which the low 32 bits are the word of the
// counter; what the high ones hold does not matter.

// philox computes the 2*VL words of the blocks of counters c0 to c3, which
// q_blocks has put in the order that makes the words consecutive.
INLINE void philox(vi words[2], vq c0, vq c1, vq c2, vq c3, uint32_t k0, uint32_t k1) {
	const vq m0 = q_set(0xD2511F53), m1 = q_set(0xCD9E8D57);
	_Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) {
		vq p0 = q_mul(c0, m0), p1 = q_mul(c2, m1);
		c0 = q_xor(q_high(p1), c1, q_set(k0));
		c2 = q_xor(q_high(p0), c3, q_set(k1));
		c1 = p1, c3 = p0;
		k0 += 0x9E3779B9, k1 += 0xBB67AE85;
	}
	q_words(words, c0, c1, c2, c3);
}

// uniform is Uniform of package exact.
INLINE vf uniform(vi word) {
	return v_mul(v_add(v_from_int(i_shr(word, 9)), v_set(0.5f)), v_set(1.0f / 8388608));
}

// gumbel is Gumbel of package exact. 2^-24 <= uniform <= 1-2^-24, so that both
// logarithms are of normal numbers.
INLINE vf gumbel(vi word) { return v_neg(m_log_normal(v_neg(m_log_normal(uniform(word))))); }

void KERNEL(dropout)(float *dst, const float *x, int64_t n, float p, float scale, uint32_t key0, uint32_t key1,
                     uint64_t base, uint32_t counter2, uint32_t counter3) {
	const vf least = v_set(p), times = v_set(scale);
	const vq c2 = q_set(counter2), c3 = q_set(counter3);
	for (int64_t at = 0; at < n; at += 2 * VL, base += VL / 2) {
		vi words[2];
		vq block = q_blocks(base);
		philox(words, block, q_high(block), c2, c3, key0, key1);
		UNROLL for (int h = 0; h < 2; h++) {
			int64_t j = at + h * VL, r = n - j;
			if (r <= 0) break;
			vm in = v_le(least, uniform(words[h]));
			if (r >= VL) v_store(dst + j, v_select(in, v_mul(v_load(x + j), times), v_zero()));
			else v_store_n(dst + j, v_select(in, v_mul(v_load_n(x + j, r), times), v_zero()), r);
		}
	}
}

// draw is a search for the greatest score: best and its index for each lane.
typedef struct {
	vf best[2];
	vi at[2];
} draw;

// consider looks at r <= VL logits, in half h of 2*VL. noisy and bounded are
// constants: whether there is noise, and a floor.
INLINE void consider(draw *d, int h, vf x, vi word, int64_t j, int64_t r, vf inv_t, vf floor, int noisy, int bounded) {
	vf score = noisy ? v_fma(x, inv_t, gumbel(word)) : x;
	vm more = v_lt(d->best[h], score);
	if (bounded) more = m_and(more, v_le(floor, x));
	if (r < VL) more = m_and(more, v_first(r));
	d->best[h] = v_select(more, score, d->best[h]);
	d->at[h] = i_select(more, i_add(i_iota(), i_set((int32_t)j)), d->at[h]);
}

// first_scored is the first element with a score, when none is above -Inf. A
// score is NaN where its product is.
static int32_t KERNEL(first_scored)(const float *x, int64_t n, float inv_t, const float *floor) {
	for (int64_t j = 0; j < n; j++) {
		float score = inv_t != 0 ? x[j] * inv_t : x[j];
		if (score == score && (!floor || x[j] >= *floor)) return (int32_t)j;
	}
	return 0;
}

INLINE int32_t row_gumbel_max(const float *x, int64_t n, float inv_t, const float *floor, uint32_t key0, uint32_t key1,
                              uint64_t id, uint32_t step, int noisy) {
	const vf t = v_set(inv_t), least = v_set(floor ? *floor : 0);
	const vq c0 = q_set((uint32_t)id), c1 = q_set((uint32_t)(id >> 32)), c2 = q_set(step);
	draw d;
	UNROLL for (int h = 0; h < 2; h++) d.best[h] = v_set(-__builtin_inff()), d.at[h] = i_set(0);
	for (int64_t at = 0; at < n; at += 2 * VL) {
		vi words[2] = {i_set(0), i_set(0)};
		if (noisy) philox(words, c0, c1, c2, q_blocks((uint64_t)at / 4), key0, key1);
		UNROLL for (int h = 0; h < 2; h++) {
			int64_t j = at + h * VL, r = n - j;
			if (r <= 0) break;
			if (r >= VL) consider(&d, h, v_load(x + j), words[h], j, VL, t, least, noisy, floor != NULL);
			else consider(&d, h, v_load_n(x + j, r), words[h], j, r, t, least, noisy, floor != NULL);
		}
	}
	float value[2 * VL], best;
	int32_t index[2 * VL];
	UNROLL for (int h = 0; h < 2; h++) v_store(value + h * VL, d.best[h]), i_store(index + h * VL, d.at[h]);
	int32_t found = winner(value, index, 2 * VL, &best);
	return best > -__builtin_inff() ? found : KERNEL(first_scored)(x, n, inv_t, floor);
}

void KERNEL(gumbel_max)(int32_t *tokens, const float *x, int64_t rows, int64_t n, float inv_t, const float *floor,
                        uint32_t key0, uint32_t key1, const uint64_t *ids, const uint32_t *step) {
	for (int64_t i = 0; i < rows; i++, x += n) {
		const float *f = floor ? floor + i : NULL;
		if (inv_t == 0) tokens[i] = row_gumbel_max(x, n, 0, f, key0, key1, ids[i], step[i], 0);
		else if (f) tokens[i] = row_gumbel_max(x, n, inv_t, f, key0, key1, ids[i], step[i], 1);
		else tokens[i] = row_gumbel_max(x, n, inv_t, NULL, key0, key1, ids[i], step[i], 1);
	}
}
