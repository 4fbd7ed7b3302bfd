package compute_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/autograd"
	"github.com/chimera-1/chimera/compute/nn"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// Operands and results are tensors of a device; operations belong to a backend.
func Example() {
	dev, err := compute.Open("cpu", compute.Options{Threads: 1})
	if err != nil {
		panic(err)
	}
	defer dev.Close()

	// From and New fail when the device is full.
	a, errA := dev.From([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	b, errB := dev.From([]float32{1, 0, 0, 1, 1, 1}, 3, 2)
	c, errC := dev.New(compute.F32, 2, 2)
	if err := errors.Join(errA, errB, errC); err != nil {
		panic(err)
	}
	defer a.Close()
	defer b.Close()
	defer c.Close()

	run := dev.Backend(context.Background())
	run.MatMul(c, a, b, compute.MatMulOptions{})
	run.BinaryScalar(compute.Mul, c, c, 10)
	if err := run.Wait(); err != nil { // asked once, for all operations
		panic(err)
	}
	fmt.Println(c, c.Float32s())
	// Output: float32[2 2] on cpu [40 50 100 110]
}

// A multi-layer perceptron learns exclusive or.
func Example_trainXOR() {
	dev, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		panic(err)
	}
	defer dev.Close()
	x, errX := dev.From([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	y, errY := dev.From([]float32{0, 1, 1, 0}, 4, 1)
	model, errM := nn.NewMLP(dev, nn.MLPConfig{Sizes: []int{2, 8, 1}, Act: compute.Tanh, Seed: 1})
	if err := errors.Join(errX, errY, errM); err != nil {
		panic(err)
	}
	defer x.Close()
	defer y.Close()
	defer model.Close()
	opt, err := nn.NewAdamW(model.Params(), nn.AdamWConfig{})
	if err != nil {
		panic(err)
	}
	defer opt.Close()

	tape := autograd.New(dev.Backend(context.Background()))
	defer tape.Close()
	for range 400 {
		tape.Reset()
		loss := tape.SquaredError(model.Forward(tape, tape.Const(x)), y)
		tape.Backward(loss)
		opt.Step(tape.Backend(), 0.03)
	}
	tape.Reset()
	out := model.Forward(tape, tape.Const(x))
	if err := tape.Err(); err != nil {
		panic(err)
	}
	for i, v := range out.Value().Float32s() {
		fmt.Println(i/2, "xor", i%2, "is", v > 0.5)
	}
	// Output:
	// 0 xor 0 is false
	// 0 xor 1 is true
	// 1 xor 0 is true
	// 1 xor 1 is false
}

// A session generates a batch of sequences. The tokens are fixed by the seeds:
// every machine draws the same, alone or in any batch.
func Example_sampleGPT() {
	dev, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		panic(err)
	}
	defer dev.Close()
	model, err := nn.NewGPT(dev, nn.GPTConfig{Vocab: 100, Context: 64, Layers: 2, Heads: 4, Width: 32, Seed: 1})
	if err != nil {
		panic(err)
	}
	defer model.Close()

	session, err := nn.NewSession(context.Background(), model, nn.SessionConfig{Batch: 3})
	if err != nil {
		panic(err)
	}
	defer session.Close()
	how := nn.SampleConfig{Temperature: 1, TopK: 50, Seed: 7}
	tokens, err := session.Generate([]int32{0, 0, 0}, 8, how)
	if err != nil {
		panic(err)
	}
	for _, t := range tokens {
		fmt.Println(t)
	}

	session.Reset([]uint64{2, 1, 0}) // the same sequences in another order
	again, err := session.Generate([]int32{0, 0, 0}, 8, how)
	if err != nil {
		panic(err)
	}
	fmt.Println(again[2])
	// Output:
	// [68 12 50 55 28 39 98 59]
	// [42 69 5 99 25 74 50 56]
	// [30 57 68 52 27 84 17 54]
	// [68 12 50 55 28 39 98 59]
}

// Weights come from a safetensors file, tensor by tensor or a whole model.
func Example_loadSafetensors() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	weights := []safetensors.Tensor{
		safetensors.Of("layers.0.weight", []int{2, 1}, []float32{3, 4}),
		safetensors.Of("layers.0.bias", []int{1}, []float32{0.5}),
	}
	if err := safetensors.Create(path, weights, nil); err != nil {
		panic(err)
	}

	dev, err := compute.Open("cpu", compute.Options{})
	if err != nil {
		panic(err)
	}
	defer dev.Close()

	// One tensor.
	file, err := safetensors.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	view, _ := file.Tensor("layers.0.weight")
	values, err := view.Float32s()
	if err != nil {
		panic(err)
	}
	w, err := dev.From(values, view.Shape...)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	fmt.Println(w, w.Float32s())

	// A model, whose parameters must be all that is there.
	model, err := nn.NewMLP(dev, nn.MLPConfig{Sizes: []int{2, 1}})
	if err != nil {
		panic(err)
	}
	defer model.Close()
	if err := nn.Load(path, model.Params()); err != nil {
		panic(err)
	}
	for _, p := range model.Params() {
		fmt.Println(p.Name, p.Value.Float32s())
	}
	// Output:
	// float32[2 1] on cpu [3 4]
	// layers.0.weight [3 4]
	// layers.0.bias [0.5]
}

// What does not fit is told before anything is allocated.
func Example_planThatDoesNotFit() {
	model := nn.GPTConfig{Vocab: 1024, Context: 256, Layers: 8, Heads: 8, Width: 512}
	plan := model.Plan(nn.SessionConfig{Batch: 512}, 2)
	fmt.Printf("weights %d MiB, cache %d MiB\n", (plan.Weights+plan.Packed)>>20, plan.Cache>>20)

	err := plan.Fits(2 << 30)
	fmt.Println(err)
	var fit *nn.FitError
	if errors.As(err, &fit) {
		fmt.Println("batch", fit.Batch, model.Plan(nn.SessionConfig{Batch: fit.Batch}, 2).Fits(2<<30))
	}
	fmt.Println(errors.Is(err, compute.ErrOutOfMemory))
	// Output:
	// weights 299 MiB, cache 4096 MiB
	// generating with a batch of 512 and a context of 256 takes 4.30 GiB, 2.30 GiB more than the 2.00 GiB there are; a batch of 217 would fit
	// batch 217 <nil>
	// true
}
