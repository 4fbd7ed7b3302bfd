package pure

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// ToBF16 rounds.
func (s set) ToBF16(dst []uint16, x []float32) {
	dst = dst[:len(x)]
	if s.arithmetic >= avx2 {
		n := narrowAsm(dst, x)
		dst, x = dst[n:], x[n:]
	}
	for i, v := range x {
		dst[i] = toBF16(v)
	}
}

// FromBF16 widens.
func (s set) FromBF16(dst []float32, x []uint16) { s.widen(dst, x) }

func toBF16(x float32) uint16 {
	u := math.Float32bits(x)
	if x != x {
		return uint16(u>>16)&0x8000 | 0x7fc0
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

func fromBF16(x uint16) float32 { return math.Float32frombits(uint32(x) << 16) }

// widen makes float32 of the first halves of x.
func (a arithmetic) widen(dst []float32, x []uint16) {
	if a >= avx2 {
		n := widenAsm(dst, x)
		dst, x = dst[n:], x[n:]
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = fromBF16(x[i])
	}
}

// PackBF16 packs pairs of rows, rounded.
func (set) PackBF16(dst []uint16, b []float32, ldb, k, n int, trans bool, p0, p1 int) {
	rows := k + k%2
	for p := p0; p < p1; p++ {
		panel := dst[p*rows*width:][:rows*width]
		cols := min(width, n-p*width)
		clear(panel)
		for l := range k {
			pair := panel[l/2*2*width:]
			for j := range cols {
				at := l*ldb + p*width + j
				if trans {
					at = (p*width+j)*ldb + l
				}
				pair[2*j+l%2] = toBF16(b[at])
			}
		}
	}
}

// Blocks of the operands of GemmBF16 on the stack, as float32.
const (
	deep = 64
	tall = 24
)

// GemmBF16 widens a block of the panel and rounds one of the left operand, whose
// products are then exact in float32.
func (s set) GemmBF16(g *kernel.Gemm) {
	var right [deep * width]float32
	var left [tall * deep]float32
	rows := g.K + g.K%2
	for p := g.P0; p < g.P1 && g.M > 0; p++ {
		for l := 0; l == 0 || l < g.K; l += deep {
			k := min(deep, g.K-l)
			s.widenPairs(right[:(k+k%2)*width], g.BF16[(p*rows+l)*width:])
			for i := 0; i < g.M; i += tall {
				m := min(tall, g.M-i)
				t := tile{c: g.C[i*g.LDC+p*width:], ldc: g.LDC, a: left[:], rs: deep, ks: 1,
					b: right[:], ldb: width, m: m, n: min(width, g.N-p*width), k: k, add: g.Accumulate || l > 0}
				switch {
				case k == 0: // there is no left operand
				case g.TransA:
					t.rs, t.ks = 1, tall
					s.roundBlock(left[:], g.A[l*g.LDA+i:], g.LDA, k, m, tall)
				default:
					s.roundBlock(left[:], g.A[i*g.LDA+l:], g.LDA, m, k, deep)
				}
				s.product(&t)
			}
		}
		s.finish(g, g.C[p*width:], p)
	}
}

// roundBlock rounds rows of n numbers of x to bfloat16, as float32, into rows of
// ld numbers.
func (a arithmetic) roundBlock(dst, x []float32, ldx, rows, n, ld int) {
	for r := range rows {
		a.round(dst[r*ld:][:n], x[r*ldx:])
	}
}

// round rounds the first numbers of x to bfloat16, as float32.
func (a arithmetic) round(dst, x []float32) {
	if a >= avx2 {
		n := roundAsm(dst, x)
		dst, x = dst[n:], x[n:]
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = fromBF16(toBF16(x[i]))
	}
}

// widenPairs undoes the interleaving of pairs of rows.
func (a arithmetic) widenPairs(dst []float32, src []uint16) {
	if a >= avx2 {
		n := widenPairsAsm(dst, src)
		dst, src = dst[n:], src[n:]
	}
	for l := 0; l < len(dst); l += 2 * width {
		even, odd, pairs := dst[l:][:width], dst[l+width:][:width], src[l:][:2*width]
		for j := range even {
			even[j], odd[j] = fromBF16(pairs[2*j]), fromBF16(pairs[2*j+1])
		}
	}
}
