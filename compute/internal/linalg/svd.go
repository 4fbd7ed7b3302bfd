package linalg

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// SVD writes the thin singular value decomposition of the m-by-n matrix a: u is
// m by r, s has r values in descending order, v is n by r, r = min(m,n). Columns
// of u whose singular value is 0 complete an orthonormal set. Signs as in [Eigh],
// by the columns of u. One-sided Jacobi, Hestenes 1958; O(m n^2) a sweep.
func SVD(ctx context.Context, u, s, v, a []float64, m, n int) error {
	if err := finite(a); err != nil {
		return err
	}
	if m < n {
		return svd(ctx, v, s, u, transpose(a, m, n), n, m, true)
	}
	return svd(ctx, u, s, v, slices.Clone(a), m, n, false)
}

func transpose(a []float64, m, n int) []float64 {
	t := make([]float64, len(a))
	for i := range m {
		for j := range n {
			t[j*m+i] = a[i*n+j]
		}
	}
	return t
}

// svd is SVD for m >= n. signByV makes the columns of v canonical instead.
func svd(ctx context.Context, u, s, v, a []float64, m, n int, signByV bool) error {
	cols := transpose(a, m, n) // row j is column j
	w := make([]float64, n*n)
	for i := range n {
		w[i*n+i] = 1
	}
	for sweeps := 0; ; sweeps++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if sweeps == maxSweeps {
			return errNoConvergence
		}
		if orthogonalise(cols, w, m, n) {
			break
		}
	}
	norms := make([]float64, n)
	idx := make([]int, n)
	for j := range n {
		norms[j], idx[j] = norm(cols[j*m:(j+1)*m]), j
	}
	slices.SortStableFunc(idx, func(i, j int) int { return cmp.Compare(norms[j], norms[i]) })
	q := make([]float64, 0, n*m)
	for c, j := range idx {
		s[c] = norms[j]
		col := cols[j*m : (j+1)*m]
		if norms[j] > 0 {
			for i := range col {
				col[i] /= norms[j]
			}
		} else {
			complete(col, q, m)
		}
		q = append(q, col...)
		by := col
		if signByV {
			by = w[j*n : (j+1)*n]
		}
		sign := canonicalSign(by)
		for i, x := range col {
			u[i*n+c] = sign * x
		}
		for i, x := range w[j*n : (j+1)*n] {
			v[i*n+c] = sign * x
		}
	}
	return nil
}

// orthogonalise rotates every pair of columns once; it tells whether all were
// orthogonal.
func orthogonalise(cols, w []float64, m, n int) bool {
	done := true
	for p := range n {
		for q := p + 1; q < n; q++ {
			x, y := cols[p*m:(p+1)*m], cols[q*m:(q+1)*m]
			aa, bb, ab := dot(x, x), dot(y, y), dot(x, y)
			if math.Abs(ab) <= 1e-15*math.Sqrt(aa)*math.Sqrt(bb) {
				continue
			}
			done = false
			c, s := rotation(aa, ab, bb)
			rotate(x, y, c, s)
			rotate(w[p*n:(p+1)*n], w[q*n:(q+1)*n], c, s)
		}
	}
	return done
}

func rotate(x, y []float64, c, s float64) {
	for i, a := range x {
		b := y[i]
		x[i], y[i] = float64(c*a)-float64(s*b), float64(s*a)+float64(c*b)
	}
}

func dot(x, y []float64) (d float64) {
	for i, a := range x {
		d += float64(a * y[i])
	}
	return d
}

// norm is the Euclidean norm, scaled against overflow.
func norm(x []float64) float64 {
	largest := 0.0
	for _, v := range x {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		v /= largest
		sum += float64(v * v)
	}
	return largest * math.Sqrt(sum)
}

// complete makes col a unit vector orthogonal to the rows of q: the unit vector
// that is left longest by Gram and Schmidt's method, twice for accuracy.
func complete(col, q []float64, m int) {
	best := -1.0
	trial := make([]float64, m)
	for e := range m {
		clear(trial)
		trial[e] = 1
		for range 2 {
			for r := 0; r < len(q); r += m {
				d := dot(trial, q[r:r+m])
				for i := range trial {
					trial[i] -= float64(d * q[r+i])
				}
			}
		}
		if l := norm(trial); l > best {
			best = l
			copy(col, trial)
		}
		if best > 0.5 {
			break
		}
	}
	for i := range col {
		col[i] /= best
	}
}
