package linalg

import (
	"context"
	"math"
)

// SVDScratch is the length of the scratch of [SVD].
func SVDScratch(m, n int) int {
	n, m = min(m, n), max(m, n)
	return 2*m*n + n*n + 5*n + m
}

// SVD writes the thin singular value decomposition of the m-by-n matrix a: u is
// m by r, s has r values in descending order, v is n by r, r = min(m,n). Columns
// of u and v whose singular value is 0 complete orthonormal sets. Signs as in
// [Eigh], by the columns of u. The context is polled once a step of O(mn) operations.
//
// Householder's reduction to a bidiagonal matrix and QR steps with implicit
// shifts, Golub and Reinsch 1970. Errors of values are below max(m,n)*2^-52 times
// the greatest.
func SVD(ctx context.Context, u, s, v, a []float64, m, n int, scratch []float64) error {
	if a = a[:m*n]; len(a) == 0 {
		return nil
	}
	c, err := scale(a)
	if err != nil {
		return err
	}
	tall := m >= n
	if !tall {
		m, n = n, m
	}
	b := newBidiagonal(m, n, s, scratch)
	for i := range m {
		for j := range n {
			if tall {
				b.w[i*n+j] = c * a[i*n+j]
			} else {
				b.w[i*n+j] = c * a[j*m+i]
			}
		}
	}
	for _, step := range []func(context.Context) error{b.reduce, b.accumulate, b.diagonalise} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if !tall {
		u, v = v, u
	}
	order := make([]int, n)
	descending(order, b.d)
	for j, i := range order {
		b.e[j] = b.d[i] / c
		signed := b.ut[i*m : i*m+m]
		if !tall {
			signed = b.vt[i*n : i*n+n]
		}
		b.tu[j] = canonicalSign(signed)
	}
	copy(s, b.e)
	columns(u, b.ut, m, m, order, b.tu)
	columns(v, b.vt, n, n, order, b.tu)
	return nil
}

// bidiagonal is an m-by-n matrix, m >= n, on its way to its singular values.
type bidiagonal struct {
	m, n   int
	w      []float64 // the matrix
	ut, vt []float64 // n rows of m and n: reflections, then singular vectors
	d, e   []float64 // diagonal, and beside d[i] and above d[i+1] e[i]
	tu, tv []float64 // scales of the reflections
	row    []float64 // n
	column []float64 // m
}

func newBidiagonal(m, n int, s, scratch []float64) *bidiagonal {
	take := func(k int) []float64 {
		part := scratch[:k:k]
		scratch = scratch[k:]
		return part
	}
	return &bidiagonal{m: m, n: n, d: s[:n], w: take(m * n), ut: take(m * n), vt: take(n * n),
		e: take(n), tu: take(n), tv: take(n), row: take(n), column: take(m)}
}

// reduce makes the matrix bidiagonal: reflection k from the left has its vector
// in row k of ut, from k on; that from the right in row k+1 of vt, past k.
func (b *bidiagonal) reduce(ctx context.Context) error {
	m, n := b.m, b.n
	clear(b.ut)
	clear(b.vt)
	for k := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		u := b.ut[k*m+k : k*m+m]
		for i := range u {
			u[i] = b.w[(k+i)*n+k]
		}
		b.tu[k], b.d[k] = reflector(u)
		if b.e[k] = 0; k+1 == n {
			continue
		}
		b.left(k, u)
		v := b.vt[(k+1)*n+k+1 : (k+1)*n+n]
		copy(v, b.w[k*n+k+1:k*n+n])
		b.tv[k+1], b.e[k] = reflector(v)
		for i := k + 1; i < m && b.tv[k+1] != 0; i++ {
			r := b.w[i*n+k+1 : i*n+n]
			axpy(r, -b.tv[k+1]*dot(r, v), v)
		}
	}
	return nil
}

// left applies reflection k to the columns past k: A -= tau*u*(A'u)'.
func (b *bidiagonal) left(k int, u []float64) {
	n := b.n
	if b.tu[k] == 0 {
		return
	}
	p := b.row[:n-k-1]
	clear(p)
	for i, x := range u {
		axpy(p, x, b.w[(k+i)*n+k+1:(k+i)*n+n])
	}
	for i, x := range u {
		axpy(b.w[(k+i)*n+k+1:(k+i)*n+n], -b.tu[k]*x, p)
	}
}

// accumulate makes ut and vt the transposed products of the reflections.
func (b *bidiagonal) accumulate(ctx context.Context) error {
	for k := b.n - 1; k >= 0; k-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		expand(b.ut, b.column, b.tu[k], k, b.n, b.m)
		if k > 0 {
			expand(b.vt, b.row, b.tv[k], k, b.n, b.n)
		}
	}
	clear(b.vt[:b.n])
	b.vt[0] = 1
	return nil
}

// expand applies the reflection in row k of w, from k on, to the rows below and
// makes row k the reflected unit vector.
func expand(w, buffer []float64, tau float64, k, n, width int) {
	row := w[k*width+k : k*width+width]
	u := buffer[:len(row)]
	copy(u, row)
	clear(w[k*width : k*width+width])
	row[0] = 1
	for i := k; i < n && tau != 0; i++ {
		r := w[i*width+k : i*width+width]
		axpy(r, -tau*dot(r, u), u)
	}
}

// diagonalise finds the singular values one by one, from the last on.
func (b *bidiagonal) diagonalise(ctx context.Context) error {
	for p := b.n - 1; p >= 0; p-- {
		for iterations := 0; ; iterations++ {
			k := b.block(p)
			if k == p {
				break
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if iterations == maxIterations {
				return errNoConvergence
			}
			if z := b.zero(k, p); z < 0 {
				b.sweep(k, p)
			} else if z == p {
				b.chaseUp(k, p)
			} else {
				b.chaseRight(z, p)
			}
		}
		if b.d[p] < 0 {
			b.d[p] = -b.d[p]
			for i, v := range b.vt[p*b.n : p*b.n+b.n] {
				b.vt[p*b.n+i] = -v
			}
		}
	}
	return nil
}

// block is the first index of the block up to p that does not fall apart.
func (b *bidiagonal) block(p int) int {
	for ; p > 0; p-- {
		if e := math.Abs(b.e[p-1]); e <= epsilon*(math.Abs(b.d[p-1])+math.Abs(b.d[p])) || e < negligible {
			b.e[p-1] = 0
			return p
		}
	}
	return 0
}

// zero is the last index of a diagonal element of the block that is negligible,
// beside its neighbours or altogether, and is made 0; -1 if there is none.
func (b *bidiagonal) zero(k, p int) int {
	for i := p; i >= k; i-- {
		beside := 0.0
		if i < p {
			beside = math.Abs(b.e[i])
		}
		if i > k {
			beside += math.Abs(b.e[i-1])
		}
		if d := math.Abs(b.d[i]); d <= epsilon*beside || d < negligible {
			b.d[i] = 0
			return i
		}
	}
	return -1
}

// chaseUp makes e[p-1] zero where d[p] is.
func (b *bidiagonal) chaseUp(k, p int) {
	f := b.e[p-1]
	b.e[p-1] = 0
	for j := p - 1; j >= k && f != 0; j-- {
		c, s, r := givens(b.d[j], f)
		b.d[j] = r
		if f = 0; j > k {
			f, b.e[j-1] = -float64(s*b.e[j-1]), float64(c*b.e[j-1])
		}
		b.rotateV(j, p, c, s)
	}
}

// chaseRight makes e[z] zero where d[z] is.
func (b *bidiagonal) chaseRight(z, p int) {
	f := b.e[z]
	b.e[z] = 0
	for j := z + 1; j <= p && f != 0; j++ {
		c, s, r := givens(b.d[j], f)
		b.d[j] = r
		if f = 0; j < p {
			f, b.e[j] = -float64(s*b.e[j]), float64(c*b.e[j])
		}
		b.rotateU(j, z, c, s)
	}
}

func (b *bidiagonal) rotateU(i, j int, c, s float64) {
	rotate(b.ut[i*b.m:i*b.m+b.m], b.ut[j*b.m:j*b.m+b.m], c, s)
}

func (b *bidiagonal) rotateV(i, j int, c, s float64) {
	rotate(b.vt[i*b.n:i*b.n+b.n], b.vt[j*b.n:j*b.n+b.n], c, s)
}

// sweep is one QR step over the block from k to p, with the shift that is the
// eigenvalue of the last two rows of B'B nearer to the last element.
func (b *bidiagonal) sweep(k, p int) {
	d, e := b.d, b.e
	f, g := b.shifted(k, p), float64(d[k]*e[k])
	for j := k; j < p; j++ {
		c, s, r := givens(f, g)
		if j > k {
			e[j-1] = r
		}
		f = float64(c*d[j]) + float64(s*e[j])
		e[j] = float64(c*e[j]) - float64(s*d[j])
		g, d[j+1] = float64(s*d[j+1]), float64(c*d[j+1])
		b.rotateV(j, j+1, c, s)
		c, s, r = givens(f, g)
		d[j] = r
		f = float64(c*e[j]) + float64(s*d[j+1])
		d[j+1] = float64(c*d[j+1]) - float64(s*e[j])
		if g = 0; j+1 < p {
			g, e[j+1] = float64(s*e[j+1]), float64(c*e[j+1])
		}
		b.rotateU(j, j+1, c, s)
	}
	e[p-1] = f
}

// shifted is d[k]^2 less the shift.
func (b *bidiagonal) shifted(k, p int) float64 {
	d, e := b.d, b.e
	sum, difference := d[p-1]+d[p], d[p-1]-d[p]
	h := (float64(sum*difference) + float64(e[p-1]*e[p-1])) / 2
	q := float64(d[p] * e[p-1])
	shift := 0.0
	if h != 0 || q != 0 {
		shift = float64(q*q) / (h + math.Copysign(hypot(h, q), h))
	}
	return float64((d[k]+d[p])*(d[k]-d[p])) + shift
}
