package nn

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/checkpoint"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// Save writes the parameters of a model as a safetensors file, float32, in the
// names of [Param]; metadata may be nil.
func Save(path string, params []*Param, metadata map[string]string) error {
	ts, err := export(params, func(i int) *compute.Tensor { return params[i].Value })
	if err != nil {
		return err
	}
	return safetensors.Create(path, ts, metadata)
}

// Load fills the parameters from a safetensors file or model folder, converting
// from the file's floating-point types. Every parameter must be there in its
// shape, and tensors of other names are an error; the parameters are then as they
// were.
func Load(path string, params []*Param) error {
	m, err := safetensors.OpenModel(path)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if err := sameNames(m.Names(), params); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	values := make([][]float32, len(params))
	for i, p := range params {
		v, _ := m.Tensor(p.Name)
		if err := fits(p, v.Shape); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if values[i], err = v.Float32s(); err != nil {
			return fmt.Errorf("%s: tensor %q: %w", path, p.Name, err)
		}
	}
	for i, p := range params {
		if err := p.Value.CopyFrom(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// sameNames tells of names that are missing, or that no parameter has.
func sameNames(names []string, params []*Param) error {
	have := map[string]bool{}
	for _, n := range names {
		have[n] = true
	}
	for _, p := range params {
		if !have[p.Name] {
			return fmt.Errorf("no tensor %q, which the model has", p.Name)
		}
		delete(have, p.Name)
	}
	if len(have) > 0 {
		return fmt.Errorf("tensor %q, which the model has not", slices.Sorted(maps.Keys(have))[0])
	}
	return nil
}

func fits(p *Param, shape []int) error {
	if !slices.Equal(shape, p.Value.Shape()) {
		return fmt.Errorf("tensor %q is %v, the model's %v", p.Name, shape, p.Value.Shape())
	}
	return nil
}

// export copies tensors under the names of parameters.
func export(params []*Param, of func(i int) *compute.Tensor) ([]safetensors.Tensor, error) {
	var ts []safetensors.Tensor
	for i, p := range params {
		t := of(i)
		x := make([]float32, t.Len())
		if err := t.CopyTo(x); err != nil {
			return nil, err
		}
		ts = append(ts, safetensors.Of(p.Name, t.Shape(), x))
	}
	return ts, nil
}

// State is the state of a training for a checkpoint: the step, the parameters,
// the optimiser's moments and, unless e is nil, the averages. Random numbers need
// no state: they are named by seed and step. config comes back unchanged.
func State(params []*Param, o *AdamW, e *EMA, config json.RawMessage) (*checkpoint.State, error) {
	s := &checkpoint.State{Step: int64(o.step), Config: config}
	var err error
	if s.Weights, err = export(params, func(i int) *compute.Tensor { return params[i].Value }); err != nil {
		return nil, err
	}
	if s.First, err = export(params, func(i int) *compute.Tensor { return o.m[i] }); err != nil {
		return nil, err
	}
	if s.Second, err = export(params, func(i int) *compute.Tensor { return o.v[i] }); err != nil {
		return nil, err
	}
	if e != nil {
		s.Average, err = export(params, func(i int) *compute.Tensor { return e.avg[i] })
	}
	return s, err
}

// Restore puts a state of [State] back into a training of the same shapes, which
// then goes on with the same bits as one that was never stopped. A state of
// another training is an error, and changes nothing.
func Restore(ctx context.Context, s *checkpoint.State, params []*Param, o *AdamW, e *EMA) error {
	parts := []part{
		{"weights", s.Weights, func(i int) *compute.Tensor { return params[i].Value }},
		{"first moments", s.First, func(i int) *compute.Tensor { return o.m[i] }},
		{"second moments", s.Second, func(i int) *compute.Tensor { return o.v[i] }},
	}
	if e != nil {
		parts = append(parts, part{"averages", s.Average, func(i int) *compute.Tensor { return e.avg[i] }})
	}
	for _, p := range parts {
		if err := p.check(params); err != nil {
			return fmt.Errorf("checkpoint of step %d: %s: %w", s.Step, p.what, err)
		}
	}
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.copy(params); err != nil {
			return fmt.Errorf("checkpoint of step %d: %s: %w", s.Step, p.what, err)
		}
	}
	o.step = int(s.Step)
	return nil
}

// A part of a state is a tensor for each parameter.
type part struct {
	what string
	from []checkpoint.Tensor
	to   func(i int) *compute.Tensor
}

func (p part) byName() map[string]checkpoint.Tensor {
	m := map[string]checkpoint.Tensor{}
	for _, t := range p.from {
		m[t.Name] = t
	}
	return m
}

func (p part) check(params []*Param) error {
	byName := p.byName()
	if err := sameNames(slices.Collect(maps.Keys(byName)), params); err != nil {
		return err
	}
	for _, q := range params {
		t := byName[q.Name]
		if err := fits(q, t.Shape); err != nil {
			return err
		}
		if t.DType != safetensors.F32 {
			return fmt.Errorf("tensor %q is %v, not float32", t.Name, t.DType)
		}
	}
	return nil
}

func (p part) copy(params []*Param) error {
	byName := p.byName()
	for i, q := range params {
		x, err := checkpoint.Float32s(byName[q.Name])
		if err != nil {
			return err
		}
		if err := p.to(i).CopyFrom(x); err != nil {
			return err
		}
	}
	return nil
}
