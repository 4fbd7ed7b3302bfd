package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/chimera-1/chimera/compute/safetensors"
)

// Tensor is a named tensor: little-endian values in row-major order. Make one of
// a slice with [safetensors.Of]; read one with [Float32s].
type Tensor = safetensors.Tensor

// State is the state of a training. What is nil or empty is not kept, and comes
// back nil. Loaded tensors are sorted by name and own their memory together.
type State struct {
	Step     int64             // optimiser steps done
	Weights  []Tensor          // the model
	First    []Tensor          // first moments of the optimiser
	Second   []Tensor          // second moments of the optimiser
	Average  []Tensor          // moving average of the weights
	RNG      []byte            // state of the random generator
	Position []byte            // where in the data to go on
	Config   json.RawMessage   // what was configured; comes back byte for byte
	Notes    map[string]string // anything else, such as the loss so far
}

// Float32s returns the values of a tensor of floating-point numbers; of F32 they
// share its memory where they can.
func Float32s(t Tensor) ([]float32, error) {
	return safetensors.View{Name: t.Name, DType: t.DType, Shape: t.Shape, Data: t.Data}.Float32s()
}

// The names of what a state file holds. A version of the layout is a number of
// its own: readers refuse those they do not know.
const (
	versionKey = "chimera.checkpoint"
	version    = "1"
	stepKey    = "chimera.step"
	configKey  = "chimera.config"
	notePrefix = "note."

	rngName      = "rng"
	positionName = "position"
)

// groups are the lists of tensors, by the prefix of their names in the file.
func (s *State) groups() []struct {
	prefix string
	list   *[]Tensor
} {
	return []struct {
		prefix string
		list   *[]Tensor
	}{{"weights/", &s.Weights}, {"first/", &s.First}, {"second/", &s.Second}, {"average/", &s.Average}}
}

// encode returns the tensors and the metadata of the state's file.
func (s *State) encode() ([]Tensor, map[string]string, error) {
	if s.Step < 0 {
		return nil, nil, fmt.Errorf("step %d is negative", s.Step)
	}
	metadata := map[string]string{versionKey: version, stepKey: strconv.FormatInt(s.Step, 10)}
	if len(s.Config) > 0 {
		if !json.Valid(s.Config) {
			return nil, nil, errors.New("the configuration is not JSON")
		}
		metadata[configKey] = string(s.Config)
	}
	for key, value := range s.Notes {
		metadata[notePrefix+key] = value
	}
	var tensors []Tensor
	for _, g := range s.groups() {
		for _, t := range *g.list {
			t.Name = g.prefix + t.Name
			tensors = append(tensors, t)
		}
	}
	for _, b := range []struct {
		name string
		data []byte
	}{{rngName, s.RNG}, {positionName, s.Position}} {
		if len(b.data) > 0 {
			tensors = append(tensors, safetensors.Of(b.name, []int{len(b.data)}, b.data))
		}
	}
	return tensors, metadata, nil
}

// decode takes a state out of a file, all bytes of which are content. Tensors
// share its memory.
func decode(f *safetensors.File, content []byte) (*State, error) {
	s := &State{}
	if err := s.decodeMetadata(f.Metadata()); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(slices.Values(f.Names())) {
		v, _ := f.Tensor(name)
		begin := f.Offset(name)
		end := begin + v.Size()
		t := Tensor{Name: name, DType: v.DType, Shape: v.Shape, Data: content[begin:end:end]}
		if err := s.place(t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *State) decodeMetadata(metadata map[string]string) (err error) {
	if metadata[versionKey] != version {
		return fmt.Errorf("layout %q, this program knows %q", metadata[versionKey], version)
	}
	s.Step, err = strconv.ParseInt(metadata[stepKey], 10, 64)
	if err != nil || s.Step < 0 || strconv.FormatInt(s.Step, 10) != metadata[stepKey] {
		return fmt.Errorf("step %.80q", metadata[stepKey])
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		note, isNote := strings.CutPrefix(key, notePrefix)
		switch {
		case key == versionKey || key == stepKey:
		case key == configKey && !json.Valid([]byte(metadata[key])):
			return errors.New("the configuration is not JSON")
		case key == configKey:
			s.Config = json.RawMessage(metadata[key])
		case isNote:
			if s.Notes == nil {
				s.Notes = map[string]string{}
			}
			s.Notes[note] = metadata[key]
		default:
			return fmt.Errorf("unknown metadata %.80q", key)
		}
	}
	return nil
}

// place puts a tensor of the file where it belongs.
func (s *State) place(t Tensor) error {
	for _, g := range s.groups() {
		if name, ok := strings.CutPrefix(t.Name, g.prefix); ok {
			t.Name = name
			*g.list = append(*g.list, t)
			return nil
		}
	}
	switch {
	case t.Name == rngName && t.DType == safetensors.U8:
		s.RNG = t.Data
	case t.Name == positionName && t.DType == safetensors.U8:
		s.Position = t.Data
	default:
		return fmt.Errorf("unknown tensor %.80q of %v", t.Name, t.DType)
	}
	return nil
}
