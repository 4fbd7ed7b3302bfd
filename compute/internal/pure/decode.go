package pure

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Decode is one query.
func (s set) Decode(out, q, k, v []float32, t, d int, scale float32, scratch []float32) {
	p := scratch[:t]
	s.dotRows(p, q[:d], k)
	_, l := s.weights(p, scale)
	for x := 0; x < d; x += width {
		s.product(&tile{c: out[x:], ldc: d, a: p, rs: t, ks: 1, b: v[min(x, len(v)):], ldb: d, m: 1, n: min(width, d-x), k: t})
	}
	s.BinaryScalar(kernel.Mul, out[:d], out[:d], 1/l)
}

// DecodeBF16 is Decode over halves of float32, which are widened a few rows at a
// time.
func (s set) DecodeBF16(out, q []float32, k, v []uint16, t, d int, scale float32, scratch []float32) {
	var wide [deep * width]float32
	p := scratch[:t]
	s.dotRowsBF16(p, q[:d], k, wide[:])
	_, l := s.weights(p, scale)
	for x := 0; x < d; x += width {
		n := min(width, d-x)
		for j := 0; j == 0 || j < t; j += deep {
			rows := min(deep, t-j)
			for r := range rows {
				s.widen(wide[r*width:][:n], v[(j+r)*d+x:])
			}
			s.product(&tile{c: out[x:], ldc: d, a: p[j:], rs: t, ks: 1, b: wide[:], ldb: width, m: 1, n: n, k: rows, add: j > 0})
		}
	}
	s.BinaryScalar(kernel.Mul, out[:d], out[:d], 1/l)
}

// dotRows: dst[j] = dot(x, row j of y).
func (a arithmetic) dotRows(dst, x, y []float32) {
	n := len(x)
	if a >= avx2 {
		done := dotRowsAsm(dst, x, y)
		dst, y = dst[done:], y[done*n:]
	}
	for j := range dst {
		dst[j] = a.dot(x, y[j*n:j*n+n])
	}
}

// dotRowsBF16 is dotRows over halves of float32 by way of wide.
func (a arithmetic) dotRowsBF16(dst, x []float32, y []uint16, wide []float32) {
	n := len(x)
	if n > len(wide) {
		for j := range dst {
			var p lanes
			for i := 0; i < n; i += len(wide) {
				part := wide[:min(len(wide), n-i)]
				a.widen(part, y[j*n+i:])
				a.addDot(&p, x[i:i+len(part)], part)
			}
			dst[j] = p.total()
		}
		return
	}
	for rows := 0; len(dst) > 0; dst, y = dst[rows:], y[rows*n:] {
		rows = min(len(dst), len(wide)/max(n, 1))
		a.widen(wide[:rows*n], y)
		a.dotRows(dst[:rows], x, wide)
	}
}
