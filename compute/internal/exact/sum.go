package exact

import "math"

// Lanes is the number of partial sums of a sum along an axis.
const Lanes = 32

// fold adds the partial sums pairwise: those 16 apart, then 8, 4, 2 and 1.
func fold(p *[Lanes]float32) float32 {
	for w := Lanes / 2; w > 0; w /= 2 {
		for j := range w {
			p[j] += p[j+w]
		}
	}
	return p[0]
}

// Sum is the sum of x in the order of the package comment.
func Sum(x []float32) float32 {
	var p [Lanes]float32
	for i, v := range x {
		p[i%Lanes] += v
	}
	return fold(&p)
}

// Dot is the sum of the products, a fused multiply-add each.
func Dot(x, y []float32) float32 {
	var p [Lanes]float32
	for i, v := range x {
		p[i%Lanes] = FMA(v, y[i], p[i%Lanes])
	}
	return fold(&p)
}

// Max is the greatest element: -Inf of none, NaN if any is NaN, +0 where the
// greatest are zeros of either sign.
func Max(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v != v {
			return v
		}
		if v > m {
			m = v
		}
	}
	return m + 0
}
