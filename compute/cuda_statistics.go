package compute

import "github.com/chimera-1/chimera/compute/internal/cuda"

func (b *cudaBackend) Gram(dst, x *Tensor, add bool) {
	m, n := checkGram(b.dev, dst, x)
	if !b.begin() {
		return
	}
	if !add {
		use(b.cmd(cuda.Fill, cuda.Size(8), n*n), dst)
	}
	use(b.cmd(cuda.Gram, 0, m, n), dst, x)
	use(b.cmd(cuda.Mirror, 0, m, n), dst)
	b.flush()
}

func (b *cudaBackend) Covariance(mean, cov, x *Tensor) {
	m, n := checkCovariance(b.dev, mean, cov, x)
	if !b.begin() {
		return
	}
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	rounded, centred := b.scratch(0, 4*n), b.scratch(1, 4*n*min(m, gramRows))
	c := b.cmd(cuda.ColMean, 0, m, n)
	use(c, mean, nil, x)
	c.H[1] = rounded
	use(b.cmd(cuda.Fill, cuda.Size(8), n*n), cov)
	for i := 0; i < m; i += gramRows {
		k := min(gramRows, m-i)
		c = b.cmd(cuda.BinaryRow, uint32(Sub), k, n)
		c.H = [10]cuda.Handle{centred, cuda.Handle(x.buf.handle), rounded}
		c.Offset[1] = uint64(x.off + i*n)
		c = b.cmd(cuda.Gram, 0, k, n)
		use(c, cov)
		c.H[1] = centred
	}
	use(b.cmd(cuda.Mirror, 0, m, n), cov, mean)
	b.flush()
}

func (b *cudaBackend) KMeansAssign(idx, dist, x, centroids *Tensor) {
	k, n := checkKMeans(b.dev, idx, dist, x, centroids)
	if b.begin() {
		b.one(b.cmd(cuda.NearestRow, 0, idx.len, n, k), idx, dist, x, centroids)
	}
}

// onHost runs f with copies of the tensors on the host's device, where what is
// short and serial is as fast, and copies the first results back.
func (b *cudaBackend) onHost(results int, f func(h Backend, ts []*Tensor), ts ...*Tensor) {
	if b.Wait() != nil {
		return
	}
	b.c.mu.Lock()
	host, err := b.c.cpu()
	b.c.mu.Unlock()
	b.note(err)
	copies := make([]*Tensor, 0, len(ts))
	for _, t := range ts {
		if b.err != nil {
			break
		}
		c, err := host.New(t.dtype, t.shape...)
		b.note(err)
		if err == nil {
			defer c.Close()
			copies = append(copies, c)
			b.note(b.move(c, t, false))
		}
	}
	if b.err != nil {
		return
	}
	h := host.Backend(b.ctx)
	f(h, copies)
	b.note(h.Wait())
	for i := range results {
		if b.err == nil {
			b.note(b.move(copies[i], ts[i], true))
		}
	}
}

// move copies between a tensor of the host and one of the device.
func (b *cudaBackend) move(host, t *Tensor, in bool) error {
	if t.len == 0 {
		return nil
	}
	return b.c.transfer(t.buf.handle, t.off*t.dtype.Size(), host.memory(), in)
}

func (b *cudaBackend) Eigh(values, vectors, a *Tensor) {
	checkEigh(b.dev, values, vectors, a)
	b.onHost(2, func(h Backend, ts []*Tensor) { h.Eigh(ts[0], ts[1], ts[2]) }, values, vectors, a)
}

func (b *cudaBackend) SVD(u, s, v, a *Tensor) {
	checkSVD(b.dev, u, s, v, a)
	b.onHost(3, func(h Backend, ts []*Tensor) { h.SVD(ts[0], ts[1], ts[2], ts[3]) }, u, s, v, a)
}

func (b *cudaBackend) MinHash(signatures, counts, data, offsets *Tensor, seed uint64) {
	checkMinHash(b.dev, signatures, counts, data, offsets)
	b.onHost(2, func(h Backend, ts []*Tensor) { h.MinHash(ts[0], ts[1], ts[2], ts[3], seed) }, signatures, counts, data, offsets)
}
