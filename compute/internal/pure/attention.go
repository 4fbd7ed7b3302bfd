package pure

import (
	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

const (
	block = 64 // queries whose scores are in the scratch at once
	strip = 12 // rows that are multiplied at once where each row sees one more
)

// head is a head under way: its scratch in parts.
type head struct {
	set
	*kernel.Head
	kt, vt []float32 // packed transposes
	p, ds  []float32 // block rows of ld scores
	ld     int
}

func (s set) head(h *kernel.Head) head {
	n, ld := kernel.PackedLen(h.D, h.T), kernel.Panels(h.T)*width
	r := h.Scratch
	return head{set: s, Head: h, ld: ld, kt: r[:n], vt: r[n : 2*n], p: r[2*n:][:block*ld], ds: r[2*n+block*ld:][:block*ld]}
}

// seen is the number of positions that position i sees.
func (h *head) seen(i int) int {
	if h.Causal {
		return i + 1
	}
	return h.T
}

// scores are the products of rows i0 <= i < i0+rows of q with the columns of the
// packed kt, as far as the last of the rows sees.
func (h *head) scores(dst, q, kt []float32, ldq, i0, rows int) {
	for j := 0; j < h.seen(i0+rows-1); j += width {
		h.product(&tile{c: dst[j:], ldc: h.ld, a: q[i0*ldq:], rs: ldq, ks: 1,
			b: kt[j*h.D:], ldb: width, m: rows, n: min(width, h.T-j), k: h.D})
	}
}

// mix makes rows i0 <= i < i0+rows of dst the sums of the rows of v that they
// see, weighted with rows of w.
func (h *head) mix(dst, w, v []float32, ldd, i0, rows int) {
	step := rows
	if h.Causal {
		step = strip
	}
	for r := 0; r < rows; r += step {
		m, common := min(step, rows-r), h.seen(i0+r)
		for x := 0; x < h.D; x += width {
			t := tile{c: dst[(i0+r)*ldd+x:], ldc: ldd, a: w[r*h.ld:], rs: h.ld, ks: 1, b: v[x:], ldb: h.LD,
				m: m, n: min(width, h.D-x), k: common}
			h.product(&t)
			for i := 1; i < m && h.Causal; i++ {
				h.product(&tile{c: t.c[i*ldd:], ldc: ldd, a: w[(r+i)*h.ld+common:], rs: h.ld, ks: 1,
					b: v[common*h.LD+x:], ldb: h.LD, m: 1, n: t.n, k: i, add: true})
			}
		}
	}
}

// spread adds to the rows of dst what rows i0 <= i < i0+rows of v, weighted with
// columns of w, give them.
func (h *head) spread(dst, w, v []float32, ldv, i0, rows int) {
	all := h.T
	if h.Causal {
		all = i0
	}
	for x := 0; x < h.D; x += width {
		t := tile{c: dst[x:], ldc: h.LD, a: w, rs: 1, ks: h.ld, b: v[i0*ldv+x:], ldb: ldv,
			m: all, n: min(width, h.D-x), k: rows, add: true}
		h.product(&t)
		for j := 0; j < rows && h.Causal; j += strip {
			t.m = min(strip, rows-j)
			from := j + t.m - 1 // the first row that sees the whole strip
			for i := j; i < from; i++ {
				h.product(&tile{c: dst[(i0+i)*h.LD+x:], ldc: h.LD, a: w[i*h.ld+i0+i:], rs: 1, ks: h.ld,
					b: v[(i0+i)*ldv+x:], ldb: ldv, m: 1, n: t.n, k: from - i, add: true})
			}
			t.c, t.a, t.b, t.k = dst[(i0+j)*h.LD+x:], w[from*h.ld+i0+j:], v[(i0+from)*ldv+x:], rows-from
			h.product(&t)
		}
	}
}

// Attend is the forward pass.
func (s set) Attend(out, lse, q, k, v []float32, hd *kernel.Head) {
	h := s.head(hd)
	s.Pack(h.kt, k, h.LD, h.D, h.T, true, 0, kernel.Panels(h.T))
	for i0 := 0; i0 < h.T; i0 += block {
		rows := min(block, h.T-i0)
		h.scores(h.p, q, h.kt, h.LD, i0, rows)
		var inverse [block]float32
		for r := range rows {
			m, l := s.weights(h.p[r*h.ld:][:h.seen(i0+r)], h.Scale)
			lse[i0+r], inverse[r] = m+exact.Log(l), 1/l
		}
		h.mix(out, h.p, v, h.LDO, i0, rows)
		for r := range rows {
			row := out[(i0+r)*h.LDO:][:h.D]
			s.BinaryScalar(kernel.Mul, row, row, inverse[r])
		}
	}
}

// weights makes exponentials of products: exp(p*scale-m), m the maximum of
// p*scale; l is their sum.
func (s set) weights(p []float32, scale float32) (m, l float32) {
	s.BinaryScalar(kernel.Mul, p, p, scale)
	m = s.max(p)
	s.exp(p, p, m)
	return m, s.sum(p)
}

// AttendGrad is the backward pass.
func (s set) AttendGrad(dq, dk, dv, dout, out, lse, q, k, v []float32, hd *kernel.Head) {
	h := s.head(hd)
	s.Pack(h.kt, k, h.LD, h.D, h.T, true, 0, kernel.Panels(h.T))
	s.Pack(h.vt, v, h.LD, h.D, h.T, true, 0, kernel.Panels(h.T))
	for j := range h.T {
		clear(dk[j*h.LD:][:h.D])
		clear(dv[j*h.LD:][:h.D])
	}
	for i0 := 0; i0 < h.T; i0 += block {
		rows := min(block, h.T-i0)
		h.scores(h.p, q, h.kt, h.LD, i0, rows)
		h.scores(h.ds, dout, h.vt, h.LDO, i0, rows)
		for r := range rows {
			i := i0 + r
			n := h.seen(i)
			p, ds := h.p[r*h.ld:][:n], h.ds[r*h.ld:][:n]
			s.BinaryScalar(kernel.Mul, p, p, h.Scale)
			s.exp(p, p, lse[i])
			e := s.dot(dout[i*h.LDO:][:h.D], out[i*h.LDO:][:h.D])
			for j := range ds {
				ds[j] = float32(p[j]*(ds[j]-e)) * h.Scale
			}
		}
		h.mix(dq, h.ds, k, h.LD, i0, rows)
		h.spread(dk, h.ds, q, h.LD, i0, rows)
		h.spread(dv, h.p, dout, h.LDO, i0, rows)
	}
}
