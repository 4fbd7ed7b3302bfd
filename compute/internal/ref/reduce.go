package ref

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Reduce is op along the middle axis of an outer-by-n-by-inner array: rows have
// inner 1, columns outer 1.
func Reduce(op kernel.ReduceOp, x []float64, outer, n, inner int) []float64 {
	y := make([]float64, outer*inner)
	for o := range outer {
		for j := range inner {
			acc := start(op)
			for i := range n {
				acc = step(op, acc, x[(o*n+i)*inner+j])
			}
			y[o*inner+j] = acc
		}
	}
	return y
}

func start(op kernel.ReduceOp) float64 {
	switch op {
	case kernel.ReduceMax:
		return math.Inf(-1)
	case kernel.ReduceMin:
		return math.Inf(1)
	}
	return 0
}

func step(op kernel.ReduceOp, acc, x float64) float64 {
	switch {
	case op == kernel.ReduceSum:
		return acc + x
	case op == kernel.ReduceSumSquares:
		return acc + x*x
	case op == kernel.ReduceMax:
		return greater(acc, x)
	}
	return -greater(-acc, -x)
}

// ReduceGrad is the backward pass of [Reduce]. The gradient of a maximum or
// minimum goes to the first element that attains it.
func ReduceGrad(op kernel.ReduceOp, dy, x []float64, outer, n, inner int) []float64 {
	dx := make([]float64, len(x))
	y := Reduce(op, x, outer, n, inner)
	for out := range y {
		found := false
		for i := range n {
			in := (out/inner*n+i)*inner + out%inner
			switch {
			case op == kernel.ReduceSum:
				dx[in] = dy[out]
			case op == kernel.ReduceSumSquares:
				dx[in] = 2 * x[in] * dy[out]
			case x[in] == y[out] && !found:
				dx[in], found = dy[out], true
			}
		}
	}
	return dx
}

// RowDot is the inner product of each row of x with that of y.
func RowDot(x, y []float64, n int) []float64 {
	var d []float64
	for i := 0; i+n <= len(x) && n > 0; i += n {
		d = append(d, Dot(x[i:i+n], y[i:i+n]))
	}
	return d
}

// ArgMax is the first index of the greatest number of each row; 0 of a row of
// NaNs.
func ArgMax(x []float64, n int) []int32 {
	var y []int32
	for _, top := range TopK(x, n, 1) {
		y = append(y, top[0])
	}
	return y
}

// TopK is the indices of the k greatest numbers of each row, the greatest first,
// of equal ones the first first, NaN last.
func TopK(x []float64, n, k int) [][]int32 {
	var rows [][]int32
	for i := 0; i+n <= len(x) && n > 0; i += n {
		row, taken := x[i:i+n], make([]bool, n)
		var top []int32
		for range min(k, n) {
			best := -1
			for j := range row {
				if !taken[j] && (best < 0 || row[j] > row[best] || math.IsNaN(row[best]) && !math.IsNaN(row[j])) {
					best = j
				}
			}
			taken[best] = true
			top = append(top, int32(best))
		}
		rows = append(rows, top)
	}
	return rows
}

// NearestRow is for each row of x the first centroid (k rows of n numbers) at
// the least squared Euclidean distance, and all distances.
func NearestRow(x, centroids []float64, k, n int) (nearest []int32, distances []float64) {
	for i := 0; i+n <= len(x); i += n {
		best, least := int32(0), math.Inf(1)
		for c := range k {
			sum := 0.0
			for j := range n {
				d := x[i+j] - centroids[c*n+j]
				sum += d * d
			}
			if sum < least {
				best, least = int32(c), sum
			}
			distances = append(distances, sum)
		}
		nearest = append(nearest, best)
	}
	return nearest, distances
}
