#include "go_asm.h"
#include "textflag.h"
#include "functions_amd64.h"

// LOOP begins a loop over 8 elements of x at SI, with the results at DI; CX is
// their number. END ends it.
#define LOOP \
	LEAQ ·constants(SB), BX \
loop: \
	VMOVUPS (SI), Y0

#define END \
	VMOVUPS Y0, (DI) \
	ADDQ    $32, SI  \
	ADDQ    $32, DI  \
	SUBQ    $8, CX   \
	JNZ     loop     \
	VZEROUPPER

// func expAVX2(dst, x *float32, n int, m float32)
TEXT ·expAVX2(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS m+24(FP), Y6
	LOOP
	VSUBPS Y6, Y0, Y0
	EXP
	END
	RET

// func logAVX2(dst, x *float32, n int)
TEXT ·logAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	LOG
	END
	RET

// func tanhAVX2(dst, x *float32, n int)
TEXT ·tanhAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	TANH
	END
	RET

// func sigmoidAVX2(dst, x *float32, n int)
TEXT ·sigmoidAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	SIGMOID
	END
	RET

// func siluAVX2(dst, x *float32, n int)
TEXT ·siluAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	SIGMOID
	VMULPS (SI), Y0, Y0
	END
	RET

// func geluAVX2(dst, x *float32, n int)
TEXT ·geluAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	VMULPS const_cHalf(BX), Y0, Y10
	GELUTANH
	VADDPS const_cOne(BX), Y0, Y0
	VMULPS Y10, Y0, Y0
	END
	RET

// func gumbelAVX2(dst, u *float32, n int)
TEXT ·gumbelAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ u+8(FP), SI
	MOVQ n+16(FP), CX
	LOOP
	LOG
	VXORPS const_cSign(BX), Y0, Y0
	LOG
	VXORPS const_cSign(BX), Y0, Y0
	END
	RET

// func geluGradAVX2(dx, dy, x *float32, n int)
TEXT ·geluGradAVX2(SB), NOSPLIT, $0-32
	MOVQ dx+0(FP), DI
	MOVQ dy+8(FP), DX
	MOVQ x+16(FP), SI
	MOVQ n+24(FP), CX
	LOOP
	VMOVAPS Y0, Y10
	GELUTANH
	VMOVUPS const_cOne(BX), Y1
	VADDPS  Y0, Y1, Y2
	VMULPS  const_cHalf(BX), Y2, Y2 // h
	VMOVAPS Y1, Y3
	VFNMADD231PS Y0, Y0, Y3         // s = 1-t*t
	VMULPS  Y10, Y10, Y4
	VFMADD132PS const_c3GELUK(BX), Y1, Y4
	VMULPS  const_cGELUC(BX), Y4, Y4 // d
	VMULPS  const_cHalf(BX), Y10, Y5
	VMULPS  Y3, Y5, Y5
	VFMADD213PS Y2, Y4, Y5
	VCMPPS  $0, const_cZero(BX), Y3, Y3
	VBLENDVPS Y3, Y2, Y5, Y0
	VMULPS  (DX), Y0, Y0
	ADDQ    $32, DX
	END
	RET

// func siluGradAVX2(dx, dy, x *float32, n int)
TEXT ·siluGradAVX2(SB), NOSPLIT, $0-32
	MOVQ dx+0(FP), DI
	MOVQ dy+8(FP), DX
	MOVQ x+16(FP), SI
	MOVQ n+24(FP), CX
	LOOP
	SIGMOID
	VMOVUPS const_cOne(BX), Y1
	VSUBPS  Y0, Y1, Y2
	VFMADD132PS (SI), Y1, Y2
	VMULPS  Y0, Y2, Y0
	VMULPS  (DX), Y0, Y0
	ADDQ    $32, DX
	END
	RET
