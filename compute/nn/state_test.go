package nn

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/checkpoint"
	"github.com/chimera-1/chimera/compute/safetensors"
)

func TestSaveAndLoad(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	c := GPTConfig{Vocab: 7, Context: 5, Layers: 2, Heads: 2, Width: 8, Seed: 1}
	from := model(t, d, c)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Save(path, from.Params(), map[string]string{"heads": "2"}); err != nil {
		t.Fatal(err)
	}
	c.Seed = 2
	to := model(t, d, c)
	if err := Load(path, to.Params()); err != nil {
		t.Fatal(err)
	}
	for i, p := range from.Params() {
		near(t, p.Name, floats(t, to.Params()[i].Value), floats(t, p.Value), 0)
	}
	again := filepath.Join(t.TempDir(), "again.safetensors")
	if err := Save(again, to.Params(), map[string]string{"heads": "2"}); err != nil {
		t.Fatal(err)
	}
	a, errA := os.ReadFile(path)
	b, errB := os.ReadFile(again)
	if errA != nil || errB != nil || !slices.Equal(a, b) {
		t.Errorf("the file of what was loaded differs: %v, %v", errA, errB)
	}
}

// TestLoadConverts reads a model in bfloat16, float16 and float64.
func TestLoadConverts(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	want := []float32{1, -2, 0.5, 3}
	for name, w := range map[string]safetensors.Tensor{
		"F64":  safetensors.Of("a", []int{2, 2}, []float64{1, -2, 0.5, 3}),
		"BF16": {Name: "a", DType: safetensors.BF16, Shape: []int{2, 2}, Data: []byte{0x80, 0x3f, 0x00, 0xc0, 0x00, 0x3f, 0x40, 0x40}},
		"F16":  {Name: "a", DType: safetensors.F16, Shape: []int{2, 2}, Data: []byte{0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38, 0x00, 0x42}},
	} {
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := safetensors.Create(path, []safetensors.Tensor{w}, nil); err != nil {
			t.Fatal(err)
		}
		params := weights(t, d)[:1]
		if err := Load(path, params); err != nil {
			t.Fatal(err)
		}
		near(t, name, floats(t, params[0].Value), want, 0)
	}
}

// TestLoadOfAnotherModel names what does not fit, and changes nothing.
func TestLoadOfAnotherModel(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	a, b := safetensors.Of("a", []int{2, 2}, []float32{9, 9, 9, 9}), safetensors.Of("b", []int{1}, []float32{9})
	for _, c := range []struct {
		name    string
		tensors []safetensors.Tensor
		want    string
	}{
		{"missing", []safetensors.Tensor{a}, `no tensor "b"`},
		{"extra", []safetensors.Tensor{a, b, safetensors.Of("c", []int{1}, []float32{9})}, `tensor "c", which the model has not`},
		{"renamed", []safetensors.Tensor{a, safetensors.Of("c", []int{1}, []float32{9})}, `no tensor "b"`},
		{"shape", []safetensors.Tensor{a, safetensors.Of("b", []int{2}, []float32{9, 9})}, `tensor "b" is [2], the model's [1]`},
		{"axes", []safetensors.Tensor{safetensors.Of("a", []int{4}, []float32{9, 9, 9, 9}), b}, `tensor "a" is [4], the model's [2 2]`},
		{"integers", []safetensors.Tensor{a, safetensors.Of("b", []int{1}, []int64{9})}, `tensor "b"`},
		{"nothing", nil, `no tensor "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.safetensors")
			if err := safetensors.Create(path, c.tensors, nil); err != nil {
				t.Fatal(err)
			}
			params := weights(t, d)
			want := [][]float32{floats(t, params[0].Value), floats(t, params[1].Value)}
			err := Load(path, params)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v", err)
			}
			for i, p := range params {
				near(t, p.Name, floats(t, p.Value), want[i], 0)
			}
		})
	}
	if err := Load(filepath.Join(t.TempDir(), "none.safetensors"), weights(t, d)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	cut := filepath.Join(t.TempDir(), "cut.safetensors")
	if err := os.WriteFile(cut, []byte{40, 0, 0, 0, 0, 0, 0, 0, '{'}, 0o600); err != nil {
		t.Fatal(err)
	}
	var e *safetensors.FormatError
	if err := Load(cut, weights(t, d)); !errors.As(err, &e) {
		t.Errorf("cut file: %v", err)
	}
}

// TestRestoreOfAnotherTraining names the part that does not fit, and changes
// nothing: not even the parts that do.
func TestRestoreOfAnotherTraining(t *testing.T) {
	d := device(t, "cpu", compute.Options{Threads: 1})
	ctx := context.Background()
	b := d.Backend(ctx)
	params := weights(t, d)
	o := optimizer(t, params, AdamWConfig{})
	e, err := NewEMA(b, params, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	o.Step(b, 0.1)
	good, err := State(params, o, e, json.RawMessage(`{"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if good.Step != 1 || string(good.Config) != `{"x":1}` || len(good.Average) != 2 {
		t.Errorf("state %d, %s, %d averages", good.Step, good.Config, len(good.Average))
	}
	o.Step(b, 0.1)
	now := floats(t, params[0].Value)
	for _, c := range []struct {
		name, want string
		spoil      func(s *checkpoint.State)
	}{
		{"no averages", "averages", func(s *checkpoint.State) { s.Average = nil }},
		{"no moments", "second moments", func(s *checkpoint.State) { s.Second = s.Second[:1] }},
		{"more moments", "first moments", func(s *checkpoint.State) {
			s.First = append(slices.Clone(s.First), safetensors.Of("c", []int{1}, []float32{1}))
		}},
		{"shape", "weights", func(s *checkpoint.State) {
			s.Weights = []checkpoint.Tensor{s.Weights[0], safetensors.Of("b", []int{2}, []float32{1, 1})}
		}},
		{"type", "averages", func(s *checkpoint.State) {
			s.Average = []checkpoint.Tensor{s.Average[0], safetensors.Of("b", []int{1}, []int32{1})}
		}},
	} {
		bad := *good
		c.spoil(&bad)
		if err := Restore(ctx, &bad, params, o, e); err == nil || !strings.Contains(err.Error(), "checkpoint of step 1: "+c.want) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if o.Steps() != 2 || !slices.Equal(floats(t, params[0].Value), now) {
			t.Errorf("%s: the training is changed", c.name)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := Restore(cancelled, good, params, o, e); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := Restore(ctx, good, params, o, nil); err != nil { // who wants no averages reads past them
		t.Error(err)
	}
	if o.Steps() != 1 || slices.Equal(floats(t, params[0].Value), now) {
		t.Error("nothing was restored")
	}
}
