package pure

import (
	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// RowReduce reduces each row.
func (s set) RowReduce(op kernel.ReduceOp, dst, x []float32, n int) {
	for i := range dst {
		dst[i] = s.reduce(op, x[i*n:i*n+n])
	}
}

func (s set) reduce(op kernel.ReduceOp, x []float32) float32 {
	switch op {
	case kernel.ReduceMax:
		return s.max(x)
	case kernel.ReduceMin:
		return -negatedMax(negInf, x)
	case kernel.ReduceSumSquares:
		return s.dot(x, x)
	}
	return s.sum(x)
}

// negatedMax is the maximum of m and the numbers -x.
func negatedMax(m float32, x []float32) float32 {
	for _, v := range x {
		if v != v {
			return v
		}
		if -v > m {
			m = -v
		}
	}
	return m + 0
}

// ColReduce reduces columns, a few at a time so that memory is read in lines.
func (s set) ColReduce(op kernel.ReduceOp, dst, x []float32, m, n, j0, j1 int) {
	for j := j0; j < j1; j += columns {
		w := min(columns, j1-j)
		c := dst[j-j0:][:w]
		switch op {
		case kernel.ReduceMax, kernel.ReduceMin:
			extremes(c, x[min(j, len(x)):], m, n, op == kernel.ReduceMin)
		default:
			var p columnSums
			for i := range m {
				row := x[i*n+j:][:w]
				if op == kernel.ReduceSum {
					p.add(i, row)
				} else {
					p.fma(s.arithmetic, i, row, row)
				}
			}
			p.total(c)
		}
	}
}

// extremes are the greatest, or with negate the negated greatest negatives, of
// columns.
func extremes(dst, x []float32, m, n int, negate bool) {
	for j := range dst {
		dst[j] = negInf
	}
	for i := range m {
		for j, v := range x[i*n:][:len(dst)] {
			if negate {
				v = -v
			}
			if v > dst[j] || v != v {
				dst[j] = v
			}
		}
	}
	for j := range dst {
		dst[j] += 0
		if negate {
			dst[j] = -dst[j]
		}
	}
}

// columns is the number of columns that are summed at once.
const columns = 16

// columnSums are the partial sums of columns.
type columnSums [exact.Lanes][columns]float32

// add adds row i.
func (p *columnSums) add(i int, row []float32) {
	l := p[i%exact.Lanes][:len(row)]
	for j, v := range row {
		l[j] += v
	}
}

// fma adds the products of two numbers of row i.
func (p *columnSums) fma(a arithmetic, i int, x, y []float32) {
	l := p[i%exact.Lanes][:len(x)]
	a.fma(l, x, y, l)
}

// total adds the partial sums of each column pairwise.
func (p *columnSums) total(dst []float32) {
	for w := exact.Lanes / 2; w > 0; w /= 2 {
		for i := range w {
			for j := range dst {
				p[i][j] += p[i+w][j]
			}
		}
	}
	copy(dst, p[0][:])
}

// RowDot multiplies rows.
func (s set) RowDot(dst, x, y []float32, n int) {
	for i := range dst {
		dst[i] = s.dot(x[i*n:i*n+n], y[i*n:i*n+n])
	}
}

// ArgMax finds the first of the greatest.
func (set) ArgMax(dst []int32, x []float32, n int) {
	for i := range dst {
		best, at := nan, 0
		for j, v := range x[i*n : i*n+n] {
			if v > best || best != best && v == v {
				best, at = v, j
			}
		}
		dst[i] = int32(at)
	}
}

// SumSquares64 adds squares in float64.
func (set) SumSquares64(x []float32) float64 {
	var p [8]float64
	for ; len(x) >= len(p); x = x[len(p):] {
		for j, v := range x[:len(p)] {
			p[j] += float64(v) * float64(v) // exact, fused or not
		}
	}
	for j, v := range x {
		p[j] += float64(v) * float64(v)
	}
	for w := len(p) / 2; w > 0; w /= 2 {
		for j := range w {
			p[j] += p[j+w]
		}
	}
	return p[0]
}

// Gram adds outer products of rows.
func (set) Gram(dst []float64, x []float32, m, n, i0, i1 int) {
	for r := range m {
		row := x[r*n : r*n+n]
		for i := i0; i < i1; i++ {
			c, right := float64(row[i]), row[i:]
			sums := dst[i*n+i:][:len(right)]
			for j, v := range right {
				sums[j] += c * float64(v) // exact, fused or not
			}
		}
	}
}

// NearestRow finds the nearest centroid.
func (s set) NearestRow(idx []int32, dist, x, centroids []float32, k, n int) {
	for i := range idx {
		row := x[i*n : i*n+n]
		best, at := nan, 0
		for c := range k {
			if d := s.distance(row, centroids[c*n:c*n+n]); d < best || best != best && d == d {
				best, at = d, c
			}
		}
		idx[i], dist[i] = int32(at), best
	}
}

// distance is the sum of squared differences.
func (s set) distance(x, y []float32) float32 {
	var p lanes
	var d [chunk]float32
	for len(x) > 0 {
		c := d[:min(chunk, len(x))]
		for j, v := range x[:len(c)] {
			c[j] = v - y[j]
		}
		s.addDot(&p, c, c)
		x, y = x[len(c):], y[len(c):]
	}
	return p.total()
}
