#include "go_asm.h"
#include "textflag.h"
#include "functions_amd64.h"

// func widenAVX2(dst *float32, x *uint16, n int)
TEXT ·widenAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VPMOVZXWD (SI), Y0
	VPSLLD $16, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET

// func widenPairsAVX2(dst *float32, x *uint16, pairs int)
TEXT ·widenPairsAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ pairs+16(FP), CX
	LEAQ ·constants(SB), BX
	VMOVUPS const_cUpper(BX), Y2
loop: // a pair of rows of 32
	MOVQ $4, AX
eight:
	VMOVUPS (SI), Y0
	VPSLLD $16, Y0, Y1
	VANDPS Y2, Y0, Y0
	VMOVUPS Y1, (DI)
	VMOVUPS Y0, 128(DI)
	ADDQ $32, SI
	ADDQ $32, DI
	DECQ AX
	JNZ  eight
	ADDQ $128, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func roundAVX2(dst, x *float32, n int)
TEXT ·roundAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ ·constants(SB), BX
loop:
	VMOVUPS (SI), Y0
	ROUND
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET

// func narrowAVX2(dst *uint16, x *float32, n int)
TEXT ·narrowAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ ·constants(SB), BX
loop:
	VMOVUPS (SI), Y0
	ROUND
	VPSRLD $16, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSDW X1, X0, X0
	VMOVUPS X0, (DI)
	ADDQ $32, SI
	ADDQ $16, DI
	SUBQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET
