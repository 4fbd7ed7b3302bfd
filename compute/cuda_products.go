package compute

import "github.com/chimera-1/chimera/compute/internal/cuda"

// Pack: on a device a packed matrix is k by n without gaps, in the room of the
// host's layout.
func (b *cudaBackend) Pack(dst, w *Tensor, trans bool) {
	k, n := checkPack(b.dev, dst, w, trans)
	if k*n == 0 || !b.begin() {
		return
	}
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	from := *w
	if trans {
		shape, strides := [2]int{k, n}, [2]int{1, k}
		c := b.strided(0, shape[:], strides[:])
		use(c, dst, w)
		if dst.dtype == BF16 {
			c.H[0], c.Offset[0] = b.scratch(0, 4*k*n), 0
			from.buf, from.off = &buffer{handle: uint64(c.H[0])}, 0
		}
	}
	switch {
	case dst.dtype == BF16:
		use(b.cmd(cuda.ToBF16, 0, k*n), dst, &from)
	case !trans:
		use(b.cmd(cuda.Copy, cuda.Size(4), k*n), dst, w)
	}
	b.flush()
}

func (b *cudaBackend) MatMul(dst, a, w *Tensor, o MatMulOptions) {
	dims := checkMatMul(b.dev, dst, a, w, o)
	if dims.batch*dims.m*dims.n == 0 || !b.begin() {
		return
	}
	flags := cuda.Act(int(o.Act))
	if o.TransA {
		flags |= cuda.TransA
	}
	if o.TransB {
		flags |= cuda.TransB
	}
	if o.Accumulate {
		flags |= cuda.Accumulate
	}
	if w.dtype == BF16 {
		flags |= cuda.BF16
	} else if b.dev.opts.Mode == Fast {
		flags |= cuda.Fast
	}
	c := b.cmd(cuda.Gemm, flags, dims.batch, dims.m, dims.n, dims.k, a.Dim(-1), w.Dim(-1), dims.n, dims.m*dims.k, dims.k*dims.n, dims.m*dims.n)
	if len(w.shape) == 2 {
		c.Dims[8] = 0 // one matrix for the whole batch
	}
	b.one(c, dst, a, w, o.Bias)
}
