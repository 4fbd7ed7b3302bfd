#include "go_asm.h"
#include "textflag.h"

// As in tile_avx512_amd64.s, with two registers of 8 sums a row: the columns of a
// panel are taken in two halves.

#define ZERO(S0, S1) \
	VXORPS S0, S0, S0 \
	VXORPS S1, S1, S1

#define LOAD(S0, S1) \
	VMOVUPS (R13), S0   \
	VMOVUPS 32(R13), S1 \
	ADDQ    CX, R13

#define STORE(S0, S1) \
	VMOVUPS S0, (R13)   \
	VMOVUPS S1, 32(R13) \
	ADDQ    CX, R13

#define ROW(A, S0, S1) \
	VBROADCASTSS A, Y14        \
	VFMADD231PS  Y12, Y14, S0 \
	VFMADD231PS  Y13, Y14, S1

#define NEXT_B \
	VMOVUPS (BX), Y12   \
	VMOVUPS 32(BX), Y13 \
	ADDQ    R10, BX

#define TWO(OP) \
	OP(Y0, Y1) \
	OP(Y2, Y3)

#define FOUR(OP) \
	TWO(OP)    \
	OP(Y4, Y5) \
	OP(Y6, Y7)

#define SIX(OP) \
	FOUR(OP)   \
	OP(Y8, Y9) \
	OP(Y10, Y11)

// func tileAVX2(o *operands)
//
// SI is a, R8 its row stride, R9 its step, R12 row 3. BX is b, R10 its step; DX
// is c, CX its stride, R13 moves over its rows. R14 is the half.
TEXT ·tileAVX2(SB), NOSPLIT, $0-8
	MOVQ o+0(FP), DI
	MOVQ operands_c(DI), DX
	MOVQ operands_ldc(DI), CX
	MOVQ operands_rs(DI), R8
	MOVQ operands_ks(DI), R9
	MOVQ operands_ldb(DI), R10
	MOVQ operands_add(DI), R11
	XORQ R14, R14

half:
	MOVQ operands_a(DI), SI
	MOVQ operands_b(DI), BX
	ADDQ R14, BX
	MOVQ operands_k(DI), AX
	MOVQ DX, R13
	LEAQ (R8)(R8*2), R12
	ADDQ SI, R12
	CMPQ operands_rows(DI), $6
	JEQ  six
	CMPQ operands_rows(DI), $4
	JEQ  four
	CMPQ operands_rows(DI), $2
	JEQ  two

	ZERO(Y0, Y1)
	TESTQ R11, R11
	JZ    loop1
	LOAD(Y0, Y1)
loop1:
	NEXT_B
	ROW((SI), Y0, Y1)
	ADDQ R9, SI
	DECQ AX
	JNZ  loop1
	MOVQ DX, R13
	STORE(Y0, Y1)
	JMP  done

two:
	TWO(ZERO)
	TESTQ R11, R11
	JZ    loop2
	TWO(LOAD)
loop2:
	NEXT_B
	ROW((SI), Y0, Y1)
	ROW((SI)(R8*1), Y2, Y3)
	ADDQ R9, SI
	DECQ AX
	JNZ  loop2
	MOVQ DX, R13
	TWO(STORE)
	JMP  done

four:
	FOUR(ZERO)
	TESTQ R11, R11
	JZ    loop4
	FOUR(LOAD)
loop4:
	NEXT_B
	ROW((SI), Y0, Y1)
	ROW((SI)(R8*1), Y2, Y3)
	ROW((SI)(R8*2), Y4, Y5)
	ROW((R12), Y6, Y7)
	ADDQ R9, SI
	ADDQ R9, R12
	DECQ AX
	JNZ  loop4
	MOVQ DX, R13
	FOUR(STORE)
	JMP  done

six:
	SIX(ZERO)
	TESTQ R11, R11
	JZ    loop6
	SIX(LOAD)
loop6:
	NEXT_B
	ROW((SI), Y0, Y1)
	ROW((SI)(R8*1), Y2, Y3)
	ROW((SI)(R8*2), Y4, Y5)
	ROW((R12), Y6, Y7)
	ROW((R12)(R8*1), Y8, Y9)
	ROW((R12)(R8*2), Y10, Y11)
	ADDQ R9, SI
	ADDQ R9, R12
	DECQ AX
	JNZ  loop6
	MOVQ DX, R13
	SIX(STORE)

done:
	ADDQ $64, DX
	ADDQ $64, R14
	CMPQ R14, $128
	JNE  half
	VZEROUPPER
	RET
