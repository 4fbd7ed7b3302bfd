package compute

import (
	"math"
	"slices"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// reduceOp reduces rows (inner 1) or columns of blocks of n rows.
type reduceOp struct {
	set      kernel.Set
	op       kernel.ReduceOp
	dst, x   []float32
	n, inner int
	mean     bool
}

func (o *reduceOp) span(lo, hi, _ int) {
	if o.inner == 1 {
		o.set.RowReduce(o.op, o.dst[lo:hi], o.x[lo*o.n:hi*o.n], o.n)
		o.finish(lo, hi)
		return
	}
	for lo < hi {
		block, j0 := lo/o.inner, lo%o.inner
		j1 := min(o.inner, j0+hi-lo)
		x := o.x[block*o.n*o.inner : (block+1)*o.n*o.inner]
		o.set.ColReduce(o.op, o.dst[lo:lo+j1-j0], x, o.n, o.inner, j0, j1)
		o.finish(lo, lo+j1-j0)
		lo += j1 - j0
	}
}

func (o *reduceOp) finish(lo, hi int) {
	if o.mean {
		o.set.BinaryScalar(kernel.Div, o.dst[lo:hi], o.dst[lo:hi], float32(o.n))
	}
}

func (b *cpuBackend) Reduce(op ReduceOp, dst, x *Tensor, axis int) {
	outer, n, inner := checkReduce(b.dev, op, dst, x, axis)
	o := &b.ops.reduce
	*o = reduceOp{set: b.set, dst: dst.Float32s(), x: x.Float32s(), n: n, inner: inner, mean: op == ReduceMean}
	o.op = [...]kernel.ReduceOp{kernel.ReduceSum, kernel.ReduceSum, kernel.ReduceMax, kernel.ReduceMin, kernel.ReduceSumSquares}[op]
	b.all(o, outer*inner, n)
}

type argMaxOp struct {
	set kernel.Set
	dst []int32
	x   []float32
	n   int
}

func (o *argMaxOp) span(lo, hi, _ int) { o.set.ArgMax(o.dst[lo:hi], o.x[lo*o.n:hi*o.n], o.n) }

func (b *cpuBackend) ArgMax(dst, x *Tensor) {
	checkArgMax(b.dev, dst, x)
	b.ops.argMax = argMaxOp{b.set, dst.Int32s(), x.Float32s(), x.rowLen()}
	b.all(&b.ops.argMax, dst.len, x.rowLen())
}

// topKOp keeps a heap of the k best of each row, the worst at its root.
type topKOp struct {
	values, x []float32
	idx       []int32
	n, k      int
}

// before orders elements: greater first, equals by index, NaN last.
func before(v float32, i int32, w float32, j int32) bool {
	switch {
	case v > w:
		return true
	case v < w:
		return false
	case v != v || w != w:
		return v == v || w != w && i < j
	}
	return i < j
}

func (o *topKOp) span(lo, hi, _ int) {
	for r := lo; r < hi; r++ {
		o.row(o.values[r*o.k:(r+1)*o.k], o.idx[r*o.k:(r+1)*o.k], o.x[r*o.n:(r+1)*o.n])
	}
}

func (o *topKOp) row(v []float32, idx []int32, x []float32) {
	k := len(v)
	for i, e := range x {
		switch {
		case i < k:
			v[i], idx[i] = e, int32(i)
			if i == k-1 {
				for j := k/2 - 1; j >= 0; j-- {
					siftDown(v, idx, j)
				}
			}
		case before(e, int32(i), v[0], idx[0]):
			v[0], idx[0] = e, int32(i)
			siftDown(v, idx, 0)
		}
	}
	for n := k - 1; n > 0; n-- {
		v[0], v[n], idx[0], idx[n] = v[n], v[0], idx[n], idx[0]
		siftDown(v[:n], idx[:n], 0)
	}
}

// siftDown restores the heap whose root comes after all others.
func siftDown(v []float32, idx []int32, i int) {
	for {
		c := 2*i + 1
		if c >= len(v) {
			return
		}
		if c+1 < len(v) && before(v[c], idx[c], v[c+1], idx[c+1]) {
			c++
		}
		if before(v[c], idx[c], v[i], idx[i]) {
			return
		}
		v[i], v[c], idx[i], idx[c] = v[c], v[i], idx[c], idx[i]
		i = c
	}
}

func (b *cpuBackend) TopK(values, idx, x *Tensor) {
	k := checkTopK(b.dev, values, idx, x)
	if k == 0 {
		return
	}
	b.ops.topK = topKOp{values.Float32s(), x.Float32s(), idx.Int32s(), x.rowLen(), k}
	b.all(&b.ops.topK, x.rows(), 2*x.rowLen())
}

// softmaxOp is one of the four functions of softmax.
type softmaxOp struct {
	set       kernel.Set
	dst, x, y []float32 // y for gradients, where x is dy
	mask      []uint8
	n         int
	log       bool
}

func (o *softmaxOp) span(lo, hi, _ int) {
	dst, x := o.dst[lo*o.n:hi*o.n], o.x[lo*o.n:hi*o.n]
	if o.y != nil {
		y := o.y[lo*o.n : hi*o.n]
		if o.log {
			o.set.LogSoftmaxGrad(dst, x, y, o.n)
		} else {
			o.set.SoftmaxGrad(dst, x, y, o.n)
		}
		return
	}
	mask := o.mask
	if mask != nil {
		mask = mask[lo*o.n : hi*o.n]
	}
	if o.log {
		o.set.LogSoftmax(dst, x, o.n, mask)
	} else {
		o.set.Softmax(dst, x, o.n, mask)
	}
}

func (b *cpuBackend) softmax(dst, x, mask, y *Tensor, log bool) {
	if x.len == 0 {
		return
	}
	o := &b.ops.softmax
	*o = softmaxOp{set: b.set, dst: dst.Float32s(), x: x.Float32s(), n: x.rowLen(), log: log}
	if mask != nil {
		o.mask = mask.Uint8s()
	}
	if y != nil {
		o.y = y.Float32s()
	}
	b.all(o, x.rows(), 4*o.n)
}

func (b *cpuBackend) Softmax(dst, x, mask *Tensor) {
	checkSoftmax("Softmax", b.dev, dst, x, mask)
	b.softmax(dst, x, mask, nil, false)
}

func (b *cpuBackend) LogSoftmax(dst, x, mask *Tensor) {
	checkSoftmax("LogSoftmax", b.dev, dst, x, mask)
	b.softmax(dst, x, mask, nil, true)
}

func (b *cpuBackend) SoftmaxGrad(dx, dy, y *Tensor) {
	checkSoftmaxGrad("SoftmaxGrad", b.dev, dx, dy, y)
	b.softmax(dx, dy, nil, y, false)
}

func (b *cpuBackend) LogSoftmaxGrad(dx, dy, y *Tensor) {
	checkSoftmaxGrad("LogSoftmaxGrad", b.dev, dx, dy, y)
	b.softmax(dx, dy, nil, y, true)
}

// twoHotOp spreads values over the bins beside them.
type twoHotOp struct{ dst, values, bins []float32 }

func (o *twoHotOp) span(lo, hi, _ int) {
	n := len(o.bins)
	for i := lo; i < hi; i++ {
		row, v := o.dst[i*n:(i+1)*n], o.values[i]
		clear(row)
		if v != v {
			fill(row, float32(math.NaN()))
			continue
		}
		j, _ := slices.BinarySearch(o.bins, v)
		switch {
		case j == 0:
			row[0] = 1
		case j == n:
			row[n-1] = 1
		default:
			w := (v - o.bins[j-1]) / (o.bins[j] - o.bins[j-1])
			row[j-1], row[j] = 1-w, w
		}
	}
}

func (b *cpuBackend) TwoHot(dst, values, bins *Tensor) {
	checkTwoHot(b.dev, dst, values, bins)
	b.ops.twoHot = twoHotOp{dst.Float32s(), values.Float32s(), bins.Float32s()}
	b.all(&b.ops.twoHot, values.len, bins.len)
}
