// Package compute does the arithmetic of Chimera: tensors, the operations that
// neural networks and statistics are made of, and MinHash. It runs them on the CPU
// or on a CUDA device, with the same results. It knows nothing of datasets,
// pipelines or storage: numbers go in, numbers come out.
//
// # A whole program
//
// This program trains a small GPT to count, and lets it count. It is
// examples/digits; examples/chargpt is a larger one, with text, checkpoints and
// flags. The sections below explain what it does, in its order.
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"os"
//
//		"github.com/chimera-1/chimera/compute"
//		"github.com/chimera-1/chimera/compute/autograd"
//		"github.com/chimera-1/chimera/compute/nn"
//	)
//
//	func main() {
//		if err := run(context.Background()); err != nil {
//			fmt.Fprintln(os.Stderr, err)
//			os.Exit(1)
//		}
//	}
//
//	func run(ctx context.Context) error {
//		dev, err := compute.Open("cpu", compute.Options{})
//		if err != nil {
//			return err
//		}
//		defer dev.Close() // the last thing: tensors must be closed before
//
//		model, err := nn.NewGPT(dev, nn.GPTConfig{Vocab: 10, Context: 16, Layers: 1, Heads: 2, Width: 32, Seed: 1})
//		if err != nil {
//			return err
//		}
//		defer model.Close()
//		if err := train(ctx, dev, model); err != nil {
//			return err
//		}
//
//		// Two sequences at a time, which begin with 3 and 8.
//		session, err := nn.NewSession(ctx, model, nn.SessionConfig{Batch: 2})
//		if err != nil {
//			return err
//		}
//		defer session.Close()
//		texts, err := session.Generate([]int32{3, 8}, 12, nn.SampleConfig{Temperature: 0.5, Seed: 1})
//		for _, digits := range texts {
//			fmt.Fprintln(os.Stdout, digits)
//		}
//		return err
//	}
//
//	func train(ctx context.Context, dev *compute.Device, model *nn.GPT) error {
//		opt, err := nn.NewAdamW(model.Params(), nn.AdamWConfig{Clip: 1})
//		if err != nil {
//			return err
//		}
//		defer opt.Close()
//		tape := autograd.New(dev.Backend(ctx))
//		defer tape.Close()
//		tokens, err := dev.New(compute.I32, 4, 16) // 4 sequences of 16
//		if err != nil {
//			return err
//		}
//		defer tokens.Close()
//		next, err := dev.New(compute.I32, 4, 16)
//		if err != nil {
//			return err
//		}
//		defer next.Close()
//
//		const steps = 200
//		rate := nn.WarmupCosine{Peak: 0.01, Floor: 0.001, Warmup: 10, Total: steps}
//		x, y := make([]int32, 4*16), make([]int32, 4*16)
//		for step := range steps {
//			for i := range x {
//				first := step + i/16*3 // the digit that the sequence begins with
//				x[i] = int32((first + i%16) % 10)
//				y[i] = (x[i] + 1) % 10
//			}
//			if err := tokens.CopyFrom(x); err != nil {
//				return err
//			}
//			if err := next.CopyFrom(y); err != nil {
//				return err
//			}
//			tape.Reset()
//			loss := model.Loss(tape, tokens, next, nil)
//			tape.Backward(loss)
//			opt.Step(tape.Backend(), rate.LR(step))
//			if err := tape.Err(); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// It prints
//
//	[4 5 6 7 8 9 0 1 2 3 4 5]
//	[9 0 1 2 3 4 5 6 7 8 9 0]
//
// on every machine, since sampling is a function of its seed (see Exact and fast).
//
// # Packages
//
//	compute             devices, tensors, operations
//	compute/autograd    gradients: a tape that records operations
//	compute/nn          models (MLP, GPT), AdamW, schedules, averages, plans
//	compute/safetensors weights in files that other programs read
//	compute/checkpoint  a training's state on disk, that survives a kill
//	compute/cuda        sources of the CUDA plugin
//	compute/internal    kernels: exact (what every bit is), ref (float64 loops that
//	                    tests trust), cpu (C), pure (Go and assembly), cuda (the
//	                    plugin's loader), conformance (tests of all of them)
//
// # Devices
//
// [Open] opens a device by name: "cpu", "cuda:0", or "auto", which takes a CUDA
// device if there is one. A device is open once in a process; opening it again
// gives the same handle, and each Open needs its [Device.Close]. [Options] limit
// its threads and its memory.
//
// A CPU device chooses its kernels by what the CPU can do, when it is opened: a
// binary runs on every CPU of its architecture, with or without cgo. The kernels,
// fastest first, whose names [Device.SIMD] and [CPULevels] give:
//
//	avx512     C for AVX-512 (Skylake-X, Ice Lake, Zen 4 and later)
//	avx2       C for AVX2 and FMA (Haswell, Zen and later)
//	go-avx512  Go and assembly for AVX-512, for builds without cgo
//	go-fma     the same for AVX2 and FMA
//	c          portable C: other architectures
//	purego     Go alone
//
// Tests open a certain one by "cpu/NAME".
//
// # Tensors
//
// A [Tensor] is an array of one element type ([DType]) on one device, row-major
// without gaps: element (i,j,k) of a tensor of shape [a,b,c] is number (i*b+j)*c+k.
// Its rows are its last axis; all axes before it count the rows. A scalar has no
// axes and one element. Axes may have length 0. Arithmetic is in float32; other
// types store (bfloat16), index (int32), mask (uint8), hash (uint32), or hold
// statistics (float64).
//
// [Device.New] gives a tensor of zeros, [Device.From] a copy of a slice,
// [Tensor.CopyFrom] and [Tensor.CopyTo] move numbers in and out on every device,
// and [Tensor.Float32s] is the memory itself where it is the host's.
//
// # Ownership
//
// Who makes a tensor closes it: New, From and NewPacked give tensors whose memory
// lasts until [Tensor.Close], and the garbage collector does not know of it. Views
// ([Tensor.View], [Tensor.Rows]) share memory and are not closed. A tape owns the
// results on it, a model its parameters, an optimiser its moments, a session its
// cache: each has a Close. Using what was closed, closing twice, and closing a
// device with open tensors are mistakes and panic, so that a leak shows at once;
// [Device.Usage] counts what is open.
//
// # Operations
//
// [Device.Backend] gives a [Backend], whose methods are the operations. The result
// comes first, as in Go's copy, and must exist:
//
//	b := dev.Backend(ctx)
//	b.MatMul(c, a, w, compute.MatMulOptions{Bias: bias, Act: compute.GELUAct})
//	b.Softmax(c, c, nil) // in place
//	if err := b.Wait(); err != nil { // all of the above
//		return err
//	}
//
// Each method's comment is the loop that it computes. On a CPU an operation is done
// when the method returns; on other devices it is queued, and CopyTo or Wait wait.
// Operations allocate no tensors, and none in Go's heap once they ran.
//
// # Errors
//
// Mistakes in the program (shapes or types that do not fit, indices outside a
// table) panic with a [ShapeError], which names the operation and all shapes; no
// input of a right program causes one. Other devices than the host find wrong
// indices later, as failures. Failures of the world are errors:
// [ErrNoDevice] of Open, [ErrOutOfMemory] of New and From, a device's own faults,
// and the context's end, which stops within a fraction of a second even in a long
// operation. Failures of operations stick: later operations do nothing, and Err
// or Wait tell the first, so that a loop asks once a step. NaN and Inf are numbers
// like others, and go through operations as the comments' arithmetic has it.
//
// # Threads
//
// A CPU device runs at most Options.Threads threads, the caller's among them,
// whoever calls. A Backend, a tape and a session belong to one goroutine at a time;
// different ones may run at once, and their operations take turns on the device. A
// tensor may be read by several goroutines, and written by one.
//
// # Exact and fast
//
// In [Exact] mode, which is the default, every bit of every result is defined, by
// the comments and package internal/exact: products are chains of fused
// multiply-adds in ascending order, sums have 32 partial sums and a fixed tree, and
// exponentials, logarithms and tanh are polynomials of our own. So a result does
// not depend on the number of threads, the instruction set, the device, or how many
// other rows are computed with it. Random numbers (dropout, initial weights,
// samples) are functions of a seed and of what is drawn, a sequence's number and
// step, and not of what was drawn before. A training that goes on from a checkpoint
// gives the same bits as one that was never stopped.
//
// In [Fast] mode products may be in bfloat16 with any order of sums, CUDA devices
// use their tensor cores, and builds without cgo and assembly do not emulate fused
// multiply-adds. Results then differ within the tolerances that the operations
// state. Models in bfloat16 (Weights in nn.SessionConfig) need this mode; a cache
// of keys and values in bfloat16 does not.
//
// # Tolerance
//
// Against float64, an operation in float32 has a relative error (Frobenius norm) of
// about 1e-7 to 1e-6; functions of one variable are within 2 units in the last
// place. The tests compare every operation on every device with loops in float64,
// gradients with central differences, and operations, gradients and a training of
// ten steps with PyTorch's in float64 (testdata/golden).
//
// # Training
//
// A tape of package autograd records operations on variables: parameters, whose
// gradient is wanted (autograd.Tape.Param), and constants. autograd.Tape.Backward
// goes back from a loss of one element and fills the gradients. autograd.Tape.Reset
// begins the next step and keeps the memory, so that only the first step allocates.
// An optimiser then changes the parameters by their gradients. Models are plain Go:
// a struct of layers, which an nn.Builder makes, with a method Forward that writes
// onto a tape; the example of nn.Builder is one.
//
// nn.Save and nn.Load move weights to and from safetensors files; nn.State and
// nn.Restore make checkpoints of a whole training for package checkpoint.
//
// # Generating
//
// An nn.Session has a copy of a GPT's weights in the layout of products, and the
// keys and values of what was generated. nn.Session.Step appends a token to every
// sequence of the batch and gives the logits of the next, nn.Session.Sample draws
// from them, and nn.Session.Generate does both n times. Steps allocate nothing.
//
// # Memory
//
// nn.GPTConfig's Plan and PlanTraining tell what a session or a training takes
// before anything is allocated, and Plan.Fits says by how much one does not fit and
// which batch would. Memory of closed tensors is kept for new ones; [Device.Trim]
// gives it back.
//
// # A new operation
//
//  1. Write what it computes as the comment of a method in [Backend]: shapes, the
//     loop, what NaN does, whether in place.
//  2. Write the loop in float64 in internal/ref, and the kernel's contract in
//     internal/kernel.
//  3. Write the kernel in Go in internal/pure over internal/exact; this is what
//     every other must equal. Add it to internal/conformance.
//  4. Write it in C in internal/cpu, and in compute/cuda, when its time matters.
//  5. Write the check of shapes in check*.go and the method in cpu_*.go and
//     cuda_*.go.
//  6. If gradients go through it, write a method of the tape in autograd and a line
//     in its cases_test.go.
//
// # MinHash
//
// A [MinHasher] makes signatures of 112 hashes from the word 5-grams of texts; the
// same is [Statistics].MinHash over tensors. Words are runs of letters, decimal
// digits and combining marks, lower-cased; five words in a row make a shingle,
// whose hash goes through 112 permutations a*x+b mod 2^32, and each keeps its
// least value. It is integer arithmetic: all implementations, the names of which
// [SIMD] gives, are equal, and the tests compare them with one made of maps and
// strings. A MinHasher holds scratch memory and serves one goroutine at a time.
// The definition, datatrove's schemes and the quality are in docs/minhash.md.
//
// # More
//
// docs/compute.md is the user's guide, with figures and a glossary; docs/cuda.md is
// about CUDA devices. The examples of this package train, sample, load and plan.
package compute
