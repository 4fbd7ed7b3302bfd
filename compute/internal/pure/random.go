package pure

import (
	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Dropout leaves elements out at random.
func (set) Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, counter2, counter3 uint32) {
	dst = dst[:len(x)]
	for i := 0; i < len(x); i += 4 {
		at := base + uint64(i/4)
		words := exact.Philox(key, [4]uint32{uint32(at), uint32(at >> 32), counter2, counter3})
		for j, w := range words[:min(4, len(x)-i)] {
			if exact.Uniform(w) >= p {
				dst[i+j] = x[i+j] * scale
			} else {
				dst[i+j] = 0
			}
		}
	}
}

// GumbelMax draws a token a row.
func (s set) GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32) {
	for i := range tokens {
		d := draw{invT: invT, key: key, id: ids[i], step: step[i], best: -1}
		if floor != nil {
			d.floor, d.bounded = floor[i], true
		}
		row := x[i*n : i*n+n]
		for j := 0; j < n; j += chunk {
			d.scan(s.arithmetic, row[j:min(j+chunk, n)], j)
		}
		tokens[i] = int32(max(d.best, 0))
	}
}

// draw is the state of a search for the greatest score of a row.
type draw struct {
	invT, floor float32
	bounded     bool
	key         [2]uint32
	id          uint64
	step        uint32
	best        int // -1: none yet
	score       float32
}

// scan goes on with the logits x, the first of which has index at.
func (d *draw) scan(a arithmetic, x []float32, at int) {
	var buf [chunk]float32
	scores := buf[:len(x)]
	copy(scores, x)
	if d.invT != 0 {
		d.noise(a, scores, at)
		for j, v := range x {
			scores[j] = exact.FMA(v, d.invT, scores[j])
		}
	}
	for j, v := range scores {
		if d.bounded && !(x[j] >= d.floor) || v != v {
			continue
		}
		if d.best < 0 || v > d.score {
			d.best, d.score = at+j, v
		}
	}
}

// noise fills dst with numbers of the Gumbel distribution.
func (d *draw) noise(a arithmetic, dst []float32, at int) {
	for j := 0; j < len(dst); j += 4 {
		words := exact.Philox(d.key, [4]uint32{uint32(d.id), uint32(d.id >> 32), d.step, uint32(at+j) / 4})
		for i, w := range words[:min(4, len(dst)-j)] {
			dst[j+i] = exact.Uniform(w)
		}
	}
	if a >= avx2 {
		dst = dst[gumbelAsm(dst):]
	}
	for j, u := range dst {
		dst[j] = -exact.Log(-exact.Log(u))
	}
}

// AdamW is a step of the optimiser.
func (s set) AdamW(p, m, v, grad []float32, a *kernel.AdamW) {
	if s.arithmetic >= avx2 {
		n := adamAsm(p, m, v, grad, a)
		p, m, v, grad = p[n:], m[n:], v[n:], grad[n:]
	}
	m, v, grad = m[:len(p)], v[:len(p)], grad[:len(p)]
	c1, c2 := 1-a.Beta1, 1-a.Beta2
	for i := range p {
		g := float32(grad[i] * a.GradScale)
		m[i] = exact.FMA(a.Beta1, m[i], float32(c1*g))
		v[i] = exact.FMA(a.Beta2, v[i], float32(float32(c2*g)*g))
		u := float32(m[i]*a.Correction1) / (sqrt(float32(v[i]*a.Correction2)) + a.Eps)
		p[i] = exact.FMA(-a.LR, exact.FMA(a.WeightDecay, p[i], u), p[i])
	}
}
