// The fastest that fused multiply-adds can go: independent sums in registers and
// no memory, the bound that products are measured against.

void KERNEL(fma_peak)(int64_t rounds, double *flops) {
	enum { SUMS = VL == 16 ? 24 : 12, UNROLL = 4 };
	vf sum[SUMS];
	for (int i = 0; i < SUMS; i++) sum[i] = v_set((float)i);
	vf x = v_set(0.999f), y = v_set(0.001f);
	for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 4
		for (int u = 0; u < UNROLL; u++)
#pragma GCC unroll 24
			for (int i = 0; i < SUMS; i++) sum[i] = v_fma(sum[i], x, y);
	}
	volatile float sink = 0;
	for (int i = 0; i < SUMS; i++) sink += v_fold(sum[i]);
	*flops = 2.0 * VL * SUMS * UNROLL * (double)rounds;
}
