package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// attendOp is attention over whole sequences, one head of one sequence a part;
// with dqkv its gradient.
type attendOp struct {
	set                       kernel.Set
	dim                       attentionDims
	dqkv, dout, out, lse, qkv []float32
	causal                    bool
	scratch                   []float32
	heads                     []kernel.Head // one a thread
}

func (o *attendOp) span(lo, hi, thread int) {
	for i := lo; i < hi; i++ {
		o.head(i/o.dim.h, i%o.dim.h, thread)
	}
}

func (o *attendOp) head(seq, h, thread int) {
	a, c := o.dim, o.dim.c()
	size := kernel.AttentionScratch(a.t, a.d)
	head := &o.heads[thread]
	*head = kernel.Head{
		T: a.t, D: a.d, LD: 3 * c, LDO: c, Causal: o.causal, Scale: float32(1 / math.Sqrt(float64(a.d))),
		Scratch: o.scratch[thread*size : (thread+1)*size],
	}
	in, out := seq*a.t*3*c+h*a.d, seq*a.t*c+h*a.d
	q, k, v := o.qkv[in:], o.qkv[in+c:], o.qkv[in+2*c:]
	lse := o.lse[(seq*a.h+h)*a.t:][:a.t]
	if o.dqkv == nil {
		o.set.Attend(o.out[out:], lse, q, k, v, head)
		return
	}
	o.set.AttendGrad(o.dqkv[in:], o.dqkv[in+c:], o.dqkv[in+2*c:], o.dout[out:], o.out[out:], lse, q, k, v, head)
}

func (b *cpuBackend) Attention(out, lse, qkv *Tensor, heads int, causal bool) {
	a := checkAttention("Attention", b.dev, heads, qkv, out, lse)
	b.ops.attend = attendOp{
		set: b.set, dim: a, out: out.Float32s(), lse: lse.Float32s(), qkv: qkv.Float32s(),
		causal: causal, heads: b.ops.attend.heads,
	}
	b.attend(4)
}

func (b *cpuBackend) AttentionGrad(dqkv, dout, out, lse, qkv *Tensor, heads int, causal bool) {
	const op = "AttentionGrad"
	a := checkAttention(op, b.dev, heads, qkv, out, lse, dqkv, dout)
	equal(op, qkv, dqkv)
	equal(op, out, dout)
	apart(op, dqkv, qkv, dout, out)
	b.ops.attend = attendOp{
		set: b.set, dim: a, dqkv: dqkv.Float32s(), dout: dout.Float32s(), out: out.Float32s(), lse: lse.Float32s(),
		qkv: qkv.Float32s(), causal: causal, heads: b.ops.attend.heads,
	}
	b.attend(10)
}

// attend runs the heads; flops is the operations an element of the scores takes
// for each column.
func (b *cpuBackend) attend(flops int) {
	o := &b.ops.attend
	if o.dim.b*o.dim.t*o.dim.c() == 0 || !b.begin() {
		return
	}
	defer b.end()
	o.scratch = b.workspace(b.dev.team.size * kernel.AttentionScratch(o.dim.t, o.dim.d))
	if b.err == nil {
		b.over(o, o.dim.b*o.dim.h, flops*o.dim.t*o.dim.t*o.dim.d/32)
	}
}

// appendOp writes keys and values of sequences into caches.
type appendOp struct {
	set          kernel.Set
	dim          attentionDims
	keys, values *Tensor
	qkv          []float32
	pos          []int32
}

func (o *appendOp) span(lo, hi, _ int) {
	a, c := o.dim, o.dim.c()
	for i := lo; i < hi; i++ {
		for h := range a.h {
			at := ((i*a.h+h)*a.t + int(o.pos[i])) * a.d
			from := i*3*c + c + h*a.d
			o.store(o.keys, at, o.qkv[from:from+a.d])
			o.store(o.values, at, o.qkv[from+c:from+c+a.d])
		}
	}
}

func (o *appendOp) store(cache *Tensor, at int, row []float32) {
	if cache.dtype == BF16 {
		o.set.ToBF16(cache.BFloat16s()[at:at+len(row)], row)
		return
	}
	copy(cache.Float32s()[at:], row)
}

func (b *cpuBackend) CacheAppend(keys, values, qkv, pos *Tensor) {
	a := checkCache("CacheAppend", b.dev, keys, values, qkv, pos)
	checkPositions("CacheAppend", pos.Int32s(), a.t)
	b.ops.append = appendOp{b.set, a, keys, values, qkv.Float32s(), pos.Int32s()}
	b.all(&b.ops.append, a.b, 2*a.c())
}

// decodeOp is attention of one query over a cache, one head of one sequence a row.
type decodeOp struct {
	set          kernel.Set
	dim          attentionDims
	out, qkv     []float32
	pos          []int32
	keys, values []float32
	keysH, valsH []uint16
	scratch      []float32
	scale        float32
}

func (o *decodeOp) span(lo, hi, thread int) {
	a, c := o.dim, o.dim.c()
	size := a.t + exact.Lanes
	scratch := o.scratch[thread*size : (thread+1)*size]
	for i := lo; i < hi; i++ {
		seq, h := i/a.h, i%a.h
		t := int(o.pos[seq]) + 1
		q := o.qkv[seq*3*c+h*a.d:][:a.d]
		out := o.out[seq*c+h*a.d:][:a.d]
		at, end := i*a.t*a.d, (i*a.t+t)*a.d
		if o.keysH != nil {
			o.set.DecodeBF16(out, q, o.keysH[at:end], o.valsH[at:end], t, a.d, o.scale, scratch)
			continue
		}
		o.set.Decode(out, q, o.keys[at:end], o.values[at:end], t, a.d, o.scale, scratch)
	}
}

func (b *cpuBackend) DecodeAttention(out, qkv, keys, values, pos *Tensor) {
	a := checkDecode(b.dev, out, qkv, keys, values, pos)
	checkPositions("DecodeAttention", pos.Int32s(), a.t)
	if a.b*a.c() == 0 || !b.begin() {
		return
	}
	defer b.end()
	o := &b.ops.decode
	*o = decodeOp{
		set: b.set, dim: a, out: out.Float32s(), qkv: qkv.Float32s(), pos: pos.Int32s(),
		scratch: b.workspace(b.dev.team.size * (a.t + exact.Lanes)), scale: float32(1 / math.Sqrt(float64(a.d))),
	}
	if keys.dtype == BF16 {
		o.keysH, o.valsH = keys.BFloat16s(), values.BFloat16s()
	} else {
		o.keys, o.values = keys.Float32s(), values.Float32s()
	}
	if b.err == nil {
		b.over(o, a.b*a.h, a.t*a.d/4)
	}
}
