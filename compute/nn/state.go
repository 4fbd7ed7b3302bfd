package nn

import (
	"context"
	"encoding/json"
	"fmt"
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
// shape; tensors of other names are an error too.
func Load(path string, params []*Param) error {
	m, err := safetensors.OpenModel(path)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if len(m.Names()) != len(params) {
		return fmt.Errorf("%s has %d tensors, the model %d parameters", path, len(m.Names()), len(params))
	}
	for _, p := range params {
		v, ok := m.Tensor(p.Name)
		if !ok {
			return fmt.Errorf("%s has no tensor %q", path, p.Name)
		}
		if !slices.Equal(v.Shape, p.Value.Shape()) {
			return fmt.Errorf("%s: tensor %q is %v, the model's %v", path, p.Name, v.Shape, p.Value.Shape())
		}
		x, err := v.Float32s()
		if err != nil {
			return fmt.Errorf("%s: tensor %q: %w", path, p.Name, err)
		}
		if err := p.Value.CopyFrom(x); err != nil {
			return err
		}
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
// then goes on with the same bits as one that was never stopped.
func Restore(ctx context.Context, s *checkpoint.State, params []*Param, o *AdamW, e *EMA) error {
	parts := []struct {
		what string
		from []checkpoint.Tensor
		to   func(i int) *compute.Tensor
	}{
		{"weights", s.Weights, func(i int) *compute.Tensor { return params[i].Value }},
		{"first moments", s.First, func(i int) *compute.Tensor { return o.m[i] }},
		{"second moments", s.Second, func(i int) *compute.Tensor { return o.v[i] }},
	}
	if e != nil {
		parts = append(parts, struct {
			what string
			from []checkpoint.Tensor
			to   func(i int) *compute.Tensor
		}{"averages", s.Average, func(i int) *compute.Tensor { return e.avg[i] }})
	}
	for _, part := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := restore(part.from, params, part.to); err != nil {
			return fmt.Errorf("checkpoint of step %d: %s: %w", s.Step, part.what, err)
		}
	}
	o.step = int(s.Step)
	return nil
}

func restore(from []checkpoint.Tensor, params []*Param, to func(i int) *compute.Tensor) error {
	byName := map[string]checkpoint.Tensor{}
	for _, t := range from {
		byName[t.Name] = t
	}
	if len(byName) != len(params) {
		return fmt.Errorf("%d tensors for %d parameters", len(byName), len(params))
	}
	for i, p := range params {
		t, ok := byName[p.Name]
		if !ok || !slices.Equal(t.Shape, p.Value.Shape()) {
			return fmt.Errorf("no tensor %q of shape %v", p.Name, p.Value.Shape())
		}
		x, err := checkpoint.Float32s(t)
		if err != nil {
			return err
		}
		if err := to(i).CopyFrom(x); err != nil {
			return err
		}
	}
	return nil
}
