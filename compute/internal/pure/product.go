package pure

import (
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

const width = kernel.PanelWidth

// tile is a matrix product of m rows and n <= width columns:
//
//	c[i*ldc+j] = chain(c0, a[i*rs+l*ks]*b[l*ldb+j] for l < k)
//
// with c0 the number there before if add, else +0.
type tile struct {
	c       []float32
	ldc     int
	a       []float32
	rs, ks  int
	b       []float32
	ldb     int
	m, n, k int
	add     bool
}

// product computes a tile.
func (a arithmetic) product(t *tile) {
	if t.m == 0 || t.n == 0 {
		return
	}
	switch {
	case a == plain:
		productPlain(t)
		return
	case a >= avx2:
		if l := a.productAsm(t); l > 0 {
			rest := *t
			rest.a, rest.b, rest.k, rest.add = t.a[min(l*t.ks, len(t.a)):], t.b[min(l*t.ldb, len(t.b)):], t.k-l, true
			if rest.k > 0 {
				productGo(&rest)
			}
			return
		}
	}
	productGo(t)
}

func productGo(t *tile) {
	for i := range t.m {
		var acc [width]float32
		sums, row := acc[:t.n], t.c[i*t.ldc:i*t.ldc+t.n]
		if t.add {
			copy(sums, row)
		}
		for l := range t.k {
			axpy(sums, t.a[i*t.rs+l*t.ks], t.b[l*t.ldb:])
		}
		copy(row, sums)
	}
}

// Pack packs panels p0 <= p < p1.
func (set) Pack(dst, b []float32, ldb, k, n int, trans bool, p0, p1 int) {
	for p := p0; p < p1; p++ {
		panel := dst[p*k*width:][:k*width]
		cols := min(width, n-p*width)
		if cols < width {
			clear(panel)
		}
		if trans {
			packColumns(panel, b[p*width*ldb:], ldb, k, cols)
			continue
		}
		for l := range k {
			copy(panel[l*width:], b[l*ldb+p*width:][:cols])
		}
	}
}

// packColumns makes column j of the panel of row j of b.
func packColumns(panel, b []float32, ldb, k, cols int) {
	for j := range cols {
		for l, v := range b[j*ldb:][:k] {
			panel[l*width+j] = v
		}
	}
}

// depth is the number of rows of a panel that are used by all rows of the left
// operand before the next ones are, so that they stay in the first cache.
const depth = 256

// Gemm multiplies panel by panel.
func (s set) Gemm(g *kernel.Gemm) {
	t := tile{ldc: g.LDC, rs: g.LDA, ks: 1, ldb: width, m: g.M}
	if g.TransA {
		t.rs, t.ks = 1, g.LDA
	}
	for p := g.P0; p < g.P1 && g.M > 0; p++ {
		t.c, t.n = g.C[p*width:], min(width, g.N-p*width)
		panel := g.B[p*g.K*width:][:g.K*width]
		for l := 0; l == 0 || l < g.K; l += depth {
			t.k, t.add = min(depth, g.K-l), g.Accumulate || l > 0
			t.a, t.b = g.A[min(l*t.ks, len(g.A)):], panel[l*width:]
			s.product(&t)
		}
		s.finish(g, t.c, p)
	}
}

// finish adds the bias and applies the activation to the columns of panel p.
func (s set) finish(g *kernel.Gemm, c []float32, p int) {
	n := min(width, g.N-p*width)
	for i := 0; i < g.M && (g.Bias != nil || g.Act != kernel.ActNone); i++ {
		row := c[i*g.LDC:][:n]
		if g.Bias != nil {
			for j, b := range g.Bias[p*width:][:n] {
				row[j] += b
			}
		}
		if g.Act != kernel.ActNone {
			s.Unary(activations[g.Act], row, row)
		}
	}
}

var activations = [...]kernel.UnaryOp{kernel.ActReLU: kernel.ReLU, kernel.ActGELU: kernel.GELU,
	kernel.ActSiLU: kernel.SiLU, kernel.ActTanh: kernel.Tanh}
