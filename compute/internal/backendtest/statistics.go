package backendtest

import (
	"fmt"
	"math"
	"strings"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func statistics(b *builder) {
	for _, g := range [][2]int{{1, 1}, {3, 2}, {100, 17}, {33, 64}, {5000, 9}, {0, 4}, {4, 0}} {
		b.gram(g[0], g[1])
		b.covariance(g[0], g[1])
	}
	for _, n := range []int{0, 1, 2, 17, 40} {
		b.eigh(n)
	}
	for _, g := range [][2]int{{1, 1}, {5, 3}, {3, 5}, {40, 17}, {17, 40}, {0, 3}} {
		b.svd(g[0], g[1])
	}
	for _, s := range [][3]int{{1, 1, 1}, {7, 3, 5}, {300, 33, 20}, {0, 3, 2}} {
		b.kMeans(s[0], s[1], s[2])
	}
	b.minHash()
}

// float64Rel is the tolerance of sums in float64.
func (b *builder) float64Rel() float64 { return max(1e-12, b.rel/1e6) }

func (b *builder) gram(m, n int) {
	x := b.normal(m*n, false)
	before := ref.Float64(b.normal(n*n, false))
	want := ref.Gram(ref.Float64(x), m, n)
	symmetric := ref.Binary(kernel.Add, before, ref.Transpose(before, n, n)) // added to
	name := fmt.Sprintf("%d by %d", m, n)
	b.add(example{op: "Gram", name: name, want: []conformance.Judge{conformance.Near(want, b.float64Rel(), 1)},
		run: func(e *env) { e.Gram(e.outOf(compute.F64, n, n), e.in(x, m, n), false) }})
	b.add(example{op: "Gram", name: name + ", added in pieces", run: func(e *env) {
		dst, x := e.change(symmetric, n, n), e.in(x, m, n)
		for _, s := range e.spans(m) { // ascending rows: the same sums
			e.Gram(dst, s.rows(x), true)
		}
	}, want: []conformance.Judge{conformance.Near(ref.Binary(kernel.Add, want, symmetric), b.float64Rel(), 1)}})
}

func (b *builder) covariance(m, n int) {
	x := b.normal(m*n, false)
	for i := range x {
		x[i] += 100 // far from 0: what is not centred loses its digits
	}
	mean, cov := ref.Mean(ref.Float64(x), m, n), ref.Covariance(ref.Float64(x), m, n)
	if m == 0 {
		mean = repeat(math.NaN(), n)
	}
	if m < 2 {
		cov = repeat(math.NaN(), n*n)
	}
	b.add(example{op: "Covariance", name: fmt.Sprintf("%d by %d", m, n), run: func(e *env) {
		e.Covariance(e.outOf(compute.F64, n), e.outOf(compute.F64, n, n), e.in(x, m, n))
	}, want: []conformance.Judge{conformance.Near(mean, b.float64Rel(), 1), conformance.Near(cov, max(1e-7, b.rel/10), 1)}})
}

// eigh: the product of the factors is the matrix, the vectors are orthonormal, the
// values descend, and each vector's greatest component is positive.
func (b *builder) eigh(n int) {
	half := ref.Float64(b.normal(n*n, false))
	a := ref.Binary(kernel.Add, half, ref.Transpose(half, n, n))
	var values []float64
	b.add(example{op: "Eigh", name: fmt.Sprint(n), host: true, run: func(e *env) {
		e.Eigh(e.outOf(compute.F64, n), e.outOf(compute.F64, n, n), e.in(a, n, n))
	}, want: []conformance.Judge{
		func(got any) error { values = got.([]float64); return descending(values) },
		func(got any) error { return factors(a, got.([]float64), values, got.([]float64), n, n, n) },
	}})
}

func descending(x []float64) error {
	for i := 1; i < len(x); i++ {
		if !(x[i] <= x[i-1]) {
			return fmt.Errorf("value %d is %v, after %v", i, x[i], x[i-1])
		}
	}
	return nil
}

// factors checks that u diag(s) v^T is a (m by n), and u's columns.
func factors(a, u, s, v []float64, m, n, r int) error {
	us := append([]float64(nil), u...)
	for i := range us {
		us[i] *= s[i%r]
	}
	if err := conformance.Within(ref.MatMul(us, v, m, n, r, false, true), a, 1e-12, 10, math.MaxFloat64); err != nil {
		return fmt.Errorf("product of the factors: %w", err)
	}
	one := make([]float64, r*r)
	for i := range r {
		one[i*r+i] = 1
		greatest := 0.0
		for j := range m {
			if x := u[j*r+i]; math.Abs(x) > math.Abs(greatest)*(1+1e-9) {
				greatest = x
			}
		}
		if !(greatest > 0) {
			return fmt.Errorf("the greatest component of vector %d is %v", i, greatest)
		}
	}
	for _, x := range [][2]any{{u, m}, {v, n}} {
		rows := x[1].(int)
		if err := conformance.Within(ref.Gram(x[0].([]float64), rows, r), one, 1e-12, 1, math.MaxFloat64); err != nil {
			return fmt.Errorf("vectors are not orthonormal: %w", err)
		}
	}
	return nil
}

func (b *builder) svd(m, n int) {
	a, r := ref.Float64(b.normal(m*n, false)), min(m, n)
	var u, s []float64
	b.add(example{op: "SVD", name: fmt.Sprintf("%d by %d", m, n), host: true, run: func(e *env) {
		e.SVD(e.outOf(compute.F64, m, r), e.outOf(compute.F64, r), e.outOf(compute.F64, n, r), e.in(a, m, n))
	}, want: []conformance.Judge{
		func(got any) error { u = got.([]float64); return nil },
		func(got any) error { s = got.([]float64); return descending(s) },
		func(got any) error { return factors(a, u, s, got.([]float64), m, n, r) },
	}})
}

func (b *builder) kMeans(m, n, k int) {
	x, centroids := b.normal(m*n, false), b.normal(k*n, false)
	_, all := ref.NearestRow(ref.Float64(x), ref.Float64(centroids), k, n)
	least := ref.Reduce(kernel.ReduceMin, all, m, k, 1)
	nearest := func(got any) error {
		for i, j := range got.([]int32) {
			if j < 0 || int(j) >= k || all[i*k+int(j)] > least[i]*(1+1e-5) {
				return fmt.Errorf("row %d: centroid %d is not the nearest", i, j)
			}
		}
		return nil
	}
	b.add(example{op: "KMeansAssign", name: fmt.Sprintf("%d rows of %d, %d centroids", m, n, k), run: func(e *env) {
		idx, dist, x, centroids := e.outOf(compute.I32, m), e.out(m), e.in(x, m, n), e.in(centroids, k, n)
		for _, s := range e.spans(m) {
			e.KMeansAssign(s.rows(idx), s.rows(dist), s.rows(x), centroids)
		}
	}, want: []conformance.Judge{nearest, b.near(least, 0)}})
}

// minHash compares with the hasher itself, which has tests of its own.
func (b *builder) minHash() {
	texts := []string{"", "one", "the quick brown fox jumps over the lazy dog", strings.Repeat("a b c d e f ", 500), " \n"}
	var data []uint8
	offsets, counts := []int32{0}, []int32{}
	var signatures []uint32
	hasher := compute.NewMinHasher(7)
	for _, text := range texts {
		data = append(data, text...)
		offsets = append(offsets, int32(len(data)))
		sig := repeat(uint32(math.MaxUint32), compute.MinHashSize)
		count := []int32{0}
		hasher.Batch(sig, count, []int32{0, int32(len(text))}, []byte(text))
		signatures, counts = append(signatures, sig...), append(counts, count...)
	}
	b.add(example{op: "MinHash", name: "texts", run: func(e *env) {
		sigs, counts := e.outOf(compute.U32, len(texts), compute.MinHashSize), e.outOf(compute.I32, len(texts))
		e.MinHash(sigs, counts, e.in(data, len(data)), e.in(offsets, len(offsets)), 7)
	}, want: []conformance.Judge{conformance.Exactly(signatures), conformance.Exactly(counts)}})
}
