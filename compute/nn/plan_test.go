package nn

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
)

// planned models differ in what is the widest right operand of a product, and in
// whether that or attention takes the workspace.
var planned = []GPTConfig{
	{Vocab: 37, Context: 17, Layers: 3, Heads: 2, Width: 20},
	{Vocab: 37, Context: 17, Layers: 3, Heads: 2, Width: 20, Dropout: 0.1},
	{Vocab: 700, Context: 40, Layers: 1, Heads: 1, Width: 32}, // the head's gradient
	{Vocab: 9, Context: 3, Layers: 1, Heads: 1, Width: 160},   // the weights of the MLP
	{Vocab: 900, Context: 3, Layers: 1, Heads: 1, Width: 160}, // those of the head
	{Vocab: 5, Context: 300, Layers: 1, Heads: 1, Width: 8},   // attention
}

// demandPlan compares a plan with what the device counts; more is the bytes of
// tensors that are not planned. The workspace is whole pages.
func demandPlan(t *testing.T, d *compute.Device, p Plan, more int64) {
	t.Helper()
	const page = 4096
	u := d.Usage()
	if used, want := u.Used-more, p.Total()-p.Workspace; used != want {
		t.Errorf("tensors take %d bytes, planned %d", used, want)
	}
	if want := (p.Workspace + page - 1) / page * page; u.Workspace != want {
		t.Errorf("the workspace takes %d bytes, planned %d", u.Workspace, want)
	}
}

// TestPlansEqualTheAllocations holds plans against what the device counts.
func TestPlansEqualTheAllocations(t *testing.T) {
	for i, c := range planned {
		t.Run(fmt.Sprint("session ", i), func(t *testing.T) {
			d := device(t, "cpu", compute.Options{Threads: 2})
			conf := SessionConfig{Batch: 5, Context: 3 + i, Cache: compute.BF16}
			conf.Context = min(conf.Context, c.Context)
			s := session(t, model(t, d, c), conf)
			if _, err := s.Generate(make([]int32, 5), conf.Context, SampleConfig{Temperature: 1, TopK: 3}); err != nil {
				t.Fatal(err)
			}
			demandPlan(t, d, c.Plan(conf, d.Threads()), 0)
		})
		t.Run(fmt.Sprint("training ", i), func(t *testing.T) {
			d := device(t, "cpu", compute.Options{Threads: 2})
			g := model(t, d, c)
			opt := optimizer(t, g.Params(), AdamWConfig{Clip: 1})
			tape := autograd.New(d.Backend(context.Background()))
			t.Cleanup(tape.Close)
			x := tensorOf(t, d, make([]int32, 4*c.Context), 4, c.Context)
			for range 2 {
				tape.Reset()
				tape.Backward(g.Loss(tape, x, x, &compute.Random{}))
				opt.Step(tape.Backend(), 0.01)
			}
			if err := tape.Err(); err != nil {
				t.Fatal(err)
			}
			demandPlan(t, d, c.PlanTraining(4, d.Threads()), int64(x.Len())*4)
		})
	}
}

func TestPlanThatDoesNotFit(t *testing.T) {
	c := GPTConfig{Vocab: 1024, Context: 256, Layers: 8, Heads: 8, Width: 512}
	p := c.Plan(SessionConfig{Batch: 128}, 2)
	var e *FitError
	err := p.Fits(1 << 30)
	if !errors.As(err, &e) || !errors.Is(err, compute.ErrOutOfMemory) {
		t.Fatal(err)
	}
	if err := c.Plan(SessionConfig{Batch: e.Batch}, 2).Fits(1 << 30); err != nil {
		t.Errorf("the batch that should fit: %v", err)
	}
	if err := c.Plan(SessionConfig{Batch: e.Batch + 1}, 2).Fits(1 << 30); err == nil {
		t.Errorf("a batch of %d fits as well", e.Batch+1)
	}
	if err := p.Fits(p.Total()); err != nil {
		t.Error(err)
	}
	if err := p.Fits(1 << 20); !errors.As(err, &e) || e.Batch != 0 {
		t.Error(err)
	}
}

// TestFitErrorNamesTheGreatestBatch of trainings too, whose workspace grows in steps.
func TestFitErrorNamesTheGreatestBatch(t *testing.T) {
	c := GPTConfig{Vocab: 1024, Context: 256, Layers: 8, Heads: 8, Width: 512}
	for _, limit := range []int64{600 << 20, 1 << 30, 3 << 30} {
		var e *FitError
		if err := c.PlanTraining(64, 2).Fits(limit); !errors.As(err, &e) {
			t.Fatal(err)
		}
		if e.Batch == 0 || c.PlanTraining(e.Batch, 2).Fits(limit) != nil || c.PlanTraining(e.Batch+1, 2).Fits(limit) == nil {
			t.Errorf("limit %d: %v", limit, e)
		}
	}
}
