// Command digits is the program of package compute's documentation: it trains a
// GPT to count, and lets it count.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/nn"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // the status of a program
	}
}

func run(ctx context.Context) error {
	dev, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		return err
	}
	defer dev.Close() // the last thing: tensors must be closed before

	model, err := nn.NewGPT(dev, nn.GPTConfig{Vocab: 10, Context: 16, Layers: 1, Heads: 2, Width: 32, Seed: 1})
	if err != nil {
		return err
	}
	defer model.Close()
	if err := train(ctx, dev, model); err != nil {
		return err
	}

	// Two sequences at a time, which begin with 3 and 8.
	session, err := nn.NewSession(ctx, model, nn.SessionConfig{Batch: 2})
	if err != nil {
		return err
	}
	defer session.Close()
	texts, err := session.Generate([]int32{3, 8}, 12, nn.SampleConfig{Temperature: 0.5, Seed: 1})
	for _, digits := range texts {
		fmt.Fprintln(os.Stdout, digits)
	}
	return err
}

func train(ctx context.Context, dev *compute.Device, model *nn.GPT) error {
	opt, err := nn.NewAdamW(model.Params(), nn.AdamWConfig{Clip: 1})
	if err != nil {
		return err
	}
	defer opt.Close()
	tape := autograd.New(dev.Backend(ctx))
	defer tape.Close()
	tokens, err := dev.New(compute.I32, 4, 16) // 4 sequences of 16
	if err != nil {
		return err
	}
	defer tokens.Close()
	next, err := dev.New(compute.I32, 4, 16)
	if err != nil {
		return err
	}
	defer next.Close()

	const steps = 200
	rate := nn.WarmupCosine{Peak: 0.01, Floor: 0.001, Warmup: 10, Total: steps}
	x, y := make([]int32, 4*16), make([]int32, 4*16)
	for step := range steps {
		for i := range x {
			first := step + i/16*3 // the digit that the sequence begins with
			x[i] = int32((first + i%16) % 10)
			y[i] = (x[i] + 1) % 10
		}
		if err := tokens.CopyFrom(x); err != nil {
			return err
		}
		if err := next.CopyFrom(y); err != nil {
			return err
		}
		tape.Reset()
		loss := model.Loss(tape, tokens, next, nil)
		tape.Backward(loss)
		opt.Step(tape.Backend(), rate.LR(step))
		if err := tape.Err(); err != nil {
			return err
		}
	}
	return nil
}
