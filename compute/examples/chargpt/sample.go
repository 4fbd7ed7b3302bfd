package main

import (
	"context"
	"fmt"
	"io"

	"github.com/chimera-1/chimera/compute/nn"
)

// sample writes texts that begin with the prompt.
func sample(ctx context.Context, m *model, o options, out io.Writer) error {
	if o.samples == 0 {
		return nil
	}
	prompt := m.vocab.encode(o.prompt)
	if len(prompt) == 0 || len(prompt) != len([]rune(o.prompt)) {
		return fmt.Errorf("the prompt %q is empty or has characters that the model does not know", o.prompt)
	}
	room := m.gpt.Config.Context + 1 - len(prompt)
	if room < 1 {
		return fmt.Errorf("the prompt has %d characters, the context %d", len(prompt), m.gpt.Config.Context)
	}
	if o.length > 0 {
		room = min(room, o.length)
	}
	s, err := nn.NewSession(ctx, m.gpt, nn.SessionConfig{Batch: o.samples})
	if err != nil {
		return err
	}
	defer s.Close()
	next := make([]int32, o.samples)
	for at, token := range prompt {
		for i := range next {
			next[i] = int32(token)
		}
		if at < len(prompt)-1 {
			if _, err := s.Step(next); err != nil {
				return err
			}
		}
	}
	texts, err := s.Generate(next, room, nn.SampleConfig{Temperature: float32(o.temperature), TopK: o.topK, Seed: o.seed})
	if err != nil {
		return err
	}
	for i, text := range texts {
		if _, err := fmt.Fprintf(out, "--- sample %d\n%s%s\n", i+1, o.prompt, m.vocab.decode(text)); err != nil {
			return err
		}
	}
	return nil
}
