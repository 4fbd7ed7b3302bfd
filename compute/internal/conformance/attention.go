package conformance

import (
	"fmt"
	"math"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func attention(s *suite) {
	s.method("Attend", testAttend)
	s.method("AttendGrad", testAttendGrad)
	s.method("Decode", func(o *op) { testDecode(o, false) })
	s.method("DecodeBF16", func(o *op) { testDecode(o, true) })
}

// heads are shapes: positions and width.
func (o *op) heads() []span {
	h := []span{{1, 1}, {1, 64}, {2, 3}, {13, 32}, {16, 16}, {31, 8}, {32, 64}, {33, 17}, {64, 64}, {65, 33}, {100, 5}, {130, 64}}
	if !testing.Short() {
		h = append(h, span{257, 64}, span{300, 7}, span{128, 128}, span{63, 1}, span{17, 100})
	}
	return h
}

// head is the operands of attention.
type head struct {
	kernel.Head
	q, k, v, dout []float32
}

func (o *op) head(s span) head {
	t, d := s.from, s.to
	h := head{Head: kernel.Head{T: t, D: d, LD: d + o.gap(), LDO: d + o.gap(), Scale: float32(1 / math.Sqrt(float64(d))), Causal: o.chance()}}
	h.q, h.k, h.v, h.dout = Normal(o.Rand, t*d), Normal(o.Rand, t*d), Normal(o.Rand, t*d), Normal(o.Rand, t*d)
	if o.IntN(4) == 0 {
		scaled(h.q, 100) // scores whose exponentials overflow
	}
	return h
}

func (h head) String() string {
	return fmt.Sprintf("t %d d %d ld %d ldo %d causal %t", h.T, h.D, h.LD, h.LDO, h.Causal)
}

func (h head) operand(c *call, x []float32) []float32 { return lend(c, input, x, h.T, h.D, h.LD) }

func (h head) result(c *call, ld int) []float32 { return lend[float32](c, output, nil, h.T, h.D, ld) }

func (h head) args(c *call) *kernel.Head {
	args := h.Head
	args.Scratch = scratch(c, kernel.AttentionScratch(h.T, h.D))
	return &args
}

func (h head) attend(c *call) {
	out, lse := h.result(c, h.LDO), write[float32](c, h.T)
	c.Attend(out, lse, h.operand(c, h.q), h.operand(c, h.k), h.operand(c, h.v), h.args(c))
}

func (h head) ref() (out, lse []float64) {
	return ref.Attention(ref.Float64(h.q), ref.Float64(h.k), ref.Float64(h.v), h.T, h.T, h.D, float64(h.Scale), h.Causal)
}

// sharpness is the size of the scores, whose rounding the exponentials magnify:
// that of the terms as well, as they may cancel.
func (h head) sharpness() float64 {
	typical := size(h.q) * size(h.k) / 9 // of three sigma each
	most := max(1, typical*float64(h.Scale)*math.Sqrt(float64(h.D)))
	for _, s := range ref.MatMul(ref.Float64(h.q), ref.Float64(h.k), h.T, h.T, h.D, false, true) {
		most = max(most, math.Abs(s*float64(h.Scale)))
	}
	return most
}

func testAttend(o *op) {
	for _, s := range append(o.heads(), o.heads()...) {
		h := o.head(s)
		out, lse := h.ref()
		scale := h.sharpness()
		o.check(example{name: h.String(), run: h.attend, want: []Judge{Near(out, 1e-6, max(1, scale)), Near(lse, 1e-6, max(1, scale))}})
		if h.Causal && h.T > 1 {
			h.unseen(o)
		}
		h.q, h.k, h.v = Sprinkle(o.Rand, h.q, 200), Sprinkle(o.Rand, h.k, 200), Sprinkle(o.Rand, h.v, 200)
		o.check(example{name: "special numbers, " + h.String(), run: h.attend})
	}
}

// unseen puts NaN behind a position and looks whether those before it change.
func (h head) unseen(o *op) {
	at := 1 + o.IntN(h.T-1)
	out, lse := h.ref()
	scale := h.sharpness()
	h.q, h.k, h.v = clone(h.q), clone(h.k), clone(h.v)
	for i := at * h.D; i < len(h.k); i++ {
		h.q[i], h.k[i], h.v[i] = float32(math.NaN()), float32(math.NaN()), float32(math.Inf(1))
	}
	before := func(want []float64, n int) Judge {
		return func(got any) error { return Near(want[:n], 1e-6, scale)(got.([]float32)[:n]) }
	}
	o.check(example{name: fmt.Sprintf("NaN from position %d, %v", at, h), run: h.attend,
		want: []Judge{before(out, at*h.D), before(lse, at)}})
}

func clone(x []float32) []float32 { return append([]float32(nil), x...) }

func (h head) attendGrad(out, lse []float32) func(c *call) {
	return func(c *call) {
		dq, dk, dv := h.result(c, h.LD), h.result(c, h.LD), h.result(c, h.LD)
		dout := lend(c, input, h.dout, h.T, h.D, h.LDO)
		out := lend(c, input, out, h.T, h.D, h.LDO)
		c.AttendGrad(dq, dk, dv, dout, out, read(c, lse), h.operand(c, h.q), h.operand(c, h.k), h.operand(c, h.v), h.args(c))
	}
}

func testAttendGrad(o *op) {
	for _, s := range o.heads() {
		h := o.head(s)
		out, lse := h.ref()
		dq, dk, dv := ref.AttentionGrad(ref.Float64(h.dout), ref.Float64(h.q), ref.Float64(h.k), ref.Float64(h.v),
			h.T, h.T, h.D, float64(h.Scale), h.Causal)
		scale := 2 * h.sharpness()
		o.check(example{name: h.String(), run: h.attendGrad(ref.Float32(out), ref.Float32(lse)),
			want: []Judge{Near(dq, 1e-6, scale), Near(dk, 1e-6, scale*scale), Near(dv, 1e-6, scale)}})
		h.q, h.k, h.dout = Sprinkle(o.Rand, h.q, 200), Sprinkle(o.Rand, h.k, 200), Sprinkle(o.Rand, h.dout, 200)
		o.check(example{name: "special numbers, " + h.String(), run: h.attendGrad(ref.Float32(out), ref.Float32(lse))})
	}
}

func testDecode(o *op, bf16 bool) {
	for _, s := range append(o.heads(), span{257, 64}, span{1000, 64}, span{4099, 3}) {
		h := o.head(s)
		if bf16 {
			h.k, h.v = ref.Float32(throughBF16(h.k)), ref.Float32(throughBF16(h.v))
		}
		q := h.q[:h.D]
		run := func(c *call) { h.decode(c, q, bf16) }
		out, _ := ref.Attention(ref.Float64(q), ref.Float64(h.k), ref.Float64(h.v), 1, h.T, h.D, float64(h.Scale), false)
		o.check(example{name: h.String(), run: run, want: []Judge{Near(out, 1e-6, h.sharpness())}})
		h.k, h.v, q = Sprinkle(o.Rand, h.k, h.T*h.D), Sprinkle(o.Rand, h.v, h.T*h.D), Sprinkle(o.Rand, q, 5*h.D)
		o.check(example{name: "special numbers, " + h.String(), run: run})
	}
}

func (h head) decode(c *call, q []float32, bf16 bool) {
	out, scratch := write[float32](c, h.D), scratch(c, h.T+exact.Lanes)
	if !bf16 {
		c.Decode(out, read(c, q), read(c, h.k), read(c, h.v), h.T, h.D, h.Scale, scratch)
		return
	}
	c.DecodeBF16(out, read(c, q), read(c, bfloat16s(h.k)), read(c, bfloat16s(h.v)), h.T, h.D, h.Scale, scratch)
}

func bfloat16s(x []float32) []uint16 {
	y := make([]uint16, len(x))
	for i, v := range x {
		y[i] = ref.BFloat16(v)
	}
	return y
}
