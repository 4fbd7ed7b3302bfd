package backendtest

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// heads is attention of b sequences of t positions in h heads of width d.
type heads struct {
	b, t, h, d     int
	causal         bool
	qkv, dout      []float32
	out, lse, dqkv []float64
}

func attention(b *builder) {
	for _, s := range [][4]int{{1, 1, 1, 1}, {2, 5, 3, 4}, {3, 33, 2, 17}, {1, 65, 2, 64}, {2, 130, 1, 32}, {0, 4, 2, 3}, {2, 0, 2, 3}} {
		for _, causal := range []bool{false, true} {
			x := heads{b: s[0], t: s[1], h: s[2], d: s[3], causal: causal}
			x.qkv, x.dout = b.normal(x.b*x.t*3*x.c(), false), b.normal(x.b*x.t*x.c(), false)
			x.reference()
			name := fmt.Sprintf("%v, causal %t", s, causal)
			b.add(example{op: "Attention", name: name, run: x.forward, want: []conformance.Judge{b.near(x.out, 1), b.near(x.lse, 4)}})
			b.add(example{op: "AttentionGrad", name: name, run: x.backward, want: []conformance.Judge{b.near(x.dqkv, 4)}})
			x.qkv = conformance.Sprinkle(b.Rand, x.qkv, 300)
			b.add(example{op: "Attention", name: "special numbers, " + name, run: x.forward})
			b.add(example{op: "AttentionGrad", name: "special numbers, " + name, run: x.backward})
		}
	}
	for _, s := range [][4]int{{1, 1, 1, 1}, {2, 7, 3, 4}, {5, 64, 2, 64}, {3, 100, 4, 17}, {2, 400, 1, 32}, {0, 4, 2, 3}} {
		for _, d := range []compute.DType{compute.F32, compute.BF16} {
			b.decode(s[0], s[1], s[2], s[3], d)
		}
	}
}

func (x *heads) c() int { return x.h * x.d }

// part of a row of c numbers of head h: q, k or v, or of the output.
func part(rows []float32, t, width, at, d int) []float64 {
	var y []float64
	for i := range t {
		for _, v := range rows[i*width+at : i*width+at+d] {
			y = append(y, float64(v))
		}
	}
	return y
}

// reference is each head of each sequence by itself.
func (x *heads) reference() {
	c, scale := x.c(), 1/math.Sqrt(float64(x.d))
	x.out, x.dqkv = make([]float64, x.b*x.t*c), make([]float64, x.b*x.t*3*c)
	for s := range x.b {
		rows, drows := x.qkv[s*x.t*3*c:(s+1)*x.t*3*c], x.dout[s*x.t*c:(s+1)*x.t*c]
		for h := range x.h {
			q, k, v := part(rows, x.t, 3*c, h*x.d, x.d), part(rows, x.t, 3*c, c+h*x.d, x.d), part(rows, x.t, 3*c, 2*c+h*x.d, x.d)
			out, lse := ref.Attention(q, k, v, x.t, x.t, x.d, scale, x.causal)
			dq, dk, dv := ref.AttentionGrad(part(drows, x.t, c, h*x.d, x.d), q, k, v, x.t, x.t, x.d, scale, x.causal)
			x.lse = append(x.lse, lse...)
			for i := range x.t {
				copy(x.out[(s*x.t+i)*c+h*x.d:], out[i*x.d:(i+1)*x.d])
				for g, grad := range [][]float64{dq, dk, dv} {
					copy(x.dqkv[(s*x.t+i)*3*c+g*c+h*x.d:], grad[i*x.d:(i+1)*x.d])
				}
			}
		}
	}
}

func (x heads) forward(e *env) {
	out, lse, qkv := e.out(x.b, x.t, x.c()), e.out(x.b, x.h, x.t), e.in(x.qkv, x.b, x.t, 3*x.c())
	for _, s := range e.spans(x.b) {
		e.Attention(s.rows(out), s.rows(lse), s.rows(qkv), x.h, x.causal)
	}
}

func (x heads) backward(e *env) {
	dqkv, dout := e.out(x.b, x.t, 3*x.c()), e.in(x.dout, x.b, x.t, x.c())
	out, lse := e.in(ref.Float32(x.out), x.b, x.t, x.c()), e.in(ref.Float32(x.lse), x.b, x.h, x.t)
	qkv := e.in(x.qkv, x.b, x.t, 3*x.c())
	for _, s := range e.spans(x.b) {
		e.AttentionGrad(s.rows(dqkv), s.rows(dout), s.rows(out), s.rows(lse), s.rows(qkv), x.h, x.causal)
	}
}

// decode is one step of b sequences at positions of their own: their keys and
// values go into caches, over which their queries look.
func (b *builder) decode(n, t, h, d int, dtype compute.DType) {
	c := h * d
	qkv := b.normal(n*3*c, false)
	caches := [2][]float32{b.normal(n*c*t, false), b.normal(n*c*t, false)}
	if dtype == compute.BF16 {
		caches[0], caches[1] = throughBF16(caches[0]), throughBF16(caches[1])
	}
	pos := conformance.Indices(b.Rand, n, t)
	for i := range min(1, n) {
		pos[i] = int32(t - 1)
	}
	after := [2][]float32{append([]float32(nil), caches[0]...), append([]float32(nil), caches[1]...)}
	out := make([]float64, n*c)
	for i := range n {
		row, seen := qkv[i*3*c:(i+1)*3*c], int(pos[i])+1
		for head := range h {
			at := (i*h + head) * t * d
			for kv := range after {
				written := row[(1+kv)*c+head*d : (1+kv)*c+(head+1)*d]
				if dtype == compute.BF16 {
					written = throughBF16(written)
				}
				copy(after[kv][at+(seen-1)*d:], written)
			}
			q, k, v := row[head*d:(head+1)*d], after[0][at:at+seen*d], after[1][at:at+seen*d]
			y, _ := ref.Attention(ref.Float64(q), ref.Float64(k), ref.Float64(v), 1, seen, d, 1/math.Sqrt(float64(d)), false)
			copy(out[i*c+head*d:], y)
		}
	}
	name := fmt.Sprintf("%d sequences, %d positions, %d heads of %d, %v", n, t, h, d, dtype)
	cache := func(x []float32) any {
		if dtype == compute.BF16 {
			return bfloat16s(x)
		}
		return x
	}
	b.add(example{op: "CacheAppend", name: name, run: func(e *env) {
		keys, values := e.change(cache(caches[0]), n, h, t, d), e.change(cache(caches[1]), n, h, t, d)
		qkv, pos := e.in(qkv, n, 3*c), e.in(pos, n)
		for _, s := range e.spans(n) {
			e.CacheAppend(s.rows(keys), s.rows(values), s.rows(qkv), s.rows(pos))
		}
	}, want: []conformance.Judge{bits(cache(after[0])), bits(cache(after[1]))}})
	b.add(example{op: "DecodeAttention", name: name, run: func(e *env) {
		out, qkv, pos := e.out(n, c), e.in(qkv, n, 3*c), e.in(pos, n)
		keys, values := e.in(cache(after[0]), n, h, t, d), e.in(cache(after[1]), n, h, t, d)
		for _, s := range e.spans(n) {
			e.DecodeAttention(s.rows(out), s.rows(qkv), s.rows(keys), s.rows(values), s.rows(pos))
		}
	}, want: []conformance.Judge{b.near(out, 1)}})
}

func bits(want any) conformance.Judge {
	return func(got any) error { return conformance.SameBits(got, want) }
}

func bfloat16s(x []float32) []uint16 {
	y := make([]uint16, len(x))
	for i, v := range x {
		y[i] = ref.BFloat16(v)
	}
	return y
}

func throughBF16(x []float32) []float32 {
	y := make([]float32, len(x))
	for i, v := range bfloat16s(x) {
		y[i] = float32(ref.FromBFloat16(v))
	}
	return y
}
