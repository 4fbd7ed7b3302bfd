package linalg

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
)

const eps = 0x1p-52

func eigh(t *testing.T, a []float64, n int) (values, vectors []float64) {
	t.Helper()
	values, vectors = poison(n), poison(n*n)
	if err := Eigh(context.Background(), values, vectors, a, n, poison(EighScratch(n))); err != nil {
		t.Fatal(err)
	}
	return values, vectors
}

func svd(t *testing.T, a []float64, m, n int) (u, s, v []float64) {
	t.Helper()
	r := min(m, n)
	u, s, v = poison(m*r), poison(r), poison(n*r)
	if err := SVD(context.Background(), u, s, v, a, m, n, poison(SVDScratch(m, n))); err != nil {
		t.Fatal(err)
	}
	return u, s, v
}

func poison(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

func matrix(m, n int, f func(i, j int) float64) []float64 {
	a := make([]float64, m*n)
	for i := range m {
		for j := range n {
			a[i*n+j] = f(i, j)
		}
	}
	return a
}

// norm is the Frobenius norm, scaled against overflow.
func norm(a []float64) float64 {
	top, sum := 0.0, 0.0
	for _, v := range a {
		top = max(top, math.Abs(v))
	}
	for _, v := range a {
		if top > 0 {
			sum += v / top * (v / top)
		}
	}
	return top * math.Sqrt(sum)
}

// orthonormal checks that the r columns of q are, to n*eps.
func orthonormal(t *testing.T, what string, q []float64, n, r int) {
	t.Helper()
	for i := range r {
		for j := range i + 1 {
			sum := 0.0
			for k := range n {
				sum += q[k*r+i] * q[k*r+j]
			}
			if i == j {
				sum--
			}
			if !(math.Abs(sum) <= float64(n+4)*eps) {
				t.Fatalf("%s: columns %d and %d have product %g beside the unit", what, i, j, sum)
			}
		}
	}
}

// canonical checks the signs of the columns.
func canonical(t *testing.T, q []float64, n, r int) {
	t.Helper()
	for j := range r {
		best := 0.0
		for k := range n {
			if math.Abs(q[k*r+j]) > math.Abs(best) {
				best = q[k*r+j]
			}
		}
		if best < 0 {
			t.Fatalf("column %d has %v as its greatest component", j, best)
		}
	}
}

func descends(t *testing.T, x []float64) {
	t.Helper()
	for i := 1; i < len(x); i++ {
		if !(x[i] <= x[i-1]) {
			t.Fatalf("value %d, %v, comes after %v", i, x[i], x[i-1])
		}
	}
}

// checkEigh checks the residual of every pair, the order, the signs and that the
// vectors are orthonormal.
func checkEigh(t *testing.T, a []float64, n int) (values, vectors []float64) {
	t.Helper()
	values, vectors = eigh(t, a, n)
	descends(t, values)
	orthonormal(t, "eigenvectors", vectors, n, n)
	canonical(t, vectors, n, n)
	bound := float64(n+4) * eps * norm(a)
	for j := range n {
		residual := make([]float64, n)
		for i := range n {
			residual[i] = -values[j] * vectors[i*n+j]
			for k := range n {
				residual[i] += a[i*n+k] * vectors[k*n+j]
			}
		}
		if r := norm(residual); !(r <= bound) {
			t.Fatalf("n %d, pair %d: residual %g, bound %g", n, j, r, bound)
		}
	}
	return values, vectors
}

func checkSVD(t *testing.T, a []float64, m, n int) (u, s, v []float64) {
	t.Helper()
	u, s, v = svd(t, a, m, n)
	r := min(m, n)
	descends(t, s)
	if r > 0 && !(s[r-1] >= 0) {
		t.Fatalf("a singular value is %v", s[r-1])
	}
	orthonormal(t, "u", u, m, r)
	orthonormal(t, "v", v, n, r)
	canonical(t, u, m, r)
	residual := make([]float64, m*n)
	for i := range m {
		for j := range n {
			residual[i*n+j] = -a[i*n+j]
			for k := range r {
				residual[i*n+j] += u[i*r+k] * s[k] * v[j*r+k]
			}
		}
	}
	if e, bound := norm(residual), float64(max(m, n)+4)*eps*norm(a); !(e <= bound) {
		t.Fatalf("%d by %d: residual %g, bound %g", m, n, e, bound)
	}
	return u, s, v
}

func near(t *testing.T, what string, got, want []float64, bound float64) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= bound) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

// The second difference matrix: 2-2cos(k*pi/(n+1)), eigenvectors sines.
func secondDifference(n int) []float64 {
	return matrix(n, n, func(i, j int) float64 {
		switch i - j {
		case 0:
			return 2
		case 1, -1:
			return -1
		}
		return 0
	})
}

func TestSecondDifference(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 63, 150} {
		a := secondDifference(n)
		want := make([]float64, n)
		for i := range want {
			want[i] = 2 - 2*math.Cos(float64(n-i)*math.Pi/float64(n+1))
		}
		values, vectors := checkEigh(t, a, n)
		near(t, "eigenvalues", values, want, float64(n)*eps*4)
		for i := range n { // the least eigenvalue's vector is half a wave
			want := math.Sin(float64(i+1)*math.Pi/float64(n+1)) * math.Sqrt(2/float64(n+1))
			if got := vectors[i*n+n-1]; math.Abs(got-want) > 1e-11 {
				t.Fatalf("n %d: component %d is %v, want %v", n, i, got, want)
			}
		}
		_, s, _ := checkSVD(t, a, n, n)
		near(t, "singular values", s, want, float64(n)*eps*4)
	}
}

// The Hilbert matrix: its condition number for n = 8 is 1.5257575538e10.
func TestHilbert(t *testing.T) {
	const n = 8
	a := matrix(n, n, func(i, j int) float64 { return 1 / float64(i+j+1) })
	values, _ := checkEigh(t, a, n)
	near(t, "greatest", values[:1], []float64{1.6959389969219496}, n*eps)
	if c := values[0] / values[n-1]; math.Abs(c/1.5257575538e10-1) > 1e-4 {
		t.Errorf("condition %v", c)
	}
	_, s, _ := checkSVD(t, a, n, n)
	near(t, "greatest", s[:1], []float64{1.6959389969219496}, n*eps)
	if c := s[0] / s[n-1]; math.Abs(c/1.5257575538e10-1) > 1e-4 {
		t.Errorf("condition %v", c)
	}
}

func TestDiagonal(t *testing.T) {
	d := []float64{3, -1, 0, 7, 3, -5}
	n := len(d)
	a := matrix(n, n, func(i, j int) float64 {
		if i == j {
			return d[i]
		}
		return 0
	})
	values, vectors := checkEigh(t, a, n)
	near(t, "eigenvalues", values, []float64{7, 3, 3, 0, -1, -5}, 0)
	for j, i := range []int{3, 0, 4, 2, 1, 5} { // unit vectors, equal values as they were
		if vectors[i*n+j] != 1 {
			t.Errorf("vector %d is not axis %d", j, i)
		}
	}
	_, s, _ := checkSVD(t, a, n, n)
	near(t, "singular values", s, []float64{7, 5, 3, 3, 1, 0}, 0)
}

// TestDegenerate: the matrix of ones has the eigenvalue n once and 0 else; a
// projection has ones and zeros.
func TestDegenerate(t *testing.T) {
	const n = 40
	ones := matrix(n, n, func(i, j int) float64 { return 1 })
	values, _ := checkEigh(t, ones, n)
	near(t, "ones", values, append([]float64{n}, make([]float64, n-1)...), n*n*eps)
	_, s, _ := checkSVD(t, ones, n, n)
	near(t, "ones", s, append([]float64{n}, make([]float64, n-1)...), n*n*eps)
	r := rand.New(rand.NewPCG(1, 1))
	u, _, _ := checkSVD(t, matrix(n, 9, func(i, j int) float64 { return r.NormFloat64() }), n, 9)
	projection := matrix(n, n, func(i, j int) float64 {
		sum := 0.0
		for k := range 9 {
			sum += u[i*9+k] * u[j*9+k]
		}
		return sum
	})
	values, _ = checkEigh(t, projection, n)
	near(t, "projection", values, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0}, n*eps)
	for _, k := range []int{0, 1} { // nothing, and one element
		checkEigh(t, make([]float64, k), k)
		checkSVD(t, make([]float64, k), k, k)
	}
	checkEigh(t, make([]float64, n*n), n)
	checkSVD(t, make([]float64, n*5), n, 5)
	checkSVD(t, make([]float64, n*5), 5, n)
}

// TestPlanted takes matrices made from known values between random orthogonal
// matrices: graded over 12 decades, clustered, with zeros.
func TestPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	random := func(m, n int) []float64 {
		return matrix(m, n, func(i, j int) float64 { return r.NormFloat64() })
	}
	for _, shape := range [][2]int{{30, 30}, {50, 20}, {20, 50}, {60, 1}, {1, 60}, {33, 32}} {
		m, n := shape[0], shape[1]
		k := min(m, n)
		u, _, _ := checkSVD(t, random(m, k), m, k)
		v, _, _ := checkSVD(t, random(n, k), n, k)
		for name, f := range map[string]func(i int) float64{
			"graded":    func(i int) float64 { return math.Pow(10, -12*float64(i)/float64(k)) },
			"clustered": func(i int) float64 { return 1 - float64(i/5)*0.1 - 1e-14*float64(i%5) },
			"deficient": func(i int) float64 { return max(0, float64(k/2-i)) },
		} {
			want := make([]float64, k)
			for i := range want {
				want[i] = max(f(i), 0)
			}
			a := matrix(m, n, func(i, j int) float64 {
				sum := 0.0
				for l, s := range want {
					sum += u[i*k+l] * s * v[j*k+l]
				}
				return sum
			})
			_, s, _ := checkSVD(t, a, m, n)
			near(t, name, s, want, float64(max(m, n))*eps*max(1, want[0])*2)
			if m == n {
				symmetric := matrix(n, n, func(i, j int) float64 {
					sum := 0.0
					for l, s := range want {
						sum += u[i*k+l] * s * u[j*k+l]
					}
					return sum
				})
				values, _ := checkEigh(t, symmetric, n)
				near(t, name, values, want, float64(n)*eps*max(1, want[0])*2)
			}
		}
	}
}

// TestScales: a matrix times a power of two has values times it, to the bit.
func TestScales(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 12
	a := matrix(n, n, func(i, j int) float64 { return r.NormFloat64() })
	for i := range n {
		for j := range i {
			a[i*n+j] = a[j*n+i]
		}
	}
	values, vectors := eigh(t, a, n)
	_, s, _ := svd(t, a, n, n)
	for _, c := range []float64{0x1p-900, 0x1p900} {
		b := matrix(n, n, func(i, j int) float64 { return c * a[i*n+j] })
		gotValues, gotVectors := checkEigh(t, b, n)
		_, gotS, _ := checkSVD(t, b, n, n)
		for i := range n {
			if gotValues[i] != c*values[i] || gotS[i] != c*s[i] {
				t.Fatalf("values %d are %v and %v, want %v and %v", i, gotValues[i], gotS[i], c*values[i], c*s[i])
			}
		}
		near(t, "vectors", gotVectors, vectors, 0)
	}
}

// TestBits pins the results of matrices of small integers to the bit: they are
// the same on every architecture.
func TestBits(t *testing.T) {
	const m, n = 21, 13
	x := uint32(1)
	a := matrix(m, n, func(i, j int) float64 {
		x = x*1664525 + 1013904223
		return float64(int32(x>>20)) - 2048
	})
	hash := fnv.New64a()
	add := func(parts ...[]float64) {
		for _, part := range parts {
			if err := binary.Write(hash, binary.LittleEndian, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	values, vectors := eigh(t, a, n)
	add(values, vectors)
	u, s, v := svd(t, a, m, n)
	add(u, s, v)
	u, s, v = svd(t, a, n, m)
	add(u, s, v)
	if got, want := hash.Sum64(), uint64(0xa24bbf58090bb571); got != want {
		t.Errorf("the hash of the results is %#x, want %#x", got, want)
	}
}

func TestBadInput(t *testing.T) {
	const n = 4
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := make([]float64, n*n)
		a[1*n+2] = bad
		if err := Eigh(context.Background(), make([]float64, n), make([]float64, n*n), a, n, make([]float64, EighScratch(n))); !errors.Is(err, ErrNotFinite) {
			t.Errorf("eigenvalues of %v: %v", bad, err)
		}
		if err := SVD(context.Background(), make([]float64, n*n), make([]float64, n), make([]float64, n*n), a, n, n, make([]float64, SVDScratch(n, n))); !errors.Is(err, ErrNotFinite) {
			t.Errorf("singular values of %v: %v", bad, err)
		}
	}
	a := make([]float64, n*n)
	a[2*n+1] = math.NaN() // below the diagonal, not read
	eigh(t, a, n)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Eigh(ctx, make([]float64, n), make([]float64, n*n), secondDifference(n), n, make([]float64, EighScratch(n))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := SVD(ctx, make([]float64, n*n), make([]float64, n), make([]float64, n*n), secondDifference(n), n, n, make([]float64, SVDScratch(n, n))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
