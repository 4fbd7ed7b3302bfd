package conformance

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute/internal/ref"
)

func sampling(s *suite) {
	s.method("GumbelMax", testGumbelMax)
	s.method("GumbelMaxFrequencies", testFrequencies)
}

// draws is the arguments of GumbelMax for rows of n logits.
type draws struct {
	n        int
	x, floor []float32
	invT     float32
	key      [2]uint32
	ids      []uint64
	step     []uint32
}

func (d draws) run(c *call) {
	n, m := d.n, len(d.ids)
	tokens, x, floor, ids, step := write[int32](c, m), read(c, d.x), readOrNil(c, d.floor), read(c, d.ids), read(c, d.step)
	for _, s := range c.spans(m, 1) {
		c.GumbelMax(tokens[s.from:s.to], x[s.from*n:s.to*n], n, d.invT, piece(floor, s.from, s.to), d.key, ids[s.from:s.to], step[s.from:s.to])
	}
}

func (o *op) draws(m, n int) draws {
	d := draws{n: n, x: Normal(o.Rand, m*n), invT: []float32{0, 1, 0.7, 3}[o.IntN(4)], key: [2]uint32{o.Uint32(), o.Uint32()}}
	for range m {
		d.ids, d.step = append(d.ids, o.Uint64()), append(d.step, o.Uint32())
	}
	if o.chance() {
		d.floor = Normal(o.Rand, m)
	}
	return d
}

// best accepts a token whose score is within the rounding of float32 of the
// greatest among the candidates, and 0 if there are none.
func (d draws) best(got any) error {
	for i, token := range got.([]int32) {
		row := d.x[i*d.n : (i+1)*d.n]
		scores := ref.GumbelScores(ref.Float64(row), float64(d.invT), ref.Draw{Key: d.key, ID: d.ids[i], Step: d.step[i]})
		top := math.Inf(-1)
		for j, v := range row {
			if d.floor != nil && !(v >= d.floor[i]) {
				scores[j] = math.NaN()
			}
			if scores[j] > top {
				top = scores[j]
			}
		}
		if math.IsInf(top, -1) && token == 0 {
			continue
		}
		if token < 0 || int(token) >= d.n || !(scores[token] >= top-1e-5*(1+math.Abs(top))) {
			return fmt.Errorf("row %d: token %d is not the best", i, token)
		}
	}
	return nil
}

func testGumbelMax(o *op) {
	for _, g := range o.rows() {
		d := o.draws(g.from, g.to)
		name := fmt.Sprintf("%d by %d, 1/T %v, floor %t", g.from, g.to, d.invT, d.floor != nil)
		o.check(example{name: name, run: d.run, want: []Judge{d.best}})
		d.x = Sprinkle(o.Rand, d.x, 3)
		o.check(example{name: "special numbers, " + name, run: d.run})
	}
}

// testFrequencies draws from one distribution often, and compares the counts with
// the probabilities by Pearson's chi-square test. The seed is fixed: 17 tokens have
// 16 degrees of freedom, and a statistic of more than 39.25 has a probability of
// 0.001.
func testFrequencies(o *op) {
	const tokens, rows = 17, 1 << 16
	logits := make([]float64, tokens)
	for j := range logits {
		logits[j] = math.Sin(float64(j)) // about 0.03 to 0.09 each
	}
	d := draws{n: tokens, invT: 0.8, key: [2]uint32{20, 11}}
	for i := range rows {
		d.x = append(d.x, ref.Float32(logits)...)
		d.ids, d.step = append(d.ids, uint64(i/64)), append(d.step, uint32(i%64))
	}
	drawn := make([]int32, rows)
	o.suite.set.GumbelMax(drawn, d.x, tokens, d.invT, nil, d.key, d.ids, d.step)
	counts := make([]float64, tokens)
	for _, token := range drawn {
		counts[token]++
	}
	p := ref.Softmax(ref.Scale(float64(d.invT), logits), tokens, nil)
	statistic := 0.0
	for j, count := range counts {
		expected := p[j] * rows
		statistic += (count - expected) * (count - expected) / expected
	}
	if q := ChiSquareUpper(statistic, tokens-1); q < 0.001 || q > 0.9999 {
		o.Errorf("chi-square of %d draws is %.2f (16 degrees of freedom), whose upper probability is %.2g", rows, statistic, q)
	}
}

// ChiSquareUpper is the probability that a chi-square variable of an even number
// of degrees of freedom exceeds x: exp(-x/2) times the sum of (x/2)^i/i! for
// i < degrees/2, that of a Poisson variable below degrees/2.
func ChiSquareUpper(x float64, degrees int) float64 {
	term, sum := 1.0, 0.0
	for i := range degrees / 2 {
		if i > 0 {
			term *= x / 2 / float64(i)
		}
		sum += term
	}
	return math.Exp(-x/2) * sum
}
