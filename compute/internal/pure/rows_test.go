package pure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// exactSets are the sets that follow package exact to the bit.
func exactSets() []kernel.Set { return append([]kernel.Set{Exact()}, Assembly()...) }

var widths = []int{1, 2, 7, 31, 32, 33, 64, 100, 255, 256, 257, 515}

// forRows calls f with every set and width, three rows and fresh numbers.
func forRows(t *testing.T, f func(t *testing.T, s kernel.Set, n int, in func(n int) []float32)) {
	for _, s := range exactSets() {
		t.Run(s.Name(), func(t *testing.T) {
			for i, n := range widths {
				for _, special := range []bool{false, true} {
					r := rand.New(rand.NewPCG(uint64(i), 5))
					f(t, s, n, func(n int) []float32 { return numbers(r, n, special && r.IntN(2) == 0) })
				}
			}
		})
	}
}

// each makes a row by a function of the index.
func each(n int, f func(j int) float32) []float32 {
	x := make([]float32, n)
	for j := range x {
		x[j] = f(j)
	}
	return x
}

const rows = 3

// rowsOf makes rows of a function of a row.
func rowsOf(n int, f func(i int) []float32) []float32 {
	var out []float32
	for i := range rows {
		out = append(out, f(i)[:n]...)
	}
	return out
}

func softmaxOracle(x []float32, mask []uint8, logarithm bool) []float32 {
	in := func(j int) bool { return mask == nil || mask[j] != 0 }
	var some []float32
	for j, v := range x {
		if in(j) {
			some = append(some, v)
		}
	}
	m := exact.Max(some)
	e := each(len(x), func(j int) float32 {
		if in(j) {
			return exact.Exp(x[j] - m)
		}
		return 0
	})
	l := exact.Sum(e)
	return each(len(x), func(j int) float32 {
		switch {
		case !in(j) && logarithm:
			return negInf
		case !in(j):
			return 0
		case logarithm:
			return (x[j] - m) - exact.Log(l)
		}
		return e[j] / l
	})
}

func TestSoftmax(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		x, dy := in(rows*n), in(rows*n)
		mask := make([]uint8, rows*n)
		for i := range mask[:2*n] { // the last row has nothing
			if i%3 != 0 {
				mask[i] = uint8(i%3) * 100
			}
		}
		for _, m := range [][]uint8{nil, mask} {
			part := func(i int) []uint8 {
				if m == nil {
					return nil
				}
				return m[i*n : i*n+n]
			}
			y, ly := poisoned(rows*n), poisoned(rows*n)
			s.Softmax(y, x, n, m)
			same(t, "softmax", y, rowsOf(n, func(i int) []float32 { return softmaxOracle(x[i*n:i*n+n], part(i), false) }))
			s.LogSoftmax(ly, x, n, m)
			same(t, "log-softmax", ly, rowsOf(n, func(i int) []float32 { return softmaxOracle(x[i*n:i*n+n], part(i), true) }))

			dx := poisoned(rows * n)
			s.SoftmaxGrad(dx, dy, y, n)
			same(t, "softmax'", dx, rowsOf(n, func(i int) []float32 {
				d, p := dy[i*n:i*n+n], y[i*n:i*n+n]
				e := exact.Dot(d, p)
				return each(n, func(j int) float32 { return p[j] * (d[j] - e) })
			}))
			s.LogSoftmaxGrad(dx, dy, ly, n)
			same(t, "log-softmax'", dx, rowsOf(n, func(i int) []float32 {
				d, p := dy[i*n:i*n+n], ly[i*n:i*n+n]
				e := exact.Sum(d)
				return each(n, func(j int) float32 {
					if p[j] == negInf {
						return 0
					}
					return exact.FMA(-exact.Exp(p[j]), e, d[j])
				})
			}))
			inPlace := append([]float32(nil), x...)
			s.Softmax(inPlace, inPlace, n, m)
			same(t, "softmax in place", inPlace, y)
			inPlace = append([]float32(nil), x...)
			s.LogSoftmax(inPlace, inPlace, n, m)
			same(t, "log-softmax in place", inPlace, ly)
		}
	})
}

func TestNorms(t *testing.T) {
	const eps = 1e-5
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		x, dy, gamma, beta := in(rows*n), in(rows*n), in(n), in(n)
		y, mean, rstd := poisoned(rows*n), poisoned(rows), poisoned(rows)
		s.LayerNorm(y, mean, rstd, x, gamma, beta, n, eps)
		wantMean, wantRstd := make([]float32, rows), make([]float32, rows)
		xhat := make([]float32, rows*n)
		same(t, "layer norm", y, rowsOf(n, func(i int) []float32 {
			row := x[i*n : i*n+n]
			m := exact.Sum(row) / float32(n)
			d := each(n, func(j int) float32 { return row[j] - m })
			r := 1 / sqrt(exact.Dot(d, d)/float32(n)+eps)
			wantMean[i], wantRstd[i] = m, r
			return each(n, func(j int) float32 {
				xhat[i*n+j] = float32(d[j] * r)
				return exact.FMA(xhat[i*n+j], gamma[j], beta[j])
			})
		}))
		same(t, "mean", mean, wantMean)
		same(t, "rstd", rstd, wantRstd)
		dx := poisoned(rows * n)
		s.LayerNormGrad(dx, dy, x, mean, rstd, gamma, n)
		same(t, "layer norm'", dx, rowsOf(n, func(i int) []float32 {
			h := xhat[i*n : i*n+n]
			g := each(n, func(j int) float32 { return dy[i*n+j] * gamma[j] })
			a, b := exact.Sum(g)/float32(n), exact.Dot(g, h)/float32(n)
			return each(n, func(j int) float32 { return exact.FMA(-h[j], b, g[j]-a) * rstd[i] })
		}))
		j0 := n / 3
		dgamma, dbeta := poisoned(n-j0), poisoned(n-j0)
		s.LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd, rows, n, j0, n)
		column := func(x []float32, j int) []float32 { return each(rows, func(i int) float32 { return x[i*n+j] }) }
		same(t, "dgamma", dgamma, each(n-j0, func(j int) float32 { return exact.Dot(column(dy, j+j0), column(xhat, j+j0)) }))
		same(t, "dbeta", dbeta, each(n-j0, func(j int) float32 { return exact.Sum(column(dy, j+j0)) }))

		s.RMSNorm(y, rstd, x, gamma, n, eps)
		same(t, "rms norm", y, rowsOf(n, func(i int) []float32 {
			row := x[i*n : i*n+n]
			r := 1 / sqrt(exact.Dot(row, row)/float32(n)+eps)
			wantRstd[i] = r
			return each(n, func(j int) float32 { return float32(row[j]*r) * gamma[j] })
		}))
		same(t, "rrms", rstd, wantRstd)
		s.RMSNormGrad(dx, dy, x, rstd, gamma, n)
		same(t, "rms norm'", dx, rowsOf(n, func(i int) []float32 {
			h := each(n, func(j int) float32 { return x[i*n+j] * rstd[i] })
			g := each(n, func(j int) float32 { return dy[i*n+j] * gamma[j] })
			b := exact.Dot(g, h) / float32(n)
			for j := range h {
				xhat[i*n+j] = h[j]
			}
			return each(n, func(j int) float32 { return exact.FMA(-h[j], b, g[j]) * rstd[i] })
		}))
		s.RMSNormParamGrad(dgamma, dy, x, rstd, rows, n, j0, n)
		same(t, "rms dgamma", dgamma, each(n-j0, func(j int) float32 { return exact.Dot(column(dy, j+j0), column(xhat, j+j0)) }))
	})
}

func TestLosses(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		const scale = -0.37
		x, y := in(rows*n), in(rows*n)
		loss, dx, want := poisoned(rows), poisoned(rows*n), make([]float32, rows)
		target := []int32{int32(n - 1), -7, int32(n / 2)}
		s.CrossEntropy(loss, dx, x, target, n, -7, scale)
		same(t, "cross-entropy'", dx, rowsOf(n, func(i int) []float32 {
			if target[i] == -7 {
				want[i] = 0
				return make([]float32, n)
			}
			row := x[i*n : i*n+n]
			m := exact.Max(row)
			e := each(n, func(j int) float32 { return exact.Exp(row[j] - m) })
			l := exact.Sum(e)
			want[i] = (exact.Log(l) + m) - row[target[i]]
			return each(n, func(j int) float32 {
				one := float32(0)
				if j == int(target[i]) {
					one = 1
				}
				return (e[j]/l - one) * scale
			})
		}))
		same(t, "cross-entropy", loss, want)
		s.SoftCrossEntropy(loss, dx, x, y, n, scale)
		same(t, "soft cross-entropy'", dx, rowsOf(n, func(i int) []float32 {
			row, w := x[i*n:i*n+n], y[i*n:i*n+n]
			m := exact.Max(row)
			e := each(n, func(j int) float32 { return exact.Exp(row[j] - m) })
			l := exact.Sum(e)
			want[i] = exact.Dot(w, each(n, func(j int) float32 { return (exact.Log(l) + m) - row[j] }))
			return each(n, func(j int) float32 { return exact.FMA(e[j]/l, exact.Sum(w), -w[j]) * scale })
		}))
		same(t, "soft cross-entropy", loss, want)
		s.SquaredError(loss, dx, x, y, n, scale)
		same(t, "squared error'", dx, rowsOf(n, func(i int) []float32 {
			d := each(n, func(j int) float32 { return x[i*n+j] - y[i*n+j] })
			want[i] = exact.Dot(d, d)
			return each(n, func(j int) float32 { return float32(2*d[j]) * scale })
		}))
		same(t, "squared error", loss, want)
		for _, op := range []kernel.DivergenceOp{kernel.ForwardKL, kernel.ReverseKL, kernel.JensenShannon} {
			s.Divergence(op, loss, dx, x, y, n, 0.7, scale)
			same(t, "divergence'", dx, rowsOf(n, func(i int) []float32 {
				var d []float32
				want[i], d = divergenceOracle(op, x[i*n:i*n+n], y[i*n:i*n+n], 0.7, scale)
				return d
			}))
			same(t, "divergence", loss, want)
			bare := poisoned(rows)
			s.Divergence(op, bare, nil, x, y, n, 0.7, scale)
			same(t, "divergence without gradient", bare, want)
		}
	})
}

func divergenceOracle(op kernel.DivergenceOp, x, y []float32, invT, scale float32) (float32, []float32) {
	n := len(x)
	times := func(x []float32) []float32 { return each(n, func(j int) float32 { return x[j] * invT }) }
	lq, lp := softmaxOracle(times(x), nil, true), softmaxOracle(times(y), nil, true)
	q, p := each(n, func(j int) float32 { return exact.Exp(lq[j]) }), each(n, func(j int) float32 { return exact.Exp(lp[j]) })
	lm := each(n, func(j int) float32 { return exact.Log(0.5 * (p[j] + q[j])) })
	dot := func(w, a, b []float32) float32 {
		return exact.Dot(w, each(n, func(j int) float32 {
			if w[j] == 0 {
				return 0
			}
			return a[j] - b[j]
		}))
	}
	finish := func(j int, g float32) float32 {
		if q[j] == 0 && op != kernel.ForwardKL {
			g = 0
		}
		return float32(g*invT) * scale
	}
	switch op {
	case kernel.ForwardKL:
		return dot(p, lp, lq), each(n, func(j int) float32 { return finish(j, q[j]-p[j]) })
	case kernel.ReverseKL:
		loss := dot(q, lq, lp)
		return loss, each(n, func(j int) float32 { return finish(j, q[j]*((lq[j]-lp[j])-loss)) })
	}
	e := dot(q, lq, lm)
	return 0.5 * (dot(p, lp, lm) + e), each(n, func(j int) float32 { return finish(j, float32(0.5*q[j])*((lq[j]-lm[j])-e)) })
}

func TestReductions(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		const m = 70
		x := in(m * n)
		row := func(i int) []float32 { return x[i*n : i*n+n] }
		column := func(j int) []float32 { return each(m, func(i int) float32 { return x[i*n+j] }) }
		for op, f := range []func([]float32) float32{
			kernel.ReduceSum: exact.Sum, kernel.ReduceMax: exact.Max,
			kernel.ReduceMin: func(x []float32) float32 {
				return -exact.Max(each(len(x), func(j int) float32 { return -x[j] }))
			},
			kernel.ReduceSumSquares: func(x []float32) float32 { return exact.Dot(x, x) },
		} {
			got := poisoned(m)
			s.RowReduce(kernel.ReduceOp(op), got, x, n)
			same(t, "rows", got, each(m, func(i int) float32 { return f(row(i)) }))
			j0 := n / 4
			got = poisoned(n - j0)
			s.ColReduce(kernel.ReduceOp(op), got, x, m, n, j0, n)
			same(t, "columns", got, each(n-j0, func(j int) float32 { return f(column(j + j0)) }))
		}
		got := poisoned(m - 1)
		s.RowDot(got, x, x[n:], n)
		same(t, "dot", got, each(m-1, func(i int) float32 { return exact.Dot(row(i), row(i+1)) }))

		const k = 5
		idx, dist := make([]int32, m), poisoned(m)
		s.NearestRow(idx, dist, x, x[n:], k, n)
		arg := make([]int32, m)
		s.ArgMax(arg, x, n)
		for i := range m {
			best, at := nan, 0
			for c := range k {
				d := each(n, func(j int) float32 { return row(i)[j] - row(c + 1)[j] })
				if e := exact.Dot(d, d); e < best || best != best && e == e {
					best, at = e, c
				}
			}
			same(t, "distance", dist[i:i+1], []float32{best})
			if idx[i] != int32(at) {
				t.Fatalf("nearest of %d is %d, want %d", i, idx[i], at)
			}
			best, at = nan, 0
			for j, v := range row(i) {
				if v > best || best != best && v == v {
					best, at = v, j
				}
			}
			if arg[i] != int32(at) {
				t.Fatalf("argmax of row %d is %d, want %d", i, arg[i], at)
			}
		}
	})
}

func TestGumbelMax(t *testing.T) {
	forRows(t, func(t *testing.T, s kernel.Set, n int, in func(int) []float32) {
		x := in(rows * n)
		key, ids, step := [2]uint32{7, 9}, []uint64{1, 1 << 40, 3}, []uint32{0, 5, 5}
		for _, floor := range [][]float32{nil, {0, negInf, float32(math.Inf(1))}} {
			for _, invT := range []float32{0, 1.3} {
				tokens := make([]int32, rows)
				s.GumbelMax(tokens, x, n, invT, floor, key, ids, step)
				for i := range rows {
					best, at := nan, 0
					for j, v := range x[i*n : i*n+n] {
						if floor != nil && !(v >= floor[i]) {
							continue
						}
						w := exact.Philox(key, [4]uint32{uint32(ids[i]), uint32(ids[i] >> 32), step[i], uint32(j / 4)})[j%4]
						if invT != 0 {
							v = exact.FMA(v, invT, exact.Gumbel(w))
						}
						if v > best || best != best && v == v {
							best, at = v, j
						}
					}
					if tokens[i] != int32(at) {
						t.Fatalf("token %d of width %d is %d, want %d", i, n, tokens[i], at)
					}
				}
			}
		}
	})
}

func TestDecode(t *testing.T) {
	for _, s := range exactSets() {
		r := rand.New(rand.NewPCG(9, 9))
		for _, d := range []int{1, 8, 31, 32, 40, 64, 300} {
			for _, n := range []int{1, 2, 33, 77} {
				q, k, v := numbers(r, d, false), numbers(r, n*d, d == 40), numbers(r, n*d, d == 8)
				k16, v16 := make([]uint16, n*d), make([]uint16, n*d)
				s.ToBF16(k16, k)
				s.ToBF16(v16, v)
				oracle := func(k, v []float32) []float32 {
					p := each(n, func(j int) float32 { return exact.Dot(q, k[j*d:j*d+d]) * 0.25 })
					m := exact.Max(p)
					p = each(n, func(j int) float32 { return exact.Exp(p[j] - m) })
					inv := 1 / exact.Sum(p)
					return each(d, func(x int) float32 {
						c := float32(0)
						for j := range p {
							c = exact.FMA(p[j], v[j*d+x], c)
						}
						return c * inv
					})
				}
				out := poisoned(d)
				s.Decode(out, q, k, v, n, d, 0.25, poisoned(n+exact.Lanes))
				same(t, s.Name()+" decode", out, oracle(k, v))
				s.FromBF16(k, k16)
				s.FromBF16(v, v16)
				s.DecodeBF16(out, q, k16, v16, n, d, 0.25, poisoned(n+exact.Lanes))
				same(t, s.Name()+" decode bf16", out, oracle(k, v))
			}
		}
	}
}
