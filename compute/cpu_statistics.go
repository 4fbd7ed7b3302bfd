package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/linalg"
)

// gramRows is the number of rows of x that are added at a time, so that a part is
// short however long x is.
const gramRows = 4096

// gramOp adds products of columns to rows of a Gram matrix.
type gramOp struct {
	set  kernel.Set
	dst  []float64
	x    []float32
	m, n int
}

func (o *gramOp) span(lo, hi, _ int) { o.set.Gram(o.dst, o.x, o.m, o.n, lo, hi) }

func (b *cpuBackend) Gram(dst, x *Tensor, add bool) {
	m, n := checkGram(b.dev, dst, x)
	if !b.begin() {
		return
	}
	defer b.end()
	d := dst.Float64s()
	if !add {
		clear(d)
	}
	for i := 0; i < m && b.err == nil; i += gramRows {
		k := min(gramRows, m-i)
		b.gram(d, x.Float32s()[i*n:(i+k)*n], k, n)
	}
	mirror(d, n)
}

func (b *cpuBackend) gram(dst []float64, x []float32, m, n int) {
	b.ops.gram = gramOp{b.set, dst, x, m, n}
	b.over(&b.ops.gram, n, m*n/8)
}

// mirror copies the upper triangle to the lower.
func mirror(a []float64, n int) {
	for i := range n {
		for j := range i {
			a[i*n+j] = a[j*n+i]
		}
	}
}

func (b *cpuBackend) Covariance(mean, cov, x *Tensor) {
	m, n := checkCovariance(b.dev, mean, cov, x)
	if !b.begin() {
		return
	}
	defer b.end()
	mu, c, xs := mean.Float64s(), cov.Float64s(), x.Float32s()
	clear(mu)
	clear(c)
	for i := range m {
		if i%gramRows == 0 {
			if b.err = b.ctx.Err(); b.err != nil {
				return
			}
		}
		for j, v := range xs[i*n : (i+1)*n] {
			mu[j] += float64(v)
		}
	}
	for j := range mu {
		mu[j] /= float64(m)
	}
	b.centred(mu, c, xs, m, n)
	for i := range n {
		di := mu[i] - float64(float32(mu[i]))
		for j := i; j < n; j++ {
			dj := mu[j] - float64(float32(mu[j]))
			c[i*n+j] = (c[i*n+j] - float64(float64(float64(m)*di)*dj)) / float64(m-1)
			if m < 2 {
				c[i*n+j] = math.NaN()
			}
		}
	}
	mirror(c, n)
}

// centred adds the Gram matrix of x minus its rounded mean to c.
func (b *cpuBackend) centred(mu, c []float64, xs []float32, m, n int) {
	for i := 0; i < m && b.err == nil; i += gramRows {
		k := min(gramRows, m-i)
		w := b.workspace(k * n)
		for r := 0; r < k && b.err == nil; r++ {
			for j, v := range xs[(i+r)*n : (i+r+1)*n] {
				w[r*n+j] = v - float32(mu[j])
			}
		}
		if b.err == nil {
			b.gram(c, w, k, n)
		}
	}
}

func (b *cpuBackend) Eigh(values, vectors, a *Tensor) {
	n := checkEigh(b.dev, values, vectors, a)
	if b.begin() {
		defer b.end()
		b.err = linalg.Eigh(b.ctx, values.Float64s(), vectors.Float64s(), a.Float64s(), n, make([]float64, linalg.EighScratch(n)))
	}
}

func (b *cpuBackend) SVD(u, s, v, a *Tensor) {
	m, n := checkSVD(b.dev, u, s, v, a)
	if b.begin() {
		defer b.end()
		b.err = linalg.SVD(b.ctx, u.Float64s(), s.Float64s(), v.Float64s(), a.Float64s(), m, n, make([]float64, linalg.SVDScratch(m, n)))
	}
}

type nearestOp struct {
	set          kernel.Set
	idx          []int32
	dist, x, cen []float32
	k, n         int
}

func (o *nearestOp) span(lo, hi, _ int) {
	o.set.NearestRow(o.idx[lo:hi], o.dist[lo:hi], o.x[lo*o.n:hi*o.n], o.cen, o.k, o.n)
}

func (b *cpuBackend) KMeansAssign(idx, dist, x, centroids *Tensor) {
	k, n := checkKMeans(b.dev, idx, dist, x, centroids)
	b.ops.nearest = nearestOp{b.set, idx.Int32s(), dist.Float32s(), x.Float32s(), centroids.Float32s(), k, n}
	b.all(&b.ops.nearest, idx.len, k*n/8)
}

// minHashOp has a hasher a thread: they hold scratch memory.
type minHashOp struct {
	seed    uint64
	hashers []*MinHasher
	sigs    []uint32
	counts  []int32
	offsets []int32
	data    []byte
}

func (o *minHashOp) span(lo, hi, thread int) {
	if lo == hi {
		return
	}
	sigs := o.sigs[lo*MinHashSize : hi*MinHashSize]
	fill(sigs, math.MaxUint32)
	o.hashers[thread].Batch(sigs, o.counts[lo:hi], o.offsets[lo:hi+1], o.data)
}

func (b *cpuBackend) MinHash(signatures, counts, data, offsets *Tensor, seed uint64) {
	checkMinHash(b.dev, signatures, counts, data, offsets)
	o := &b.ops.minHash
	if o.hashers == nil || o.seed != seed {
		o.seed, o.hashers = seed, make([]*MinHasher, b.dev.team.size)
		for i := range o.hashers {
			o.hashers[i] = NewMinHasher(seed)
		}
	}
	o.sigs, o.counts, o.offsets, o.data = signatures.Uint32s(), counts.Int32s(), offsets.Int32s(), data.Uint8s()
	checkColumn(o.offsets, len(o.data))
	b.all(o, counts.len, len(o.data)/max(counts.len, 1))
}
