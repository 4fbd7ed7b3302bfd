package linalg

import (
	"context"
	"math"
)

// EighScratch is the length of the scratch of [Eigh].
func EighScratch(n int) int { return n*n + 3*n }

// Eigh writes the eigenvalues of the symmetric n-by-n matrix a in descending order
// and its eigenvectors as the columns of vectors. Of a only the upper triangle is
// read. Signs: the component of greatest magnitude, the first of equals, is
// positive. The context is polled once a step of O(n^2) operations.
//
// Householder's reduction to a tridiagonal matrix and the QL algorithm with
// implicit shifts, Golub and Van Loan 8.3: about 6n^3 multiplications. Errors of
// values are below n*2^-52 times the norm of a.
func Eigh(ctx context.Context, values, vectors, a []float64, n int, scratch []float64) error {
	t := tridiagonal{n: n, w: vectors[:n*n], z: scratch[:n*n], d: values[:n], e: scratch[n*n:][:n],
		u: scratch[n*n+n:][:n], q: scratch[n*n+2*n:][:n]}
	for i := range n {
		for j := i; j < n; j++ {
			t.w[i*n+j], t.w[j*n+i] = a[i*n+j], a[i*n+j]
		}
	}
	s, err := scale(t.w)
	if err != nil {
		return err
	}
	for i := range t.w {
		t.w[i] *= s
	}
	if err := t.reduce(ctx); err != nil {
		return err
	}
	if err := t.accumulate(ctx); err != nil {
		return err
	}
	if err := t.diagonalise(ctx); err != nil {
		return err
	}
	order := make([]int, n)
	descending(order, t.d)
	for c, i := range order {
		t.e[c] = t.d[i] / s
		t.u[c] = canonicalSign(t.z[i*n : i*n+n])
	}
	copy(values, t.e)
	columns(vectors, t.z, n, n, order, t.u)
	return nil
}

// tridiagonal is a matrix on its way to its eigenvalues.
type tridiagonal struct {
	n    int
	w    []float64 // the matrix; then, in rows, the vectors of the reflections
	z    []float64 // rows become the eigenvectors
	d, e []float64 // diagonal; off-diagonal: e[i] is beside d[i] and d[i+1]
	u, q []float64 // scales of the reflections in u
}

// reduce makes the matrix tridiagonal. Reflection k, of rows and columns past k,
// has its vector in row k, past column k.
func (t *tridiagonal) reduce(ctx context.Context) error {
	n := t.n
	for k := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.d[k] = t.w[k*n+k]
		u := t.w[k*n+k+1 : k*n+n]
		t.u[k], t.e[k] = reflector(u)
		if t.u[k] != 0 {
			t.reflect(k, u, t.u[k])
		}
	}
	return nil
}

// reflect applies a reflection from both sides: with p = tau*A*u and q =
// p-(tau/2)(p'u)u it takes u*q'+q*u' away from the matrix A past k.
func (t *tridiagonal) reflect(k int, u []float64, tau float64) {
	n := t.n
	q := t.q[:len(u)]
	row := func(i int) []float64 { return t.w[(k+1+i)*n+k+1 : (k+1+i)*n+n] }
	for i := range q {
		q[i] = float64(tau * dot(row(i), u))
	}
	axpy(q, -0.5*tau*dot(q, u), u)
	for i := range q {
		r, a, b := row(i), u[i], q[i]
		for j, v := range u[:len(r)] {
			r[j] -= float64(a*q[j]) + float64(b*v)
		}
	}
}

// accumulate makes the rows of z those of the transposed product of the
// reflections, the last of which is applied first.
func (t *tridiagonal) accumulate(ctx context.Context) error {
	n := t.n
	clear(t.z)
	for i := range n {
		t.z[i*n+i] = 1
	}
	for k := n - 2; k >= 0; k-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		if u := t.w[k*n+k+1 : k*n+n]; t.u[k] != 0 {
			for i := k + 1; i < n; i++ {
				r := t.z[i*n+k+1 : i*n+n]
				axpy(r, -t.u[k]*dot(r, u), u)
			}
		}
	}
	return nil
}

// diagonalise finds the eigenvalues one by one, from the first on.
func (t *tridiagonal) diagonalise(ctx context.Context) error {
	for l := 0; l < t.n; l++ {
		for iterations := 0; ; iterations++ {
			m := t.block(l)
			if m == l {
				break
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if iterations == maxIterations {
				return errNoConvergence
			}
			t.sweep(l, m)
		}
	}
	return nil
}

// block is the last index of the block from l that does not fall apart.
func (t *tridiagonal) block(l int) int {
	m := l
	for m < t.n-1 {
		if e := math.Abs(t.e[m]); e <= epsilon*(math.Abs(t.d[m])+math.Abs(t.d[m+1])) || e < negligible {
			t.e[m] = 0
			break
		}
		m++
	}
	return m
}

// sweep is one QL step over the block from l to m, with the shift that is the
// eigenvalue of the first two rows nearer to d[l].
func (t *tridiagonal) sweep(l, m int) {
	n, d, e := t.n, t.d, t.e
	g := (d[l+1] - d[l]) / (2 * e[l])
	g = d[m] - d[l] + e[l]/(g+math.Copysign(hypot(g, 1), g))
	s, c, p := 1.0, 1.0, 0.0
	for i := m - 1; i >= l; i-- {
		f, b := float64(s*e[i]), float64(c*e[i])
		var r float64
		c, s, r = givens(g, f)
		if e[i+1] = r; r == 0 { // the block falls apart at i+1
			d[i+1] -= p
			e[m] = 0
			return
		}
		g = d[i+1] - p
		r = float64((d[i]-g)*s) + float64(2*float64(c*b))
		p = float64(s * r)
		d[i+1] = g + p
		g = float64(c*r) - b
		rotate(t.z[(i+1)*n:(i+1)*n+n], t.z[i*n:i*n+n], c, s)
	}
	d[l] -= p
	e[l] = g
	e[m] = 0
}
