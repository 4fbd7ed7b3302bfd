package nn

import (
	"fmt"
	"math"

	"github.com/chimera-1/chimera/compute"
)

// AdamWConfig are the constants of an [AdamW].
type AdamWConfig struct {
	Beta1, Beta2, Eps float32 // 0 means 0.9, 0.95 and 1e-8
	WeightDecay       float32 // of parameters that decay
	Clip              float64 // greatest norm of all gradients; 0 for none
}

// AdamW is the optimiser of Loshchilov and Hutter 2019 with the moments of a
// model's parameters.
type AdamW struct {
	Config AdamWConfig
	params []*Param
	grads  []*compute.Tensor
	m, v   []*compute.Tensor
	step   int
}

// NewAdamW makes an optimiser, whose moments take twice the memory of the
// parameters. Close gives it back.
func NewAdamW(params []*Param, c AdamWConfig) (*AdamW, error) {
	if c.Beta1 == 0 {
		c.Beta1 = 0.9
	}
	if c.Beta2 == 0 {
		c.Beta2 = 0.95
	}
	if c.Eps == 0 {
		c.Eps = 1e-8
	}
	o := &AdamW{Config: c, params: params}
	for _, p := range params {
		o.grads = append(o.grads, p.Grad)
		for _, list := range []*[]*compute.Tensor{&o.m, &o.v} {
			x, err := p.Value.Device().New(compute.F32, p.Value.Shape()...)
			if err != nil {
				o.Close()
				return nil, fmt.Errorf("moments of %s: %w", p.Name, err)
			}
			*list = append(*list, x)
		}
	}
	return o, nil
}

// Close gives the memory of the moments back.
func (o *AdamW) Close() {
	for _, x := range append(o.m, o.v...) {
		x.Close()
	}
	o.m, o.v = nil, nil
}

// Steps is the number of steps done.
func (o *AdamW) Steps() int { return o.step }

// Step updates the parameters by their gradients, first scaled down to a norm of
// Clip: by min(1, Clip/(norm+1e-6)). It returns the norm before. A gradient with
// NaN or Inf in it makes weights NaN, and shows in the norm.
func (o *AdamW) Step(b compute.Backend, lr float32) (norm float64) {
	norm = b.GlobalNorm(o.grads)
	scale := float32(1)
	if o.Config.Clip > 0 {
		// Not below the least float32: 0 would stand for 1.
		scale = float32(max(min(1, o.Config.Clip/(norm+1e-6)), math.SmallestNonzeroFloat32))
	}
	o.step++
	for i, p := range o.params {
		opt := compute.AdamWOptions{
			LR: lr, Beta1: o.Config.Beta1, Beta2: o.Config.Beta2, Eps: o.Config.Eps, Step: o.step, GradScale: scale,
		}
		if p.Decay {
			opt.WeightDecay = o.Config.WeightDecay
		}
		b.AdamW(p.Value, o.m[i], o.v[i], p.Grad, opt)
	}
	return norm
}

// A Schedule is a learning rate for each step, counted from 0.
type Schedule interface{ LR(step int) float32 }

// Constant is the same learning rate for all steps.
type Constant float32

// LR is the constant.
func (c Constant) LR(int) float32 { return float32(c) }

// WarmupCosine rises linearly to Peak in Warmup steps, and falls to Floor by half
// a cosine until step Total; Loshchilov and Hutter 2017, without restarts.
type WarmupCosine struct {
	Peak, Floor   float32
	Warmup, Total int
}

// LR is Peak*(step+1)/Warmup before the end of the warm-up, and Floor after Total.
func (s WarmupCosine) LR(step int) float32 {
	if step < s.Warmup {
		return float32(float64(s.Peak) * float64(step+1) / float64(s.Warmup))
	}
	if step >= s.Total {
		return s.Floor
	}
	x := float64(step-s.Warmup) / float64(s.Total-s.Warmup)
	return s.Floor + float32(0.5*float64(s.Peak-s.Floor)*(1+math.Cos(math.Pi*x)))
}

// EMA is an exponential moving average of parameters.
type EMA struct {
	Decay  float32
	params []*Param
	avg    []*compute.Tensor
}

// NewEMA makes an average that begins with the parameters as they are. Close
// gives its memory back.
func NewEMA(b compute.Backend, params []*Param, decay float32) (*EMA, error) {
	e := &EMA{Decay: decay, params: params}
	for _, p := range params {
		x, err := p.Value.Device().New(compute.F32, p.Value.Shape()...)
		if err != nil {
			e.Close()
			return nil, fmt.Errorf("average of %s: %w", p.Name, err)
		}
		e.avg = append(e.avg, x)
		b.Copy(x, p.Value)
	}
	return e, nil
}

// Update takes the parameters in: avg = Decay*avg + (1-Decay)*value.
func (e *EMA) Update(b compute.Backend) {
	for i, p := range e.params {
		b.AXPBY(e.avg[i], 1-e.Decay, p.Value, e.Decay, e.avg[i])
	}
}

// Swap exchanges the parameters and their averages, by a third tensor of the
// largest size; call it again to go on training.
func (e *EMA) Swap(b compute.Backend) error {
	for i, p := range e.params {
		tmp, err := p.Value.Device().New(compute.F32, p.Value.Shape()...)
		if err != nil {
			return err
		}
		b.Copy(tmp, p.Value)
		b.Copy(p.Value, e.avg[i])
		b.Copy(e.avg[i], tmp)
		err = b.Wait()
		tmp.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Close gives the memory of the averages back.
func (e *EMA) Close() {
	for _, x := range e.avg {
		x.Close()
	}
	e.avg = nil
}
