package conformance

import (
	"fmt"
	"math"
)

// A Judge says what is wrong with an output.
type Judge func(got any) error

// Near accepts float32 or float64 results near want. The gates are those of a
// float32 operation: a relative error of rel in the Frobenius norm, and for each
// element |got-want| <= 16*rel*(|want|+scale). scale is the size of the terms of
// which an element is the sum, where they may cancel; it also stands for the norm
// of want if that is smaller. NaN and infinities are equal to themselves only, and
// a result that float32 cannot hold is infinite.
func Near(want []float64, rel, scale float64) Judge {
	return func(got any) error {
		switch got := got.(type) {
		case []float32:
			wide := make([]float64, len(got))
			for i, v := range got {
				wide[i] = float64(v)
			}
			return Within(wide, want, rel, scale, math.MaxFloat32)
		case []float64:
			return Within(got, want, rel, scale, math.MaxFloat64)
		}
		return fmt.Errorf("an output of type %T", got)
	}
}

// leastNormal of float32, below which results may be flushed.
const leastNormal = 1.1754944e-38

// Within says where got is not near want by the gates rel and scale (16*rel an
// element, rel in the norm), where numbers beyond limit are infinite.
func Within(got, want []float64, rel, scale, limit float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d results, want %d", len(got), len(want))
	}
	var diff, norm float64
	for i, w := range want {
		g := got[i]
		if math.Abs(w) > limit*(1-16*rel) && math.Abs(g) >= limit*(1-32*rel) && (g > 0) == (w > 0) {
			continue
		}
		if math.IsNaN(w) && math.IsNaN(g) {
			continue
		}
		d := math.Abs(g - w)
		if !(d <= 16*rel*(math.Abs(w)+scale)+leastNormal) {
			return fmt.Errorf("element %d of %d is %v, want %v", i, len(want), g, w)
		}
		diff += d * d
		norm += w * w
	}
	count := math.Sqrt(float64(len(want)))
	diff = math.Sqrt(diff)
	norm = max(math.Sqrt(norm), scale*count)
	gate := rel * (1 + 2/count) // of few elements the norm is a matter of luck
	if diff > gate*norm+leastNormal*count {
		return fmt.Errorf("the norm of the error is %.3g of that of the result, want %.3g", diff/norm, gate)
	}
	return nil
}

// Exactly accepts equal elements (bits, but of NaNs any).
func Exactly[T element](want []T) Judge {
	return func(got any) error { return SameBits(got, any(want)) }
}

// SameBits says where two outputs differ. A NaN equals any NaN.
func SameBits(got, want any) error {
	switch got := got.(type) {
	case []float32:
		return differ(got, want.([]float32), func(a, b float32) bool {
			return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
		})
	case []float64:
		return differ(got, want.([]float64), func(a, b float64) bool {
			return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
		})
	case []uint16:
		return differ(got, want.([]uint16), func(a, b uint16) bool { return a == b })
	case []uint8:
		return differ(got, want.([]uint8), func(a, b uint8) bool { return a == b })
	case []uint32:
		return differ(got, want.([]uint32), func(a, b uint32) bool { return a == b })
	case []int32:
		return differ(got, want.([]int32), func(a, b int32) bool { return a == b })
	}
	return fmt.Errorf("an output of type %T", got)
}

func differ[T element](got, want []T, equal func(a, b T) bool) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d results, want %d", len(got), len(want))
	}
	first, count := -1, 0
	for i := range got {
		if !equal(got[i], want[i]) {
			if first < 0 {
				first = i
			}
			count++
		}
	}
	if count > 0 {
		return fmt.Errorf("%d of %d elements differ, the first at %d: %v, want %v", count, len(got), first, got[first], want[first])
	}
	return nil
}
