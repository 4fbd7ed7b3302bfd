// Package linalg has the decompositions of package compute in plain float64, the
// same on every architecture: products that are added to something are converted
// explicitly, which keeps compilers from fusing them.
package linalg

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// ErrNotFinite says that a matrix holds NaN or Inf.
var ErrNotFinite = errors.New("matrix with NaN or Inf")

// errNoConvergence cannot happen for finite input: Jacobi's method converges.
var errNoConvergence = errors.New("no convergence")

const maxSweeps = 60

func finite(a []float64) error {
	for _, v := range a {
		if v-v != 0 {
			return ErrNotFinite
		}
	}
	return nil
}

// Eigh writes the eigenvalues of the symmetric n-by-n matrix a in descending order
// and its eigenvectors as the columns of vectors. Of a only the upper triangle is
// read. Signs: the component of greatest magnitude, the first of equals, is
// positive. Jacobi's cyclic method, Golub and Van Loan 8.5; O(n^3) a sweep.
func Eigh(ctx context.Context, values, vectors, a []float64, n int) error {
	w := make([]float64, n*n)
	for i := range n {
		for j := i; j < n; j++ {
			w[i*n+j], w[j*n+i] = a[i*n+j], a[i*n+j]
		}
	}
	if err := finite(w); err != nil {
		return err
	}
	v := make([]float64, n*n) // rows are eigenvectors
	for i := range n {
		v[i*n+i] = 1
	}
	for range maxSweeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done := sweep(w, v, n); done {
			order(values, vectors, w, v, n)
			return nil
		}
	}
	return errNoConvergence
}

// sweep rotates every pair of rows and columns once; it tells whether all
// off-diagonal elements are negligible.
func sweep(w, v []float64, n int) bool {
	done := true
	for p := range n {
		for q := p + 1; q < n; q++ {
			off := w[p*n+q]
			if math.Abs(off) <= 1e-17*math.Sqrt(math.Abs(w[p*n+p]))*math.Sqrt(math.Abs(w[q*n+q])) || math.Abs(off) < 1e-300 {
				continue
			}
			done = false
			c, s := rotation(w[p*n+p], off, w[q*n+q])
			for k := range n {
				a, b := w[p*n+k], w[q*n+k]
				w[p*n+k], w[q*n+k] = float64(c*a)-float64(s*b), float64(s*a)+float64(c*b)
			}
			for k := range n {
				a, b := w[k*n+p], w[k*n+q]
				w[k*n+p], w[k*n+q] = float64(c*a)-float64(s*b), float64(s*a)+float64(c*b)
			}
			w[p*n+q], w[q*n+p] = 0, 0
			for k := range n {
				a, b := v[p*n+k], v[q*n+k]
				v[p*n+k], v[q*n+k] = float64(c*a)-float64(s*b), float64(s*a)+float64(c*b)
			}
		}
	}
	return done
}

// rotation is the cosine and sine that make the off-diagonal element zero.
func rotation(app, apq, aqq float64) (c, s float64) {
	tau := (aqq - app) / (2 * apq)
	t := 1 / (math.Abs(tau) + math.Sqrt(1+float64(tau*tau)))
	if tau < 0 {
		t = -t
	}
	c = 1 / math.Sqrt(1+float64(t*t))
	return c, t * c
}

func order(values, vectors, w, v []float64, n int) {
	idx := make([]int, n)
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(i, j int) int { return cmp.Compare(w[j*n+j], w[i*n+i]) })
	for c, i := range idx {
		values[c] = w[i*n+i]
		row := v[i*n : (i+1)*n]
		sign := canonicalSign(row)
		for k, x := range row {
			vectors[k*n+c] = sign * x
		}
	}
}

// canonicalSign is the sign of the component of greatest magnitude.
func canonicalSign(x []float64) float64 {
	best, sign := 0.0, 1.0
	for _, v := range x {
		if math.Abs(v) > best {
			best, sign = math.Abs(v), math.Copysign(1, v)
		}
	}
	return sign
}
