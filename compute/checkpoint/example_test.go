package checkpoint_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chimera-1/chimera/compute/checkpoint"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// A training saves its state now and then. Its newest file is damaged later, and
// it goes on from the one before.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	w, err := checkpoint.OpenWriter(dir, 3)
	if err != nil {
		panic(err)
	}
	weights := []float32{0.25, -1}
	for step := int64(1); step <= 2; step++ {
		weights[0] *= 2
		state := &checkpoint.State{Step: step, Weights: []checkpoint.Tensor{safetensors.Of("w", []int{2}, weights)}}
		info, err := w.Save(ctx, state)
		if err != nil {
			panic(err)
		}
		fmt.Println("saved", info.File, "of step", info.Step)
	}
	w.Close()

	if err := os.Truncate(filepath.Join(dir, "ckpt-00000002.safetensors"), 100); err != nil {
		panic(err)
	}
	state, found, err := checkpoint.LoadLatest(ctx, dir)
	if err != nil {
		panic(err)
	}
	values, err := checkpoint.Float32s(state.Weights[0])
	fmt.Println("step", found.Step, values, err, "passed over:", len(found.Skipped))
	// Output:
	// saved ckpt-00000001.safetensors of step 1
	// saved ckpt-00000002.safetensors of step 2
	// step 1 [0.5 -1] <nil> passed over: 1
}
