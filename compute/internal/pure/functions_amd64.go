package pure

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Offsets in constants, for the assembly: 8 equal numbers each.
const (
	cLog2E = 32 * iota
	cRounder
	cMinusLn2Hi
	cMinusLn2Lo
	cLn2Hi
	cLn2Lo
	cExpMax
	cExpMin
	cInf
	cNaN
	cZero
	cHalf
	cMinusHalf
	cOne
	cTwo
	cSign // -0
	cBias // 127, an integer
	cLeastNormal
	cScale // 2^23
	cScaleLog
	cRootHalf // the bits of sqrt(1/2), an integer
	cTanhSplit
	cGELUC
	cGELUK
	c3GELUK
	cIntOne
	cHalfLast // 0x7fff, an integer: almost half of the last bit of bfloat16
	cUpper    // the mask of the bits of bfloat16
	cExp      = 32 * iota
	cLog      = cExp + 32*6
	cTanh     = cLog + 32*9
	cEnd      = cTanh + 32*5
)

// constants is the table that the assembly reads.
var constants = newConstants()

var _ = &constants // as no Go does

func newConstants() (t [cEnd / 4]uint32) {
	set := func(offset int, bits uint32) {
		for j := range 8 {
			t[offset/4+j] = bits
		}
	}
	for offset, v := range map[int]float32{
		cLog2E: exact.Log2E, cRounder: exact.Rounder, cMinusLn2Hi: -exact.Ln2Hi, cMinusLn2Lo: -exact.Ln2Lo,
		cLn2Hi: exact.Ln2Hi, cLn2Lo: exact.Ln2Lo, cExpMax: exact.ExpMax, cExpMin: exact.ExpMin,
		cZero: 0, cHalf: 0.5, cMinusHalf: -0.5, cOne: 1, cTwo: 2, cLeastNormal: 0x1p-126,
		cScale: 0x1p23, cScaleLog: -23, cTanhSplit: 0.625,
		cGELUC: exact.GELUC, cGELUK: exact.GELUK, c3GELUK: 3 * exact.GELUK,
	} {
		set(offset, math.Float32bits(v))
	}
	for offset, bits := range map[int]uint32{cInf: 0x7f800000, cNaN: 0x7fc00000, cSign: 1 << 31, cBias: 127,
		cRootHalf: 0x3f3504f3, cIntOne: 1, cHalfLast: 0x7fff, cUpper: 0xffff0000} {
		set(offset, bits)
	}
	for offset, poly := range map[int][]float32{cExp: exact.ExpPoly[:], cLog: exact.LogPoly[:], cTanh: exact.TanhPoly[:]} {
		for i, v := range poly {
			set(offset+32*i, math.Float32bits(v))
		}
	}
	return t
}

// The functions below take a multiple of 8 elements.

//go:noescape
func expAVX2(dst, x *float32, n int, m float32)

//go:noescape
func logAVX2(dst, x *float32, n int)

//go:noescape
func tanhAVX2(dst, x *float32, n int)

//go:noescape
func sigmoidAVX2(dst, x *float32, n int)

//go:noescape
func siluAVX2(dst, x *float32, n int)

//go:noescape
func geluAVX2(dst, x *float32, n int)

//go:noescape
func gumbelAVX2(dst, u *float32, n int)

//go:noescape
func geluGradAVX2(dx, dy, x *float32, n int)

//go:noescape
func siluGradAVX2(dx, dy, x *float32, n int)

func expAsm(dst, x []float32, m float32) int {
	n := len(x) &^ 7
	if n > 0 {
		expAVX2(&dst[:n][0], &x[0], n, m)
	}
	return n
}

// gumbelAsm replaces uniform numbers by numbers of the Gumbel distribution.
func gumbelAsm(dst []float32) int {
	n := len(dst) &^ 7
	if n > 0 {
		gumbelAVX2(&dst[0], &dst[0], n)
	}
	return n
}

func unaryAsm(op kernel.UnaryOp, dst, x []float32) int {
	n := len(x) &^ 7
	if n == 0 {
		return 0
	}
	d, s := &dst[:n][0], &x[0]
	switch op {
	case kernel.Exp:
		expAVX2(d, s, n, 0)
	case kernel.Log:
		logAVX2(d, s, n)
	case kernel.Tanh:
		tanhAVX2(d, s, n)
	case kernel.Sigmoid:
		sigmoidAVX2(d, s, n)
	case kernel.SiLU:
		siluAVX2(d, s, n)
	case kernel.GELU:
		geluAVX2(d, s, n)
	default:
		return 0
	}
	return n
}

// unaryGradAsm: dx = dy times the derivative at x.
func unaryGradAsm(op kernel.UnaryOp, dx, dy, x []float32) int {
	n := len(x) &^ 7
	if n == 0 {
		return 0
	}
	d, g, s := &dx[:n][0], &dy[:n][0], &x[0]
	switch op {
	case kernel.SiLU:
		siluGradAVX2(d, g, s, n)
	case kernel.GELU:
		geluGradAVX2(d, g, s, n)
	default:
		return 0
	}
	return n
}
