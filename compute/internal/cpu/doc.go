// Package cpu holds the C twins of the kernels of package compute, the only
// cgo of the module together with its siblings.
//
// Each kernel is one C template compiled several times, with the instruction
// set as a function attribute and never as a flag for the whole build, so that
// a binary may be built on one CPU and run on another; see [Levels]. Without
// cgo the package offers no level and compute stays with Go.
//
// C code is single-threaded, allocates nothing, keeps no pointer past a call
// and reads no byte outside the slices it is given.
package cpu
