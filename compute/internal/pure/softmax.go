package pure

import "github.com/chimera-1/chimera/compute/internal/exact"

// Softmax makes rows into distributions.
func (s set) Softmax(dst, x []float32, n int, mask []uint8) {
	for i := 0; i+n <= len(x) && n > 0; i += n {
		row, out := x[i:i+n], dst[i:i+n]
		if mask != nil {
			s.softmaxMasked(out, row, mask[i:i+n])
			continue
		}
		s.exp(out, row, s.max(row))
		l := s.sum(out)
		for j := range out {
			out[j] /= l
		}
	}
}

// softmaxMasked is Softmax of the elements of a row that are in.
func (s set) softmaxMasked(out, row []float32, in []uint8) {
	m, some := maskedMax(row, in)
	if !some {
		clear(out)
		return
	}
	for j, v := range row {
		if in[j] != 0 {
			out[j] = s.exp1(v - m)
		} else {
			out[j] = 0
		}
	}
	l := s.sum(out)
	for j := range out {
		if in[j] != 0 {
			out[j] /= l
		}
	}
}

// maskedMax is the maximum of the elements that are in, if there are some.
func maskedMax(row []float32, in []uint8) (m float32, some bool) {
	m = negInf
	for j, v := range row {
		if in[j] == 0 {
			continue
		}
		some = true
		if v > m || v != v {
			m = v
		}
	}
	return m + 0, some
}

// LogSoftmax makes rows into logarithms of distributions.
func (s set) LogSoftmax(dst, x []float32, n int, mask []uint8) {
	for i := 0; i+n <= len(x) && n > 0; i += n {
		row, out := x[i:i+n], dst[i:i+n]
		if mask != nil {
			s.logSoftmaxMasked(out, row, mask[i:i+n])
			continue
		}
		m, l := s.logSum(row, 1)
		for j, v := range row {
			out[j] = (v - m) - l
		}
	}
}

func (s set) logSoftmaxMasked(out, row []float32, in []uint8) {
	m, _ := maskedMax(row, in)
	var p lanes
	for j, v := range row {
		if in[j] != 0 {
			p[j%exact.Lanes] += s.exp1(v - m)
		}
	}
	l := exact.Log(p.total())
	for j, v := range row {
		if in[j] != 0 {
			out[j] = (v - m) - l
		} else {
			out[j] = negInf
		}
	}
}

// logSum is the maximum of x*c and the logarithm of the sum of exp(x*c-max).
func (s set) logSum(x []float32, c float32) (m, l float32) {
	var buf [chunk]float32
	m = negInf
	for rest := x; len(rest) > 0; rest = rest[min(chunk, len(rest)):] {
		m = s.maxFrom(m, scaled(buf[:], rest, c))
	}
	m += 0
	var p lanes
	for ; len(x) > 0; x = x[min(chunk, len(x)):] {
		e := scaled(buf[:], x, c)
		s.exp(e, e, m)
		s.addSum(&p, e)
	}
	return m, exact.Log(p.total())
}

// scaled is the first chunk of x times c, in buf.
func scaled(buf, x []float32, c float32) []float32 {
	buf = buf[:min(len(buf), len(x))]
	for j := range buf {
		buf[j] = x[j] * c
	}
	return buf
}

// SoftmaxGrad is the gradient of Softmax.
func (s set) SoftmaxGrad(dx, dy, y []float32, n int) {
	for i := 0; i+n <= len(dx) && n > 0; i += n {
		d, p, out := dy[i:i+n], y[i:i+n], dx[i:i+n]
		t := s.dot(d, p)
		for j := range out {
			out[j] = p[j] * (d[j] - t)
		}
	}
}

// LogSoftmaxGrad is the gradient of LogSoftmax.
func (s set) LogSoftmaxGrad(dx, dy, y []float32, n int) {
	var buf [chunk]float32
	for i := 0; i+n <= len(dx) && n > 0; i += n {
		t := s.sum(dy[i : i+n])
		for j := i; j < i+n; j += chunk {
			end := min(j+chunk, i+n)
			e, d, out := buf[:end-j], dy[j:end], dx[j:end]
			s.exp(e, y[j:end], 0)
			for k, v := range d {
				if y[j+k] == negInf {
					out[k] = 0
				} else {
					out[k] = exact.FMA(-e[k], t, v)
				}
			}
		}
	}
}

// exp1 is the exponential of one number.
func (s set) exp1(x float32) float32 {
	if s.arithmetic == plain {
		return expPlain(x)
	}
	return exact.Exp(x)
}
