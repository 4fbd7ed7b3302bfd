package autograd

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// A program is a case on a device: its operands, and the weights that make one
// number of the result. They are drawn from a seed of the case's name.
type program struct {
	t    *testing.T
	c    testCase
	d    *compute.Device
	tp   *Tape
	x, g []*compute.Tensor // operands and their gradients
	w    *compute.Tensor   // weights, of the result's shape; made when it is known
	made map[string]*compute.Tensor
}

func newProgram(t *testing.T, d *compute.Device, c testCase) *program {
	t.Helper()
	p := &program{t: t, c: c, d: d, tp: tape(t, d), made: map[string]*compute.Tensor{}}
	in := c.in
	if in == nil {
		in = anywhere
	}
	for i, s := range c.shapes {
		p.x = append(p.x, tensor(t, d, draw(p.rand(uint64(i)), size(s), in), s...))
		p.g = append(p.g, tensor(t, d, slices.Repeat([]float32{-1e30}, size(s)), s...)) // poisoned
	}
	return p
}

func (p *program) rand(stream uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.c.name))
	return rand.New(rand.NewPCG(h.Sum64(), stream))
}

// once makes a tensor in the first step, and gives the same in later ones.
func (p *program) once(what string, src func() any, shape []int) *compute.Tensor {
	if p.made[what] == nil {
		p.made[what] = tensor(p.t, p.d, src(), shape...)
	}
	return p.made[what]
}

func (p *program) consts() consts {
	return consts{
		floats: func(seed uint64, in domain, shape ...int) *compute.Tensor {
			return p.once(fmt.Sprint(seed), func() any { return draw(p.rand(100+seed), size(shape), in) }, shape)
		},
		ints: func(x []int32, shape ...int) *compute.Tensor {
			return p.once("ints", func() any { return x }, shape)
		},
		bytes: func(x []uint8, shape ...int) *compute.Tensor {
			return p.once("bytes", func() any { return x }, shape)
		},
	}
}

// result writes the case onto the tape, with the operands that needs says as
// parameters. It does not reset the tape.
func (p *program) result(needs func(i int) bool) *Var {
	var v []*Var
	for i := range p.x {
		if needs(i) {
			v = append(v, p.tp.Param(p.x[i], p.g[i]))
		} else {
			v = append(v, p.tp.Const(p.x[i]))
		}
	}
	return p.c.f(p.tp, p.consts(), v)
}

// weigh makes one number of a result.
func (p *program) weigh(y *Var) *Var {
	if p.tp.Err() != nil {
		return y
	}
	s := y.Value().Shape()
	if p.w == nil {
		p.w = tensor(p.t, p.d, draw(p.rand(99), size(s), away), s...)
	}
	return p.tp.Sum(p.tp.Mul(y, p.tp.Const(p.w)))
}

func all(int) bool { return true }

// gradients runs a step and gives all gradients.
func (p *program) gradients(needs func(i int) bool) [][]float32 {
	p.t.Helper()
	p.tp.Reset()
	p.tp.Backward(p.weigh(p.result(needs)))
	return p.read()
}

func (p *program) read() [][]float32 {
	p.t.Helper()
	if err := p.tp.Err(); err != nil {
		p.t.Fatal(err)
	}
	var g [][]float32
	for _, x := range p.g {
		g = append(g, numbers(p.t, x))
	}
	return g
}

// value is the weighed result, summed in float64.
func (p *program) value() float64 {
	p.tp.Reset()
	y, w := numbers(p.t, p.result(all).Value()), numbers(p.t, p.w)
	sum := 0.0
	for i := range y {
		sum += float64(y[i]) * float64(w[i])
	}
	return sum
}

// differences are the derivatives with respect to operand i by central
// differences of fourth order.
func (p *program) differences(i int) []float32 {
	const h = 1.0 / 64
	x := numbers(p.t, p.x[i])
	g := make([]float32, len(x))
	at := func(j int, by float64) float64 {
		y := slices.Clone(x)
		y[j] += float32(by)
		if err := p.x[i].CopyFrom(y); err != nil {
			p.t.Fatal(err)
		}
		return p.value()
	}
	for j := range x {
		near, far := at(j, h)-at(j, -h), at(j, 2*h)-at(j, -2*h)
		g[j] = float32((8*near - far) / (12 * h))
	}
	if err := p.x[i].CopyFrom(x); err != nil {
		p.t.Fatal(err)
	}
	return g
}

// tolerance of differences: the result's rounding, 2^-24 of numbers about 1 in
// sums of tens, over the step; and the fifth derivative times its fourth power.
const tolerance = 2e-4

// TestGradients holds the gradient of every operation against differences.
func TestGradients(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			for i, g := range p.gradients(all) {
				near(t, fmt.Sprint("gradient of operand ", i), g, p.differences(i), tolerance)
			}
		})
	}
}

// TestGradientsAreAdded writes every operation twice onto one tape: the gradient
// that comes second must be added, whichever operation it comes from.
func TestGradientsAreAdded(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			once := p.gradients(all)
			p.tp.Reset()
			p.tp.Backward(p.tp.Add(p.weigh(p.result(all)), p.weigh(p.result(all))))
			twice(t, p.read(), once)
		})
	}
}

// TestResetAccumulate runs a step on top of another.
func TestResetAccumulate(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			once := p.gradients(all)
			p.tp.ResetAccumulate()
			p.tp.Backward(p.weigh(p.result(all)))
			twice(t, p.read(), once)
			again := p.gradients(all)
			for i := range once {
				if !slices.Equal(again[i], once[i]) {
					t.Errorf("gradient %d is not overwritten after Reset", i)
				}
			}
		})
	}
}

func twice(t *testing.T, got, once [][]float32) {
	t.Helper()
	for i := range once {
		want := make([]float32, len(once[i]))
		for j, g := range once[i] {
			want[j] = 2 * g
		}
		near(t, fmt.Sprint("gradient of operand ", i), got[i], want, 2e-6)
	}
}

// TestConstantsHaveNoGradient makes each operand the only parameter: its gradient
// is the same bits, and no other is touched.
func TestConstantsHaveNoGradient(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			want := p.gradients(all)
			for only := range p.x {
				for _, g := range p.g {
					p.tp.Backend().Fill(g, 7)
				}
				for i, g := range p.gradients(func(i int) bool { return i == only }) {
					if i != only {
						want[i] = slices.Repeat([]float32{7}, len(g))
					}
					near(t, fmt.Sprintf("gradient %d, only %d wanted", i, only), g, want[i], 0)
				}
				want = p.gradients(all)
			}
			p.tp.Reset()
			y := p.weigh(p.result(func(int) bool { return false }))
			p.tp.Backward(y)
			if y.Grad() != nil || p.tp.Err() != nil {
				t.Errorf("a constant has gradient %v, error %v", y.Grad(), p.tp.Err())
			}
		})
	}
}

// TestGradientsAreTheSameBits compares every level and number of threads.
func TestGradientsAreTheSameBits(t *testing.T) {
	want := map[string][][]float32{}
	for i, level := range append([]string{"purego"}, compute.CPULevels()...) {
		t.Run(level, func(t *testing.T) {
			d := open(t, "cpu/"+level, compute.Options{Threads: 1 + i%3})
			for _, c := range testCases() {
				t.Run(c.name, func(t *testing.T) {
					got := newProgram(t, d, c).gradients(all)
					if want[c.name] == nil {
						want[c.name] = got
					}
					for j := range got {
						near(t, fmt.Sprint("gradient ", j), got[j], want[c.name][j], 0)
					}
				})
			}
		})
	}
}
