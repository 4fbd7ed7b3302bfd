// Package ref is the oracle of package compute: every operation as plain
// float64 loops that read like the formula in a textbook. It is slow, checks
// nothing and shares no code with the kernels it judges; of package kernel it
// knows only the names of operations.
//
// Functions return new slices and leave their arguments alone. Matrices are
// row-major. What ends in Grad is the backward pass of the function before it:
// it takes the gradient dy of some scalar with respect to the result and
// returns the gradients with respect to the arguments. [Gradient] finds the same
// numbers by central differences, which is how this package is itself tested.
package ref
