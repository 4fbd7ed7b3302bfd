package pure

import "github.com/chimera-1/chimera/compute/internal/exact"

// The methods of arithmetic choose the implementation of a loop. Assembly takes
// as many elements from the front as it can and says how many; Go takes the rest.

func (a arithmetic) addSum(p *lanes, x []float32) {
	if a >= avx2 {
		x = x[sumAsm(p, x):]
	}
	p.add(x)
}

func (a arithmetic) addDot(p *lanes, x, y []float32) {
	switch {
	case a >= avx2:
		n := dotAsm(p, x, y)
		p.dot(x[n:], y[n:])
	case a == plain:
		p.dotPlain(x, y)
	default:
		p.dot(x, y)
	}
}

func (a arithmetic) sum(x []float32) float32 {
	var p lanes
	a.addSum(&p, x)
	return p.total()
}

func (a arithmetic) dot(x, y []float32) float32 {
	var p lanes
	a.addDot(&p, x, y)
	return p.total()
}

// max is exact.Max.
func (a arithmetic) max(x []float32) float32 { return a.maxFrom(negInf, x) + 0 }

// maxFrom continues the maximum m, which may be NaN, with x.
func (a arithmetic) maxFrom(m float32, x []float32) float32 {
	if a >= avx2 {
		var n int
		m, n = maxAsm(m, x)
		x = x[n:]
	}
	return maximum(m, x)
}

// exp: dst[i] = exp(x[i]-m).
func (a arithmetic) exp(dst, x []float32, m float32) {
	switch {
	case a >= avx2:
		n := expAsm(dst, x, m)
		dst, x = dst[n:], x[n:]
	case a == plain:
		for i, v := range x {
			dst[i] = expPlain(v - m)
		}
		return
	}
	for i, v := range x {
		dst[i] = exact.Exp(v - m)
	}
}

// fma: dst[i] = fma(x[i], y[i], z[i]).
func (a arithmetic) fma(dst, x, y, z []float32) {
	if a >= avx2 {
		n := fmaAsm(dst, x, y, z)
		dst, x, y, z = dst[n:], x[n:], y[n:], z[n:]
	}
	x, y, z = x[:len(dst)], y[:len(dst)], z[:len(dst)]
	for i := range dst {
		dst[i] = exact.FMA(x[i], y[i], z[i])
	}
}
