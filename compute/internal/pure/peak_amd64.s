#include "textflag.h"

// Sums in registers: sum = sum*x + x, x = 1/2. No step waits for another within a
// round, and a round is longer than what an FMA takes.

#define STEP(S, X) VFMADD213PS X, X, S
#define CLEAR(S) VPXOR S, S, S
#define CLEAR512(S) VPXORD S, S, S

#define SIX(OP, S0, S1, S2, S3, S4, S5) \
	OP(S0) \
	OP(S1) \
	OP(S2) \
	OP(S3) \
	OP(S4) \
	OP(S5)

#define STEP512(S) STEP(S, Z31)
#define STEP256(S) STEP(S, Y15)

#define ALL512(OP) \
	SIX(OP, Z0, Z1, Z2, Z3, Z4, Z5) \
	SIX(OP, Z6, Z7, Z8, Z9, Z10, Z11) \
	SIX(OP, Z12, Z13, Z14, Z15, Z16, Z17) \
	SIX(OP, Z18, Z19, Z20, Z21, Z22, Z23)

#define ALL256(OP) \
	SIX(OP, Y0, Y1, Y2, Y3, Y4, Y5) \
	SIX(OP, Y6, Y7, Y8, Y9, Y10, Y11)

// func peakAVX512(rounds int) float32
TEXT ·peakAVX512(SB), NOSPLIT, $0-12
	MOVQ         rounds+0(FP), CX
	MOVL         $0x3f000000, AX
	MOVQ         AX, X15
	VBROADCASTSS X15, Z31
	ALL512(CLEAR512)

loop:
	ALL512(STEP512)
	DECQ CX
	JNZ  loop

	VMOVSS X0, ret+8(FP)
	VZEROUPPER
	RET

// func peakAVX2(rounds int) float32
TEXT ·peakAVX2(SB), NOSPLIT, $0-12
	MOVQ         rounds+0(FP), CX
	MOVL         $0x3f000000, AX
	MOVQ         AX, X15
	VBROADCASTSS X15, Y15
	ALL256(CLEAR)

loop:
	ALL256(STEP256)
	DECQ CX
	JNZ  loop

	VMOVSS X0, ret+8(FP)
	VZEROUPPER
	RET
