package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/chimera-1/chimera/compute/checkpoint"
	"github.com/chimera-1/chimera/compute/nn"
)

// A keeper saves checkpoints of a training, in no folder none.
type keeper struct {
	t      *trainer
	w      *checkpoint.Writer
	config json.RawMessage // what a training must have in common with its checkpoints
}

// newKeeper opens the folder and puts the training back to its last checkpoint.
func newKeeper(ctx context.Context, t *trainer, progress io.Writer) (*keeper, error) {
	if t.o.checkpoints == "" {
		return &keeper{}, nil
	}
	config, err := json.Marshal(map[string]any{
		"model": t.m.gpt.Config, "vocabulary": string(t.m.vocab), "tokens": len(t.m.tokens),
		"steps": t.o.steps, "batch": t.o.batch, "lr": t.o.lr, "warmup": t.o.warmup, "seed": t.o.seed,
	})
	if err != nil {
		return nil, err
	}
	k := &keeper{t: t, config: config}
	if k.w, err = checkpoint.OpenWriter(t.o.checkpoints, 2); err != nil {
		return nil, err
	}
	if err := k.load(ctx, progress); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *keeper) load(ctx context.Context, progress io.Writer) error {
	state, found, err := checkpoint.LoadLatest(ctx, k.t.o.checkpoints)
	if errors.Is(err, checkpoint.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, skipped := range found.Skipped {
		fmt.Fprintln(progress, "passed over:", skipped)
	}
	if !bytes.Equal(state.Config, k.config) {
		return fmt.Errorf("%s has checkpoints of another training: %s, not %s", k.t.o.checkpoints, state.Config, k.config)
	}
	fmt.Fprintf(progress, "going on from step %d\n", state.Step)
	return nn.Restore(ctx, state, k.t.m.gpt.Params(), k.t.opt, nil)
}

func (k *keeper) save(ctx context.Context, step int) error {
	if k.w == nil || step%k.t.o.every != 0 && step != k.t.o.steps {
		return nil
	}
	state, err := nn.State(k.t.m.gpt.Params(), k.t.opt, nil, k.config)
	if err != nil {
		return err
	}
	_, err = k.w.Save(ctx, state)
	return err
}

func (k *keeper) close() {
	if k.w != nil {
		_ = k.w.Close() // gives up the lock; everything was saved before
	}
}
