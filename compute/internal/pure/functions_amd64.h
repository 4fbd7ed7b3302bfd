// The functions of package exact, operation by operation, on 8 numbers: of Y0, in
// Y0. BX is the table of constants; Y1 to Y5 are used up.

#define EXP \
	VMOVUPS      const_cLog2E(BX), Y1            \
	VFMADD213PS  const_cRounder(BX), Y0, Y1      \
	VSUBPS       const_cRounder(BX), Y1, Y1      \
	VMOVAPS      Y0, Y2                          \
	VFMADD231PS  const_cMinusLn2Hi(BX), Y1, Y2   \
	VFMADD231PS  const_cMinusLn2Lo(BX), Y1, Y2   \
	VMOVUPS      const_cExp(BX), Y3              \
	VFMADD213PS  const_cExp+32(BX), Y2, Y3       \
	VFMADD213PS  const_cExp+64(BX), Y2, Y3       \
	VFMADD213PS  const_cExp+96(BX), Y2, Y3       \
	VFMADD213PS  const_cExp+128(BX), Y2, Y3      \
	VFMADD213PS  const_cExp+160(BX), Y2, Y3      \
	VMULPS       Y2, Y2, Y4                      \
	VFMADD213PS  Y2, Y4, Y3                      \
	VADDPS       const_cOne(BX), Y3, Y3          \
	VCVTTPS2DQ   Y1, Y4                          \
	VPSRAD       $1, Y4, Y5                      \
	VPSUBD       Y5, Y4, Y4                      \
	VPADDD       const_cBias(BX), Y5, Y5         \
	VPADDD       const_cBias(BX), Y4, Y4         \
	VPSLLD       $23, Y5, Y5                     \
	VPSLLD       $23, Y4, Y4                     \
	VMULPS       Y5, Y3, Y3                      \
	VMULPS       Y4, Y3, Y3                      \
	VCMPPS       $0x1e, const_cExpMax(BX), Y0, Y4 \
	VBLENDVPS    Y4, const_cInf(BX), Y3, Y3      \
	VCMPPS       $0x11, const_cExpMin(BX), Y0, Y4 \
	VANDNPS      Y3, Y4, Y0

// Y1 is the exponent, Y2 is f, Y3 the polynomial, Y4 is f*f.
#define LOG \
	VCMPPS       $0x11, const_cLeastNormal(BX), Y0, Y1 \
	VMULPS       const_cScale(BX), Y0, Y2        \
	VBLENDVPS    Y1, Y2, Y0, Y2                  \
	VANDPS       const_cScaleLog(BX), Y1, Y1     \
	VPSUBD       const_cRootHalf(BX), Y2, Y3     \
	VPSRAD       $23, Y3, Y3                     \
	VPSLLD       $23, Y3, Y4                     \
	VPSUBD       Y4, Y2, Y2                      \
	VSUBPS       const_cOne(BX), Y2, Y2          \
	VCVTDQ2PS    Y3, Y3                          \
	VADDPS       Y3, Y1, Y1                      \
	VMULPS       Y2, Y2, Y4                      \
	VMOVUPS      const_cLog(BX), Y3              \
	VFMADD213PS  const_cLog+32(BX), Y2, Y3       \
	VFMADD213PS  const_cLog+64(BX), Y2, Y3       \
	VFMADD213PS  const_cLog+96(BX), Y2, Y3       \
	VFMADD213PS  const_cLog+128(BX), Y2, Y3      \
	VFMADD213PS  const_cLog+160(BX), Y2, Y3      \
	VFMADD213PS  const_cLog+192(BX), Y2, Y3      \
	VFMADD213PS  const_cLog+224(BX), Y2, Y3      \
	VFMADD213PS  const_cLog+256(BX), Y2, Y3      \
	VMULPS       Y4, Y2, Y5                      \
	VMULPS       Y5, Y3, Y3                      \
	VFMADD231PS  const_cLn2Lo(BX), Y1, Y3        \
	VFMADD231PS  const_cMinusHalf(BX), Y4, Y3    \
	VADDPS       Y3, Y2, Y3                      \
	VFMADD231PS  const_cLn2Hi(BX), Y1, Y3        \
	VCMPPS       $0, const_cInf(BX), Y0, Y1      \
	VBLENDVPS    Y1, Y0, Y3, Y3                  \
	VCMPPS       $0, const_cZero(BX), Y0, Y1     \
	VMOVUPS      const_cInf(BX), Y4              \
	VORPS        const_cSign(BX), Y4, Y4         \
	VBLENDVPS    Y1, Y4, Y3, Y3                  \
	VCMPPS       $0x19, const_cZero(BX), Y0, Y1  \
	VBLENDVPS    Y1, const_cNaN(BX), Y3, Y0

// Y6 is x, Y7 is |x|, Y8 the result of the greater, Y9 of the smaller arguments.
#define TANH \
	VMOVAPS      Y0, Y6                          \
	VMOVUPS      const_cSign(BX), Y7             \
	VANDNPS      Y0, Y7, Y7                      \
	VADDPS       Y7, Y7, Y0                      \
	EXP                                          \
	VADDPS       const_cOne(BX), Y0, Y0          \
	VMOVUPS      const_cTwo(BX), Y1              \
	VDIVPS       Y0, Y1, Y1                      \
	VMOVUPS      const_cOne(BX), Y8              \
	VSUBPS       Y1, Y8, Y8                      \
	VMULPS       Y7, Y7, Y1                      \
	VMOVUPS      const_cTanh(BX), Y9             \
	VFMADD213PS  const_cTanh+32(BX), Y1, Y9      \
	VFMADD213PS  const_cTanh+64(BX), Y1, Y9      \
	VFMADD213PS  const_cTanh+96(BX), Y1, Y9      \
	VFMADD213PS  const_cTanh+128(BX), Y1, Y9     \
	VMULPS       Y1, Y9, Y9                      \
	VFMADD213PS  Y7, Y7, Y9                      \
	VCMPPS       $0x1d, const_cTanhSplit(BX), Y7, Y1 \
	VBLENDVPS    Y1, Y8, Y9, Y0                  \
	VANDPS       const_cSign(BX), Y6, Y6         \
	VORPS        Y6, Y0, Y0

#define SIGMOID \
	VXORPS       const_cSign(BX), Y0, Y0         \
	EXP                                          \
	VMOVUPS      const_cOne(BX), Y1              \
	VADDPS       Y0, Y1, Y0                      \
	VDIVPS       Y0, Y1, Y0

// GELUTANH is the hyperbolic tangent in GELU of Y0; Y10 is left as it was.
#define GELUTANH \
	VMULPS       Y0, Y0, Y1                      \
	VMULPS       Y0, Y1, Y1                      \
	VFMADD132PS  const_cGELUK(BX), Y0, Y1        \
	VMULPS       const_cGELUC(BX), Y1, Y0        \
	TANH

// ROUND is Y0 rounded to bfloat16, as a float32; Y1 and Y2 are used up.
#define ROUND \
	VPSRLD       $16, Y0, Y1                     \
	VPAND        const_cIntOne(BX), Y1, Y1       \
	VPADDD       const_cHalfLast(BX), Y1, Y1     \
	VPADDD       Y0, Y1, Y1                      \
	VCMPPS       $3, Y0, Y0, Y2                  \
	VANDPS       const_cSign(BX), Y0, Y0         \
	VORPS        const_cNaN(BX), Y0, Y0          \
	VBLENDVPS    Y2, Y0, Y1, Y0                  \
	VANDPS       const_cUpper(BX), Y0, Y0
