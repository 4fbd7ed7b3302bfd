package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/nn"
)

// A trainer has what a step needs.
type trainer struct {
	m        *model
	o        options
	order    order
	schedule nn.Schedule
	tape     *autograd.Tape
	opt      *nn.AdamW

	tokens, targets []int32 // of a step, on the host
	x, y            *compute.Tensor
}

// train runs the steps from the last checkpoint on.
func train(ctx context.Context, d *compute.Device, m *model, o options, progress io.Writer) (err error) {
	t, err := newTrainer(ctx, d, m, o)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.export(); err != nil {
		return err
	}
	keep, err := newKeeper(ctx, t, progress)
	if err != nil {
		return err
	}
	defer keep.close()
	losses, err := openLosses(o.losses, t.opt.Steps())
	if err != nil {
		return err
	}
	defer func() {
		if e := losses.Close(); err == nil {
			err = e
		}
	}()
	start, first := time.Now(), t.opt.Steps()
	for step := first; step < o.steps; step++ {
		line, err := t.step(step)
		if err != nil {
			return err
		}
		if err := losses.write(line); err != nil {
			return err
		}
		if step%o.report == 0 || step == o.steps-1 {
			rate := float64((step+1-first)*len(t.tokens)) / time.Since(start).Seconds()
			fmt.Fprintf(progress, "step %d of %d: loss %.4f, %.0f tokens/s\n", step, o.steps, line.Loss, rate)
		}
		if err := keep.save(ctx, step+1); err != nil {
			return err
		}
	}
	return nil
}

func newTrainer(ctx context.Context, d *compute.Device, m *model, o options) (*trainer, error) {
	c := m.gpt.Config
	t := &trainer{
		m: m, o: o,
		order:    order{seed: o.seed, batch: o.batch, context: c.Context, tokens: m.tokens},
		schedule: nn.WarmupCosine{Peak: float32(o.lr), Floor: float32(o.lr / 10), Warmup: o.warmup, Total: o.steps},
		tape:     autograd.New(d.Backend(ctx)),
		tokens:   make([]int32, o.batch*c.Context),
		targets:  make([]int32, o.batch*c.Context),
	}
	var errs [3]error
	t.opt, errs[0] = nn.NewAdamW(m.gpt.Params(), nn.AdamWConfig{WeightDecay: 0.1, Clip: 1})
	t.x, errs[1] = d.New(compute.I32, o.batch, c.Context)
	t.y, errs[2] = d.New(compute.I32, o.batch, c.Context)
	if err := errors.Join(errs[:]...); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *trainer) close() {
	t.tape.Close()
	if t.opt != nil {
		t.opt.Close()
	}
	for _, x := range []*compute.Tensor{t.x, t.y} {
		if x != nil {
			x.Close()
		}
	}
}

// export writes what another program needs to do the same training.
func (t *trainer) export() error {
	if t.o.init != "" {
		if err := t.m.save(t.o.init); err != nil {
			return err
		}
	}
	if t.o.tokens != "" {
		if err := os.WriteFile(t.o.tokens, t.m.tokens, 0o640); err != nil {
			return err
		}
	}
	if t.o.order != "" {
		return t.order.write(t.o.order, t.o.steps)
	}
	return nil
}

// A line is what is written of a step; the loss is that before it.
type line struct {
	Step int     `json:"step"`
	Loss float32 `json:"loss"`
	LR   float32 `json:"lr"`
	Norm float64 `json:"grad_norm"`
}

func (t *trainer) step(step int) (line, error) {
	t.order.fill(t.tokens, t.targets, step)
	if err := errors.Join(t.x.CopyFrom(t.tokens), t.y.CopyFrom(t.targets)); err != nil {
		return line{}, err
	}
	t.tape.Reset()
	loss := t.m.gpt.Loss(t.tape, t.x, t.y, nil)
	t.tape.Backward(loss)
	l := line{Step: step, LR: t.schedule.LR(step)}
	l.Norm = t.opt.Step(t.tape.Backend(), l.LR)
	if err := t.tape.Err(); err != nil {
		return l, fmt.Errorf("step %d: %w", step, err)
	}
	value := make([]float32, 1)
	err := loss.Value().CopyTo(value)
	l.Loss = value[0]
	if l.Loss != l.Loss {
		return l, fmt.Errorf("step %d: the loss is no number; try a lower --lr", step)
	}
	return l, err
}
