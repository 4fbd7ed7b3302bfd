package pure

import "github.com/chimera-1/chimera/compute/internal/exact"

// LayerNorm normalises rows.
func (s set) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32) {
	var buf [chunk]float32
	for i := range rstd {
		row, out := x[i*n:i*n+n], dst[i*n:i*n+n]
		m := s.sum(row) / float32(n)
		var p lanes
		for j := 0; j < n; j += chunk {
			d := minus(buf[:], row[j:], m)
			s.addDot(&p, d, d)
		}
		r := 1 / sqrt(p.total()/float32(n)+eps)
		for j := 0; j < n; j += chunk {
			xhat := normalised(buf[:], row[j:], m, r)
			end := j + len(xhat)
			s.fma(out[j:end], xhat, gamma[j:end], beta[j:end])
		}
		mean[i], rstd[i] = m, r
	}
}

// minus is the first chunk of x minus m, in buf.
func minus(buf, x []float32, m float32) []float32 {
	buf = buf[:min(len(buf), len(x))]
	for j := range buf {
		buf[j] = x[j] - m
	}
	return buf
}

// normalised is the first chunk of (x-m)*r, in buf.
func normalised(buf, x []float32, m, r float32) []float32 {
	buf = buf[:min(len(buf), len(x))]
	for j := range buf {
		buf[j] = float32((x[j] - m) * r)
	}
	return buf
}

// times is the first chunk of the products of x and y, in buf.
func times(buf, x, y []float32) []float32 {
	buf = buf[:min(len(buf), len(x))]
	for j := range buf {
		buf[j] = float32(x[j] * y[j])
	}
	return buf
}

// LayerNormGrad is the gradient of LayerNorm with respect to its rows.
func (s set) LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int) {
	var bg, bx [chunk]float32
	for i := range rstd {
		row, d, out := x[i*n:i*n+n], dy[i*n:i*n+n], dx[i*n:i*n+n]
		m, r := mean[i], rstd[i]
		var sg, sx lanes
		for j := 0; j < n; j += chunk {
			g, xhat := times(bg[:], d[j:], gamma[j:]), normalised(bx[:], row[j:], m, r)
			s.addSum(&sg, g)
			s.addDot(&sx, g, xhat)
		}
		a, b := sg.total()/float32(n), sx.total()/float32(n)
		for j := range out {
			g, xhat := float32(d[j]*gamma[j]), float32((row[j]-m)*r)
			out[j] = exact.FMA(-xhat, b, g-a) * r
		}
	}
}

// LayerNormParamGrad is the gradient of LayerNorm with respect to gamma and beta.
func (s set) LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int) {
	var buf [columns]float32
	for j := j0; j < j1; j += columns {
		w := min(columns, j1-j)
		var pg, pb columnSums
		for i := range m {
			d := dy[i*n+j:][:w]
			pg.fma(s.arithmetic, i, d, normalised(buf[:w], x[i*n+j:], mean[i], rstd[i]))
			pb.add(i, d)
		}
		pg.total(dgamma[j-j0:][:w])
		pb.total(dbeta[j-j0:][:w])
	}
}

// RMSNorm divides rows by their root mean square.
func (s set) RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32) {
	for i := range rrms {
		row, out := x[i*n:i*n+n], dst[i*n:i*n+n]
		r := 1 / sqrt(s.dot(row, row)/float32(n)+eps)
		for j, v := range row {
			out[j] = float32(v*r) * gamma[j]
		}
		rrms[i] = r
	}
}

// RMSNormGrad is the gradient of RMSNorm with respect to its rows.
func (s set) RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int) {
	var bg, bx [chunk]float32
	for i := range rrms {
		row, d, out := x[i*n:i*n+n], dy[i*n:i*n+n], dx[i*n:i*n+n]
		r := rrms[i]
		var p lanes
		for j := 0; j < n; j += chunk {
			s.addDot(&p, times(bg[:], d[j:], gamma[j:]), scaled(bx[:], row[j:], r))
		}
		b := p.total() / float32(n)
		for j := range out {
			out[j] = exact.FMA(-float32(row[j]*r), b, float32(d[j]*gamma[j])) * r
		}
	}
}

// RMSNormParamGrad is the gradient of RMSNorm with respect to gamma.
func (s set) RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int) {
	var buf [columns]float32
	for j := j0; j < j1; j += columns {
		w := min(columns, j1-j)
		var p columnSums
		for i := range m {
			p.fma(s.arithmetic, i, dy[i*n+j:][:w], scaled(buf[:w], x[i*n+j:], rrms[i]))
		}
		p.total(dgamma[j-j0:][:w])
	}
}
