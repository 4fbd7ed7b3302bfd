package compute

import (
	"math"

	"github.com/chimera-1/chimera/compute/internal/cuda"
)

// attend is a command over the heads of qkv [b,t,3c] and out [b,t,c].
func (b *cudaBackend) attend(op cuda.Op, a attentionDims, causal bool) *cuda.Cmd {
	flags := uint32(0)
	if causal {
		flags = cuda.Causal
	}
	c := a.c()
	return scaled(b.cmd(op, flags, a.b, a.h, a.t, a.d, 3*c, c, a.t*3*c, a.d, a.t*c, a.d), headScale(a))
}

func headScale(a attentionDims) float32 { return float32(1 / math.Sqrt(float64(a.d))) }

func (b *cudaBackend) Attention(out, lse, qkv *Tensor, heads int, causal bool) {
	a := checkAttention("Attention", b.dev, heads, qkv, out, lse)
	if a.b*a.t*a.c() == 0 || !b.begin() {
		return
	}
	c := b.attend(cuda.Attend, a, causal)
	use(c, out, lse, qkv, qkv, qkv)
	c.Offset[3] += uint64(a.c())
	c.Offset[4] += uint64(2 * a.c())
	b.flush()
}

func (b *cudaBackend) AttentionGrad(dqkv, dout, out, lse, qkv *Tensor, heads int, causal bool) {
	const op = "AttentionGrad"
	a := checkAttention(op, b.dev, heads, qkv, out, lse, dqkv, dout)
	equal(op, qkv, dqkv)
	equal(op, out, dout)
	apart(op, dqkv, qkv, dout, out)
	if a.b*a.t*a.c() == 0 || !b.begin() {
		return
	}
	c := b.attend(cuda.AttendGrad, a, causal)
	use(c, dqkv, dqkv, dqkv, dout, out, lse, qkv, qkv, qkv)
	for i := 1; i < 3; i++ {
		c.Offset[i] += uint64(i * a.c())
		c.Offset[6+i] += uint64(i * a.c())
	}
	b.flush()
}

// cacheFlags say how a cache's elements are stored.
func cacheFlags(cache *Tensor) uint32 {
	if cache.dtype == BF16 {
		return cuda.BF16
	}
	return 0
}

func (b *cudaBackend) CacheAppend(keys, values, qkv, pos *Tensor) {
	a := checkCache("CacheAppend", b.dev, keys, values, qkv, pos)
	if a.b*a.c() == 0 || !b.begin() {
		return
	}
	for i, cache := range [2]*Tensor{keys, values} {
		c := b.cmd(cuda.CacheAppend, cacheFlags(cache), a.b, a.h, 1, a.d, a.t, 0, 3*a.c(), a.d, 0)
		use(c, cache, qkv, pos)
		c.Offset[1] += uint64((i + 1) * a.c())
	}
	b.flush()
}

func (b *cudaBackend) DecodeAttention(out, qkv, keys, values, pos *Tensor) {
	a := checkDecode(b.dev, out, qkv, keys, values, pos)
	if a.b*a.c() == 0 || !b.begin() {
		return
	}
	c := b.cmd(cuda.Decode, cacheFlags(keys), a.b, a.h, a.t, a.d, 3*a.c(), a.d, a.c(), a.d, a.h*a.t*a.d, a.t*a.d, 1)
	b.one(scaled(c, headScale(a)), out, qkv, keys, values, pos)
}
