// Packing of right operands, see package kernel.

// pack_rows packs one panel of a matrix given by rows.
static void pack_rows(float *dst, const float *b, int64_t ldb, int64_t k, int64_t width) {
	for (int64_t l = 0; l < k; l++, dst += PANEL, b += ldb)
		for (int v = 0; v < VN; v++) v_store(dst + v * VL, load_cut(b + v * VL, width - v * VL));
}

// pack_columns packs one panel of a matrix given by columns.
static void pack_columns(float *dst, const float *b, int64_t ldb, int64_t k, int64_t width) {
	for (int64_t l = 0; l < k; l += VL) {
		for (int v = 0; v < VN; v++) {
			vf r[VL];
			load_square(r, b + v * VL * ldb + l, ldb, width - v * VL, k - l);
#pragma GCC unroll 16
			for (int i = 0; i < VL; i++)
				if (l + i < k) v_store(dst + (l + i) * PANEL + v * VL, r[i]);
		}
	}
}

void KERNEL(pack)(float *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans, int64_t p0, int64_t p1) {
	if (trans) {
		for (int64_t p = p0; p < p1; p++)
			pack_columns(dst + p * k * PANEL, b + p * PANEL * ldb, ldb, k, least(PANEL, n - p * PANEL));
		return;
	}
	// A few rows of all panels at a time: memory is read in its own order.
	enum { GROUP = 16 };
	for (int64_t l = 0; l < k; l += GROUP) {
		for (int64_t p = p0; p < p1; p++)
			pack_rows(dst + (p * k + l) * PANEL, b + l * ldb + p * PANEL, ldb, least(GROUP, k - l),
			          least(PANEL, n - p * PANEL));
	}
}

// pack_pair packs two rows of numbers that become bfloat16.
INLINE void pack_pair(uint16_t *dst, vf even, vf odd) { i_store(dst, i_or(v_bf16(even), i_shl(v_bf16(odd), 16))); }

void KERNEL(pack_bf16)(uint16_t *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans, int64_t p0,
                       int64_t p1) {
	for (int64_t p = p0; p < p1; p++) {
		uint16_t *panel = dst + p * (k + k % 2) * PANEL;
		for (int v = 0; v < VN; v++) {
			int64_t j = p * PANEL + v * VL;
			for (int64_t l = 0; !trans && l < k; l += 2) {
				const float *row = b + l * ldb + j;
				vf odd = l + 1 < k ? load_cut(row + ldb, n - j) : v_zero();
				pack_pair(panel + l * PANEL + 2 * v * VL, load_cut(row, n - j), odd);
			}
			for (int64_t l = 0; trans && l < k; l += VL) {
				vf r[VL];
				load_square(r, b + j * ldb + l, ldb, n - j, k - l);
#pragma GCC unroll 16
				for (int i = 0; i < VL; i += 2)
					if (l + i < k) pack_pair(panel + (l + i) * PANEL + 2 * v * VL, r[i], r[i + 1]);
			}
		}
	}
}
