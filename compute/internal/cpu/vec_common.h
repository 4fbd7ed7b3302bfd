// What follows from the functions of a level; included by its header.

#define VN (32 / VL) // vectors of the partial sums of a reduction

// v_bf16 rounds to nearest, ties to even; a NaN becomes the quiet one with its
// sign. The bits are in the low halves.
INLINE vi v_bf16(vf v) {
	vi bits = v_bits(v);
	vi odd = i_and(i_shr(bits, 16), i_set(1));
	vi rounded = i_shr(i_add(bits, i_add(odd, i_set(0x7fff))), 16);
	vi nan = i_or(i_and(i_shr(bits, 16), i_set(0x8000)), i_set(0x7fc0));
	return i_select(v_nan(v), nan, rounded);
}

// fold32 adds the VN vectors of partial sums down to one number in the order of
// package exact.
INLINE float fold32(const vf *sums) {
	vf p[VN];
#pragma GCC unroll 8
	for (int i = 0; i < VN; i++) p[i] = sums[i];
#pragma GCC unroll 8
	for (int w = VN / 2; w > 0; w /= 2)
#pragma GCC unroll 8
		for (int j = 0; j < w; j++) p[j] = v_add(p[j], p[j + w]);
	return v_fold(p[0]);
}
