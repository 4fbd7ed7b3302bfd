// Package autograd differentiates programs written with package compute: a
// [Tape] records the operations on its variables, and [Tape.Backward] goes
// through them in reverse order (reverse-mode automatic differentiation).
//
//	t := autograd.New(dev.Backend(ctx))
//	defer t.Close()
//	for step := range steps {
//		t.Reset()
//		w := t.Param(weights, gradient) // tensors of the caller
//		loss := t.SquaredError(t.MatMul(t.Const(x), w), y)
//		t.Backward(loss) // fills gradient
//		...                                    // an optimiser's step
//	}
//	if err := t.Err(); err != nil { ... }
//
// # Memory
//
// The tape owns what its operations make: values, gradients and what they keep
// for the way back. [Tape.Reset] forgets the operations and keeps the memory: the
// n-th tensor of a step takes the place of the n-th of the step before if their
// shapes agree, so that a loop of equal steps allocates device memory in its
// first step only.
//
// # Errors
//
// As in package compute, mistakes of shape panic and failures stick: after one,
// operations do nothing and [Tape.Err] tells it.
//
// # Exactness
//
// The order in which gradients are added is that of the operations, reversed, so
// on a device in exact mode gradients are the same bits everywhere.
package autograd
