// Package kernel is the contract between package compute and the
// implementations of its inner loops on a CPU: C for several instruction sets
// (package cpu) and Go (package pure).
//
// A [Set] computes; it does not check. The caller guarantees sizes, splits the
// work among threads by rows (or panels, columns, blocks) and polls the context
// between calls. Methods are single-threaded, allocate nothing, keep no slice
// past the call, read and write nothing outside the slices, and never read an
// output unless its comment says so. Distinct calls may run at the same time.
//
// Every method follows package exact to the bit, so that all sets give equal
// results, except those with "Fast" in their comments.
//
// Names: m rows, n columns, k the summation index of a matrix product. Matrices
// are row-major; a rows-by-n operand is m*n contiguous numbers unless it has a
// leading dimension (ld...). chain is the ascending chain of fused
// multiply-adds and sum, dot and max the reductions of package exact. A trailing
// comment "0 <= i < m" is left out where it is plain.
package kernel
