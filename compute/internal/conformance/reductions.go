package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func reductions(s *suite) {
	s.method("RowReduce", testRowReduce)
	s.method("ColReduce", testColReduce)
	s.method("RowDot", testRowDot)
	s.method("ArgMax", testArgMax)
	s.method("SumSquares64", testSumSquares64)
	s.method("Gram", testGram)
	s.method("NearestRow", testNearestRow)
}

// reduced is the judge of a reduction of n numbers: sums of terms of order one.
func reduced(want []float64, n int, special bool) []Judge {
	if special { // an intermediate sum may overflow
		return nil
	}
	return []Judge{Near(want, 1e-6, math.Sqrt(float64(1+n)))}
}

func testRowReduce(o *op) {
	for f := kernel.ReduceSum; f <= kernel.ReduceSumSquares; f++ {
		for _, g := range append(o.grids(), span{3, 0}) {
			m, n := g.from, g.to
			x, special := Normal(o.Rand, m*n), o.IntN(3) == 0
			if special {
				x = Sprinkle(o.Rand, x, n+2)
			}
			o.check(example{name: fmt.Sprintf("reduction %d of %d by %d, special %t", f, m, n, special),
				want: reduced(ref.Reduce(f, ref.Float64(x), m, n, 1), n, special),
				run: func(c *call) {
					dst, in := write[float32](c, m), read(c, x)
					for _, s := range c.spans(m, 1) {
						c.RowReduce(f, dst[s.from:s.to], in[s.from*n:s.to*n], n)
					}
				}})
		}
	}
}

func testColReduce(o *op) {
	for f := kernel.ReduceSum; f <= kernel.ReduceSumSquares; f++ {
		for _, g := range append(o.grids(), span{1000, 33}, span{31, 64}, span{32, 64}, span{33, 64}, span{257, 100}) {
			m, n := g.from, g.to
			x, special := Normal(o.Rand, m*n), o.IntN(3) == 0
			if special {
				x = Sprinkle(o.Rand, x, m+2)
			}
			o.check(example{name: fmt.Sprintf("reduction %d of %d by %d, special %t", f, m, n, special),
				want: reduced(ref.Reduce(f, ref.Float64(x), 1, m, n), m, special),
				run: func(c *call) {
					dst, in := write[float32](c, n), read(c, x)
					for _, s := range c.spans(n, 1) {
						c.ColReduce(f, dst[s.from:s.to], in, m, n, s.from, s.to)
					}
				}})
		}
	}
}

func testRowDot(o *op) {
	for _, g := range o.grids() {
		m, n := g.from, g.to
		x, y, special := Normal(o.Rand, m*n), Normal(o.Rand, m*n), o.IntN(3) == 0
		if special {
			x, y = Sprinkle(o.Rand, x, n+2), Sprinkle(o.Rand, y, n+2)
		}
		o.check(example{name: fmt.Sprintf("%d by %d, special %t", m, n, special),
			want: reduced(ref.RowDot(ref.Float64(x), ref.Float64(y), n), n, special),
			run: func(c *call) {
				dst, x, y := write[float32](c, m), read(c, x), read(c, y)
				for _, s := range c.spans(m, 1) {
					c.RowDot(dst[s.from:s.to], x[s.from*n:s.to*n], y[s.from*n:s.to*n], n)
				}
			}})
	}
}

func testArgMax(o *op) {
	for _, g := range o.grids() {
		m, n := g.from, g.to
		x := Normal(o.Rand, m*n)
		switch o.IntN(3) {
		case 0:
			x = Sprinkle(o.Rand, x, 1+o.IntN(4))
		case 1: // ties
			for i := range x {
				x[i] = float32(o.IntN(3) - 2)
				if x[i] == -2 {
					x[i] = float32(math.NaN())
				}
			}
		}
		o.check(example{name: fmt.Sprintf("%d by %d", m, n), want: []Judge{Exactly(ref.ArgMax(ref.Float64(x), n))},
			run: func(c *call) {
				dst, in := write[int32](c, m), read(c, x)
				for _, s := range c.spans(m, 1) {
					c.ArgMax(dst[s.from:s.to], in[s.from*n:s.to*n], n)
				}
			}})
	}
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		x := make([]float32, 100)
		for i := range x {
			x[i] = float32(v)
		}
		o.check(example{name: fmt.Sprintf("all %v", v), want: []Judge{Exactly([]int32{0})},
			run: func(c *call) { c.ArgMax(write[int32](c, 1), read(c, x), 100) }})
	}
}

func testSumSquares64(o *op) {
	for _, n := range append(lengths, 65535, 65536) {
		x, special := Normal(o.Rand, n), o.IntN(3) == 0
		want := []Judge{Near([]float64{ref.Dot(ref.Float64(x), ref.Float64(x))}, 1e-13, 0)}
		if special {
			x, want = Sprinkle(o.Rand, x, n+1), nil
		}
		o.check(example{name: fmt.Sprintf("%d numbers, special %t", n, special), want: want,
			run: func(c *call) {
				dst := write[float64](c, 1)
				dst[0] = c.SumSquares64(read(c, x))
			}})
	}
}

func testGram(o *op) {
	for _, g := range append(o.grids(), span{0, 3}, span{100, 100}, span{17, 129}) {
		m, n := g.from, g.to
		if n > 300 {
			continue // n*n numbers
		}
		x := Normal(o.Rand, m*n)
		before := make([]float64, n*n)
		want := ref.Gram(ref.Float64(x), m, n)
		for i := range before {
			before[i] = o.NormFloat64()
			want[i] += before[i]
			if i%n < i/n {
				want[i] = before[i]
			}
		}
		o.check(example{name: fmt.Sprintf("%d by %d", m, n),
			want: []Judge{Near(want, 1e-13, math.Sqrt(float64(1+m))), belowDiagonal(before, n)},
			run: func(c *call) {
				dst, in := change(c, before), read(c, x)
				for _, s := range c.spans(n, 1) {
					c.Gram(dst, in, m, n, s.from, s.to)
				}
				copy(write[float64](c, n*n), dst) // for the second judge
			}})
	}
}

// belowDiagonal accepts an n-by-n matrix with want below its diagonal.
func belowDiagonal(want []float64, n int) Judge {
	return func(got any) error {
		for i, v := range got.([]float64) {
			if i%n < i/n && v != want[i] {
				return fmt.Errorf("element (%d, %d) below the diagonal was written", i/n, i%n)
			}
		}
		return nil
	}
}

func testNearestRow(o *op) {
	for _, s := range []triple{{1, 1, 1}, {5, 1, 3}, {3, 31, 2}, {7, 32, 17}, {4, 33, 33}, {9, 65, 64}, {30, 257, 20}, {2, 7, 1}, {0, 4, 2}} {
		m, n, k := s.m, s.n, s.k
		x, centroids := Normal(o.Rand, m*n), Normal(o.Rand, k*n)
		if k > 1 { // of equal ones the first
			copy(centroids[(k-1)*n:], centroids[:n])
		}
		_, distances := ref.NearestRow(ref.Float64(x), ref.Float64(centroids), k, n)
		var least []float64
		for i := range m {
			least = append(least, ref.Reduce(kernel.ReduceMin, distances[i*k:(i+1)*k], 1, k, 1)...)
		}
		run := func(c *call) {
			idx, dist, x, centroids := write[int32](c, m), write[float32](c, m), read(c, x), read(c, centroids)
			for _, s := range c.spans(m, 1) {
				c.NearestRow(idx[s.from:s.to], dist[s.from:s.to], x[s.from*n:s.to*n], centroids, k, n)
			}
		}
		shape := fmt.Sprintf("%d rows of %d, %d centroids", m, n, k)
		o.check(example{name: shape, want: []Judge{atLeast(distances, least, k), Near(least, 1e-6, 0)}, run: run})
		x, centroids = Sprinkle(o.Rand, x, n+1), Sprinkle(o.Rand, centroids, 2*n)
		o.check(example{name: "special numbers, " + shape, run: run})
	}
}

// atLeast accepts, for each row of k distances, an index of one as good as the
// least, but never the last, which is as far as the first.
func atLeast(distances, least []float64, k int) Judge {
	return func(got any) error {
		for i, j := range got.([]int32) {
			if j < 0 || int(j) >= k || distances[i*k+int(j)] > least[i]*(1+1e-5) {
				return fmt.Errorf("row %d: centroid %d is not the nearest", i, j)
			}
			if k > 1 && int(j) == k-1 {
				return fmt.Errorf("row %d: the later of two equal centroids", i)
			}
		}
		return nil
	}
}
