#include "go_asm.h"
#include "textflag.h"

// A row of a tile is two registers of 16 sums. Each step of the loops takes row l
// of b and column l of a; sums stay in registers.

#define ZERO(S0, S1) \
	VPXORD S0, S0, S0 \
	VPXORD S1, S1, S1

#define LOAD(S0, S1) \
	VMOVUPS (R13), S0   \
	VMOVUPS 64(R13), S1 \
	ADDQ    CX, R13

#define STORE(S0, S1) \
	VMOVUPS S0, (DX)   \
	VMOVUPS S1, 64(DX) \
	ADDQ    CX, DX

#define ROW(A, S0, S1) \
	VBROADCASTSS A, Z26        \
	VFMADD231PS  Z24, Z26, S0 \
	VFMADD231PS  Z25, Z26, S1

#define NEXT_B \
	VMOVUPS (BX), Z24   \
	VMOVUPS 64(BX), Z25 \
	ADDQ    R10, BX

#define FOUR(OP) \
	OP(Z0, Z1) \
	OP(Z2, Z3) \
	OP(Z4, Z5) \
	OP(Z6, Z7)

#define EIGHT(OP) \
	FOUR(OP)     \
	OP(Z8, Z9)   \
	OP(Z10, Z11) \
	OP(Z12, Z13) \
	OP(Z14, Z15)

#define TWELVE(OP) \
	EIGHT(OP)    \
	OP(Z16, Z17) \
	OP(Z18, Z19) \
	OP(Z20, Z21) \
	OP(Z22, Z23)

// func tileAVX512(o *operands)
//
// SI is a, R8 its row stride, R9 its step; rows 3, 6 and 9 are at R12, DI and
// R14. BX is b, R10 its step; DX is c, CX its stride.
TEXT ·tileAVX512(SB), NOSPLIT, $0-8
	MOVQ o+0(FP), DI
	MOVQ operands_c(DI), DX
	MOVQ operands_ldc(DI), CX
	MOVQ operands_a(DI), SI
	MOVQ operands_rs(DI), R8
	MOVQ operands_ks(DI), R9
	MOVQ operands_b(DI), BX
	MOVQ operands_ldb(DI), R10
	MOVQ operands_k(DI), AX
	MOVQ operands_add(DI), R11
	MOVQ operands_rows(DI), R14
	MOVQ DX, R13
	LEAQ (R8)(R8*2), DI
	LEAQ (SI)(DI*1), R12
	CMPQ R14, $12
	JEQ  twelve
	CMPQ R14, $8
	JEQ  eight
	CMPQ R14, $4
	JEQ  four
	CMPQ R14, $2
	JEQ  two

	ZERO(Z0, Z1)
	TESTQ R11, R11
	JZ    loop1
	LOAD(Z0, Z1)
loop1:
	NEXT_B
	ROW((SI), Z0, Z1)
	ADDQ R9, SI
	DECQ AX
	JNZ  loop1
	STORE(Z0, Z1)
	VZEROUPPER
	RET

two:
	ZERO(Z0, Z1)
	ZERO(Z2, Z3)
	TESTQ R11, R11
	JZ    loop2
	LOAD(Z0, Z1)
	LOAD(Z2, Z3)
loop2:
	NEXT_B
	ROW((SI), Z0, Z1)
	ROW((SI)(R8*1), Z2, Z3)
	ADDQ R9, SI
	DECQ AX
	JNZ  loop2
	STORE(Z0, Z1)
	STORE(Z2, Z3)
	VZEROUPPER
	RET

four:
	FOUR(ZERO)
	TESTQ R11, R11
	JZ    loop4
	FOUR(LOAD)
loop4:
	NEXT_B
	ROW((SI), Z0, Z1)
	ROW((SI)(R8*1), Z2, Z3)
	ROW((SI)(R8*2), Z4, Z5)
	ROW((R12), Z6, Z7)
	ADDQ R9, SI
	ADDQ R9, R12
	DECQ AX
	JNZ  loop4
	FOUR(STORE)
	VZEROUPPER
	RET

eight:
	ADDQ R12, DI // row 6
	EIGHT(ZERO)
	TESTQ R11, R11
	JZ    loop8
	EIGHT(LOAD)
loop8:
	NEXT_B
	ROW((SI), Z0, Z1)
	ROW((SI)(R8*1), Z2, Z3)
	ROW((SI)(R8*2), Z4, Z5)
	ROW((R12), Z6, Z7)
	ROW((R12)(R8*1), Z8, Z9)
	ROW((R12)(R8*2), Z10, Z11)
	ROW((DI), Z12, Z13)
	ROW((DI)(R8*1), Z14, Z15)
	ADDQ R9, SI
	ADDQ R9, R12
	ADDQ R9, DI
	DECQ AX
	JNZ  loop8
	EIGHT(STORE)
	VZEROUPPER
	RET

twelve:
	LEAQ (R12)(DI*2), R14 // row 9
	ADDQ R12, DI          // row 6
	TWELVE(ZERO)
	TESTQ R11, R11
	JZ    loop12
	TWELVE(LOAD)
loop12:
	NEXT_B
	ROW((SI), Z0, Z1)
	ROW((SI)(R8*1), Z2, Z3)
	ROW((SI)(R8*2), Z4, Z5)
	ROW((R12), Z6, Z7)
	ROW((R12)(R8*1), Z8, Z9)
	ROW((R12)(R8*2), Z10, Z11)
	ROW((DI), Z12, Z13)
	ROW((DI)(R8*1), Z14, Z15)
	ROW((DI)(R8*2), Z16, Z17)
	ROW((R14), Z18, Z19)
	ROW((R14)(R8*1), Z20, Z21)
	ROW((R14)(R8*2), Z22, Z23)
	ADDQ R9, SI
	ADDQ R9, R12
	ADDQ R9, DI
	ADDQ R9, R14
	DECQ AX
	JNZ  loop12
	TWELVE(STORE)
	VZEROUPPER
	RET
