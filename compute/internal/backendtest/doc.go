// Package backendtest tests devices of package compute. A [Suite] is a list of
// calls with what float64 loops say of each; [Suite.Run] makes them all on a device:
//
//   - at once, in pieces along the first axis, and in place where the operation
//     allows it: the results are the same to the bit;
//   - with results poisoned beforehand, and operands compared afterwards;
//   - on every further device with results equal to those of the first, if both
//     are exact: any instruction set, any number of threads, any batch.
//
// The package's own test runs it on every device of this process, and as one
// file on a machine without Go:
//
//	CGO_ENABLED=0 go test -c ./compute/internal/backendtest
//	go test -c -ldflags '-linkmode external -extldflags -static' ./compute/internal/backendtest
//	./backendtest.test -test.v -compute.device=cuda:0
//
// A plugin is opened by a program that is linked to the C library dynamically.
package backendtest
