//go:build !amd64

package pure

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Assembly is empty: there is assembly for amd64 only.
func Assembly() []kernel.Set { return nil }

// The loops in assembly take no element.

func sumAsm(p *lanes, x []float32) int                        { return 0 }
func dotAsm(p *lanes, x, y []float32) int                     { return 0 }
func maxAsm(m float32, x []float32) (float32, int)            { return m, 0 }
func expAsm(dst, x []float32, m float32) int                  { return 0 }
func fmaAsm(dst, x, y, z []float32) int                       { return 0 }
func unaryAsm(op kernel.UnaryOp, dst, x []float32) int        { return 0 }
func unaryGradAsm(op kernel.UnaryOp, dx, dy, x []float32) int { return 0 }
func dotRowsAsm(dst, x, y []float32) int                      { return 0 }
func widenAsm(dst []float32, x []uint16) int                  { return 0 }
func adamAsm(p, m, v, grad []float32, a *kernel.AdamW) int    { return 0 }
func gumbelAsm(dst []float32) int                             { return 0 }
func (a arithmetic) productAsm(t *tile) int                   { return 0 }
func roundAsm(dst, x []float32) int                           { return 0 }
func narrowAsm(dst []uint16, x []float32) int                 { return 0 }
func widenPairsAsm(dst []float32, x []uint16) int             { return 0 }
