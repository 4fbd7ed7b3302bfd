// Package conformance tests implementations of package kernel. Its one function
// [Kernels] runs every method of a set at shapes below, at and above the sizes of
// tiles, and judges each call in several ways:
//
//   - the results are near those of the float64 loops of package ref;
//   - they are equal to the bit to those of a second set (Options.Twin);
//   - they are equal to the bit when rows, panels, columns or elements are
//     computed in pieces, where the destination is an operand (if the contract
//     allows it), and wherever the buffers lie;
//   - inputs, the gaps between rows of a matrix with a leading dimension and the
//     bytes around every buffer are as before, and every output was written: it
//     is filled with a certain NaN beforehand;
//   - nothing outside the buffers is read: on Linux they end, or begin, at a page
//     that may not be touched, so that a load too far stops the test.
//
// Inputs are fresh in each run. The seed is logged, and repeated by
//
//	go test -compute.seed=N
//
// or by COMPUTE_SEED=N in the environment. If C code reads outside its buffers the
// process ends there; -compute.trace tells which call it was.
package conformance
