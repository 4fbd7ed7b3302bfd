package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/nn"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// model is a GPT and the characters that its tokens stand for.
type model struct {
	gpt    *nn.GPT
	vocab  vocabulary
	tokens []byte // the text to learn
}

// open makes the model that the options ask for, or reads it.
func open(d *compute.Device, o *options) (*model, error) {
	m := &model{}
	if o.in != "" {
		if err := m.describe(o); err != nil {
			return nil, err
		}
	}
	if o.steps > 0 {
		text, err := readText(o.text)
		if err != nil {
			return nil, err
		}
		if m.vocab == nil {
			m.vocab = newVocabulary(text, o.vocabulary)
		}
		m.tokens = m.vocab.encode(text)
		if len(m.tokens) <= o.model.Context {
			return nil, fmt.Errorf("%s has %d characters, a sequence needs %d", o.text, len(m.tokens), o.model.Context+1)
		}
	}
	o.model.Vocab = len(m.vocab)
	if o.steps > 0 && o.memory > 0 { // tell before anything is allocated
		if err := o.model.Validate(); err != nil {
			return nil, err
		}
		if err := o.model.PlanTraining(o.batch, d.Threads()).Fits(o.memory); err != nil {
			return nil, err
		}
	}
	var err error
	if m.gpt, err = nn.NewGPT(d, o.model); err != nil {
		return nil, err
	}
	if o.in != "" {
		if err := nn.Load(o.in, m.gpt.Params()); err != nil {
			m.gpt.Close()
			return nil, err
		}
	}
	return m, nil
}

// describe reads the model's sizes and characters from a weight file.
func (m *model) describe(o *options) error {
	f, err := safetensors.Open(o.in)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	m.vocab = vocabulary(f.Metadata()["vocabulary"])
	heads, err := strconv.Atoi(f.Metadata()["heads"])
	positions, ok := f.Tensor("wpe.weight")
	if len(m.vocab) == 0 || err != nil || !ok || len(positions.Shape) != 2 {
		return fmt.Errorf("%s was not written by chargpt", o.in)
	}
	layers := 0
	for _, name := range f.Names() {
		if strings.HasSuffix(name, ".ln1.weight") {
			layers++
		}
	}
	o.model.Context, o.model.Width, o.model.Layers, o.model.Heads = positions.Shape[0], positions.Shape[1], layers, heads
	return nil
}

// save writes the weights, with what describe needs.
func (m *model) save(path string) error {
	return nn.Save(path, m.gpt.Params(), map[string]string{
		"heads": strconv.Itoa(m.gpt.Config.Heads), "vocabulary": string(m.vocab),
	})
}
