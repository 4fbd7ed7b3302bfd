package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/cuda"
)

func (b *cudaBackend) AdamW(p, m, v, g *Tensor, o AdamWOptions) {
	checkAdamW(b.dev, p, m, v, g, o)
	if !b.begin() {
		return
	}
	k := o.constants()
	c := b.cmd(cuda.AdamW, 0, p.len)
	b.one(scaled(c, k.LR, k.Beta1, k.Beta2, k.Eps, k.WeightDecay, k.Correction1, k.Correction2, k.GradScale), p, m, v, g)
}

func (b *cudaBackend) GlobalNorm(xs []*Tensor) float64 {
	checkNormOf(b.dev, xs)
	if !b.begin() {
		return 0
	}
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	blocks := 0
	for _, x := range xs {
		blocks += (x.len + squaresBlock - 1) / squaresBlock
	}
	if blocks == 0 {
		return 0
	}
	sums := b.scratch(0, 8*blocks)
	at := 0
	for _, x := range xs {
		c := b.cmd(cuda.SumSquares, 0, x.len)
		c.H[0], c.Offset[0] = sums, uint64(at)
		c.H[1], c.Offset[1] = cuda.Handle(x.buf.handle), uint64(x.off)
		at += (x.len + squaresBlock - 1) / squaresBlock
	}
	b.flush()
	host := make([]float64, blocks)
	b.fetch(sums, raw(host))
	if b.err != nil {
		return 0
	}
	total := 0.0
	for _, s := range host {
		total += s
	}
	return math.Sqrt(total)
}

// fetch waits for the device, so that the context can end it, and downloads.
func (b *cudaBackend) fetch(h cuda.Handle, p []byte) {
	if b.Wait() == nil {
		b.note(b.c.s.Download(h, 0, p))
	}
}

// Sample: the ids and steps go to the device first, 12 bytes a row.
func (b *cudaBackend) Sample(tokens, x *Tensor, o SampleOptions) {
	checkSample(b.dev, tokens, x, o)
	m, n, k := tokens.len, x.rowLen(), o.TopK
	if m == 0 || !b.begin() {
		return
	}
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	if k >= n {
		k = 0
	}
	names := b.scratch(0, 12*m)
	if b.Wait() == nil {
		b.note(b.c.s.Upload(names, 0, raw(o.IDs)))
		b.note(b.c.s.Upload(names, int64(8*m), raw(o.Steps)))
	}
	floor := b.floors(x, m, n, k)
	key := halves(o.Seed)
	c := b.cmd(cuda.GumbelMax, 0, m, n, int(key[0]), int(key[1]))
	if o.Temperature > 0 {
		scaled(c, 1/o.Temperature)
	}
	use(c, tokens, x)
	if k > 0 {
		c.Flags |= cuda.LowestIfNaN
		c.H[2], c.Offset[2] = floor, uint64(2*m*k)
	}
	c.H[3], c.H[4], c.Offset[4] = names, names, uint64(2*m)
	b.flush()
}

// floors finds the k-th greatest logit of each row: values [m,k], indices [m,k],
// and the last values [m] one after another.
func (b *cudaBackend) floors(x *Tensor, m, n, k int) cuda.Handle {
	if k == 0 {
		return 0
	}
	h := b.scratch(1, 4*(2*m*k+m))
	c := b.cmd(cuda.TopK, 0, m, n, k)
	c.H = [10]cuda.Handle{h, h, cuda.Handle(x.buf.handle)}
	c.Offset = [10]uint64{0, uint64(m * k), uint64(x.off)}
	shape, strides := [1]int{m}, [1]int{k}
	c = b.strided(0, shape[:], strides[:])
	c.H = [10]cuda.Handle{h, h}
	c.Offset = [10]uint64{uint64(2 * m * k), uint64(k - 1)}
	return h
}
