//go:build cgo && linux

package cuda_test

import (
	"context"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/cuda"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// deviceSet is package kernel's contract over a session: each method uploads its
// operands, runs one command and downloads the results, so that the suite for CPU
// kernels judges those of a device.
type deviceSet struct {
	kernel.Set // packs: a device has no packed matrices
	name       string
	s          *cuda.Session
}

func newDeviceSet(name string, s *cuda.Session) *deviceSet { return &deviceSet{pure.Exact(), name, s} }

func (d *deviceSet) Name() string { return d.name }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// operand is memory of the host; out says that the device writes it.
type operand struct {
	b   []byte
	out bool
}

func in[E any](x []E) operand  { return operand{raw(x), false} }
func out[E any](x []E) operand { return operand{raw(x), true} }

// run runs c with the operands in its order. Operands that are the same memory
// are one buffer.
func (d *deviceSet) run(c cuda.Cmd, operands ...operand) {
	seen := map[*byte]cuda.Handle{}
	lens := map[*byte]int{}
	for i, o := range operands {
		if len(o.b) == 0 {
			continue
		}
		p := unsafe.SliceData(o.b)
		if seen[p] == 0 {
			h, err := d.s.Alloc(int64(len(o.b)))
			must(err)
			seen[p], lens[p] = h, len(o.b)
			must(d.s.Upload(h, 0, o.b))
		}
		if lens[p] != len(o.b) {
			panic("operands overlap")
		}
		c.H[i] = seen[p]
	}
	must(d.s.Exec(context.Background(), []cuda.Cmd{c}))
	for i, o := range operands {
		if o.out && len(o.b) > 0 {
			must(d.s.Download(c.H[i], 0, o.b))
		}
	}
	for _, h := range seen {
		must(d.s.Free(h))
	}
}

func cmd(op cuda.Op, flags uint32, dims ...int) cuda.Cmd {
	c := cuda.Cmd{Op: op, Flags: flags}
	for i, v := range dims {
		c.Dims[i] = int64(v)
	}
	return c
}

func scalars(c cuda.Cmd, s ...float32) cuda.Cmd {
	for i, v := range s {
		c.Scalar[i] = float64(v)
	}
	return c
}

// columns is the panels p0 to p1 of a packed k-by-n matrix, row-major.
func columns[E any](packed []E, k, n, p0, p1 int, pairs bool) (b []E, width int) {
	const w = kernel.PanelWidth
	j0 := p0 * w
	width = max(min(p1*w, n)-j0, 0)
	b = make([]E, k*width)
	for l := range k {
		for j := range width {
			p, c := (j0+j)/w, (j0+j)%w
			at := (p*k+l)*w + c
			if pairs {
				at = (p*(k+k%2)+l/2*2)*w + 2*c + l%2
			}
			b[l*width+j] = packed[at]
		}
	}
	return b, width
}

func (d *deviceSet) gemm(g *kernel.Gemm, b operand, width int, flags uint32) {
	if g.M == 0 || width == 0 {
		return
	}
	j0 := g.P0 * kernel.PanelWidth
	var bias []float32
	if g.Bias != nil {
		bias = g.Bias[j0 : j0+width]
	}
	if g.TransA {
		flags |= cuda.TransA
	}
	if g.Accumulate {
		flags |= cuda.Accumulate
	}
	c := cmd(cuda.Gemm, flags|cuda.Act(int(g.Act)), 1, g.M, width, g.K, g.LDA, width, g.LDC)
	d.run(c, out(g.C[j0:]), in(g.A), b, in(bias))
}

func (d *deviceSet) Gemm(g *kernel.Gemm) {
	b, width := columns(g.B, g.K, g.N, g.P0, g.P1, false)
	d.gemm(g, in(b), width, 0)
}

func (d *deviceSet) GemmBF16(g *kernel.Gemm) {
	b, width := columns(g.BF16, g.K, g.N, g.P0, g.P1, true)
	d.gemm(g, in(b), width, cuda.BF16)
}

func (d *deviceSet) Unary(op kernel.UnaryOp, dst, x []float32) {
	d.run(cmd(cuda.Unary, uint32(op), len(x)), out(dst), in(x))
}

func (d *deviceSet) UnaryGrad(op kernel.UnaryOp, dx, dy, x, y []float32) {
	d.run(cmd(cuda.UnaryGrad, uint32(op), len(dy)), out(dx), in(dy), in(x), in(y))
}

func (d *deviceSet) Binary(op kernel.BinaryOp, dst, a, b []float32) {
	d.run(cmd(cuda.Binary, uint32(op), len(a)), out(dst), in(a), in(b))
}

func (d *deviceSet) BinaryRow(op kernel.BinaryOp, dst, a, b []float32) {
	d.run(cmd(cuda.BinaryRow, uint32(op), len(a)/max(len(b), 1), len(b)), out(dst), in(a), in(b))
}

func (d *deviceSet) BinaryCol(op kernel.BinaryOp, dst, a, b []float32) {
	d.run(cmd(cuda.BinaryCol, uint32(op), len(b), len(a)/max(len(b), 1)), out(dst), in(a), in(b))
}

func (d *deviceSet) BinaryScalar(op kernel.BinaryOp, dst, a []float32, b float32) {
	d.run(scalars(cmd(cuda.BinaryScalar, uint32(op), len(a)), b), out(dst), in(a))
}

func (d *deviceSet) AXPBY(dst []float32, alpha float32, x []float32, beta float32, y []float32) {
	d.run(scalars(cmd(cuda.AXPBY, 0, len(x)), alpha, beta), out(dst), in(x), in(y))
}

func (d *deviceSet) Where(dst []float32, cond []uint8, a, b []float32) {
	d.run(cmd(cuda.Where, 0, len(a)), out(dst), in(cond), in(a), in(b))
}

func (d *deviceSet) ToBF16(dst []uint16, x []float32) {
	d.run(cmd(cuda.ToBF16, 0, len(x)), out(dst), in(x))
}

func (d *deviceSet) FromBF16(dst []float32, x []uint16) {
	d.run(cmd(cuda.FromBF16, 0, len(x)), out(dst), in(x))
}

func (d *deviceSet) Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, counter2, counter3 uint32) {
	c := cmd(cuda.Dropout, 0, len(x), int(key[0]), int(key[1]), int(base), int(counter2), int(counter3))
	d.run(scalars(c, p, scale), out(dst), in(x))
}

func (d *deviceSet) RowReduce(op kernel.ReduceOp, dst, x []float32, n int) {
	d.run(cmd(cuda.RowReduce, uint32(op), len(dst), n), out(dst), in(x))
}

func (d *deviceSet) ColReduce(op kernel.ReduceOp, dst, x []float32, m, n, j0, j1 int) {
	all := make([]float32, n)
	d.run(cmd(cuda.ColReduce, uint32(op), 1, m, n), out(all), in(x))
	copy(dst, all[j0:j1])
}

func (d *deviceSet) RowDot(dst, x, y []float32, n int) {
	d.run(cmd(cuda.RowDot, 0, len(dst), n), out(dst), in(x), in(y))
}

func (d *deviceSet) ArgMax(dst []int32, x []float32, n int) {
	d.run(cmd(cuda.ArgMax, 0, len(dst), n), out(dst), in(x))
}

func (d *deviceSet) SumSquares64(x []float32) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := make([]float64, 1)
	d.run(cmd(cuda.SumSquares, 0, len(x)), out(sum), in(x))
	return sum[0]
}

func (d *deviceSet) Gram(dst []float64, x []float32, m, n, i0, i1 int) {
	all := make([]float64, n*n)
	copy(all[i0*n:i1*n], dst[i0*n:i1*n])
	d.run(cmd(cuda.Gram, 0, m, n), out(all), in(x))
	copy(dst[i0*n:i1*n], all[i0*n:i1*n])
}

func (d *deviceSet) NearestRow(idx []int32, dist, x, centroids []float32, k, n int) {
	d.run(cmd(cuda.NearestRow, 0, len(idx), n, k), out(idx), out(dist), in(x), in(centroids))
}

func rows(x []float32, n int) int { return len(x) / max(n, 1) }

func (d *deviceSet) softmax(op cuda.Op, dst, x []float32, n int, mask []uint8) {
	d.run(cmd(op, 0, rows(x, n), n, rows(x, n)), out(dst), in(x), in(mask))
}

func (d *deviceSet) Softmax(dst, x []float32, n int, mask []uint8) {
	d.softmax(cuda.Softmax, dst, x, n, mask)
}

func (d *deviceSet) LogSoftmax(dst, x []float32, n int, mask []uint8) {
	d.softmax(cuda.LogSoftmax, dst, x, n, mask)
}

func (d *deviceSet) SoftmaxGrad(dx, dy, y []float32, n int) {
	d.run(cmd(cuda.SoftmaxGrad, 0, rows(dy, n), n), out(dx), in(dy), in(y))
}

func (d *deviceSet) LogSoftmaxGrad(dx, dy, y []float32, n int) {
	d.run(cmd(cuda.LogSoftmaxGrad, 0, rows(dy, n), n), out(dx), in(dy), in(y))
}

func (d *deviceSet) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32) {
	d.run(scalars(cmd(cuda.LayerNorm, 0, len(mean), n), eps), out(dst), out(mean), out(rstd), in(x), in(gamma), in(beta))
}

func (d *deviceSet) LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int) {
	d.run(cmd(cuda.LayerNormGrad, 0, len(mean), n), out(dx), in(dy), in(x), in(mean), in(rstd), in(gamma))
}

func (d *deviceSet) LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int) {
	g, b := make([]float32, n), make([]float32, n)
	d.run(cmd(cuda.LayerNormParamGrad, 0, m, n), out(g), out(b), in(dy), in(x), in(mean), in(rstd))
	copy(dgamma, g[j0:j1])
	copy(dbeta, b[j0:j1])
}

func (d *deviceSet) RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32) {
	d.run(scalars(cmd(cuda.RMSNorm, 0, len(rrms), n), eps), out(dst), out(rrms), in(x), in(gamma))
}

func (d *deviceSet) RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int) {
	d.run(cmd(cuda.RMSNormGrad, 0, len(rrms), n), out(dx), in(dy), in(x), in(rrms), in(gamma))
}

func (d *deviceSet) RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int) {
	g := make([]float32, n)
	d.run(cmd(cuda.RMSNormParamGrad, 0, m, n), out(g), in(dy), in(x), in(rrms))
	copy(dgamma, g[j0:j1])
}

func attend(op cuda.Op, h *kernel.Head) cuda.Cmd {
	flags := uint32(0)
	if h.Causal {
		flags = cuda.Causal
	}
	return scalars(cmd(op, flags, 1, 1, h.T, h.D, h.LD, h.LDO), h.Scale)
}

func (d *deviceSet) Attend(dst, lse, q, k, v []float32, h *kernel.Head) {
	d.run(attend(cuda.Attend, h), out(dst), out(lse), in(q), in(k), in(v))
}

func (d *deviceSet) AttendGrad(dq, dk, dv, dout, o, lse, q, k, v []float32, h *kernel.Head) {
	d.run(attend(cuda.AttendGrad, h), out(dq), out(dk), out(dv), in(dout), in(o), in(lse), in(q), in(k), in(v))
}

func decode(flags uint32, t, n int, scale float32) cuda.Cmd {
	return scalars(cmd(cuda.Decode, flags, 1, 1, t, n), scale)
}

func (d *deviceSet) Decode(dst, q, k, v []float32, t, n int, scale float32, _ []float32) {
	d.run(decode(0, t, n, scale), out(dst[:n]), in(q), in(k), in(v))
}

func (d *deviceSet) DecodeBF16(dst, q []float32, k, v []uint16, t, n int, scale float32, _ []float32) {
	d.run(decode(cuda.BF16, t, n, scale), out(dst[:n]), in(q), in(k), in(v))
}

func (d *deviceSet) CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32) {
	d.run(scalars(cmd(cuda.CrossEntropy, 0, len(loss), n, int(ignore)), scale), out(loss), out(dx), in(x), in(target))
}

func (d *deviceSet) SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32) {
	d.run(scalars(cmd(cuda.SoftCrossEntropy, 0, len(loss), n), scale), out(loss), out(dx), in(x), in(w))
}

func (d *deviceSet) Divergence(op kernel.DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32) {
	d.run(scalars(cmd(cuda.Divergence, uint32(op), len(loss), n), invT, scale), out(loss), out(dx), in(x), in(y))
}

func (d *deviceSet) SquaredError(loss, dx, x, y []float32, n int, scale float32) {
	d.run(scalars(cmd(cuda.SquaredError, 0, len(loss), n), scale), out(loss), out(dx), in(x), in(y))
}

func (d *deviceSet) AdamW(p, m, v, grad []float32, a *kernel.AdamW) {
	c := scalars(cmd(cuda.AdamW, 0, len(p)), a.LR, a.Beta1, a.Beta2, a.Eps, a.WeightDecay, a.Correction1, a.Correction2, a.GradScale)
	d.run(c, out(p), out(m), out(v), in(grad))
}

func (d *deviceSet) GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32) {
	c := cmd(cuda.GumbelMax, 0, len(tokens), n, int(key[0]), int(key[1]))
	d.run(scalars(c, invT), out(tokens), in(x), in(floor), in(ids), in(step))
}
