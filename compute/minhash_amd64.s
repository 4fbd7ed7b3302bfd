#include "textflag.h"

// Both functions are minInto of minhash_hash.go, for n > 0 hashes: the values of
// the signature stay in registers while all hashes pass. The C twins of
// internal/cpu do the same between hashing words.

// STEP2 lowers accumulator M by the 8 permutations at offset O of SI and DX.
#define STEP2(O, M) \
	VPMULLD O(SI), Y14, Y15 \
	VPADDD  O(DX), Y15, Y15 \
	VPMINUD Y15, M, M

// func minIntoAVX2(sig, a, b *[112]uint32, hashes *uint32, n int)
TEXT ·minIntoAVX2(SB), NOSPLIT, $0-40
	MOVQ sig+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ hashes+24(FP), R8
	MOVQ n+32(FP), CX

	VMOVDQU 0(DI), Y0
	VMOVDQU 32(DI), Y1
	VMOVDQU 64(DI), Y2
	VMOVDQU 96(DI), Y3
	VMOVDQU 128(DI), Y4
	VMOVDQU 160(DI), Y5
	VMOVDQU 192(DI), Y6
	VMOVDQU 224(DI), Y7
	VMOVDQU 256(DI), Y8
	VMOVDQU 288(DI), Y9
	VMOVDQU 320(DI), Y10
	VMOVDQU 352(DI), Y11
	VMOVDQU 384(DI), Y12
	VMOVDQU 416(DI), Y13

loop2:
	VPBROADCASTD (R8), Y14
	STEP2(0, Y0)
	STEP2(32, Y1)
	STEP2(64, Y2)
	STEP2(96, Y3)
	STEP2(128, Y4)
	STEP2(160, Y5)
	STEP2(192, Y6)
	STEP2(224, Y7)
	STEP2(256, Y8)
	STEP2(288, Y9)
	STEP2(320, Y10)
	STEP2(352, Y11)
	STEP2(384, Y12)
	STEP2(416, Y13)
	ADDQ $4, R8
	DECQ CX
	JNZ  loop2

	VMOVDQU Y0, 0(DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	VMOVDQU Y4, 128(DI)
	VMOVDQU Y5, 160(DI)
	VMOVDQU Y6, 192(DI)
	VMOVDQU Y7, 224(DI)
	VMOVDQU Y8, 256(DI)
	VMOVDQU Y9, 288(DI)
	VMOVDQU Y10, 320(DI)
	VMOVDQU Y11, 352(DI)
	VMOVDQU Y12, 384(DI)
	VMOVDQU Y13, 416(DI)
	VZEROUPPER
	RET

// LOAD5 takes 16 values and the constants of their permutations at offset O.
#define LOAD5(O, M, A, B) \
	VMOVDQU32 O(DI), M \
	VMOVDQU32 O(SI), A \
	VMOVDQU32 O(DX), B

#define STEP5(M, A, B, T) \
	VPMULLD A, Z21, T \
	VPADDD  B, T, T   \
	VPMINUD T, M, M

// func minIntoAVX512(sig, a, b *[112]uint32, hashes *uint32, n int)
TEXT ·minIntoAVX512(SB), NOSPLIT, $0-40
	MOVQ sig+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ hashes+24(FP), R8
	MOVQ n+32(FP), CX

	LOAD5(0, Z0, Z7, Z14)
	LOAD5(64, Z1, Z8, Z15)
	LOAD5(128, Z2, Z9, Z16)
	LOAD5(192, Z3, Z10, Z17)
	LOAD5(256, Z4, Z11, Z18)
	LOAD5(320, Z5, Z12, Z19)
	LOAD5(384, Z6, Z13, Z20)

loop5:
	VPBROADCASTD (R8), Z21
	STEP5(Z0, Z7, Z14, Z22)
	STEP5(Z1, Z8, Z15, Z23)
	STEP5(Z2, Z9, Z16, Z24)
	STEP5(Z3, Z10, Z17, Z25)
	STEP5(Z4, Z11, Z18, Z26)
	STEP5(Z5, Z12, Z19, Z27)
	STEP5(Z6, Z13, Z20, Z28)
	ADDQ $4, R8
	DECQ CX
	JNZ  loop5

	VMOVDQU32 Z0, 0(DI)
	VMOVDQU32 Z1, 64(DI)
	VMOVDQU32 Z2, 128(DI)
	VMOVDQU32 Z3, 192(DI)
	VMOVDQU32 Z4, 256(DI)
	VMOVDQU32 Z5, 320(DI)
	VMOVDQU32 Z6, 384(DI)
	VZEROUPPER
	RET
