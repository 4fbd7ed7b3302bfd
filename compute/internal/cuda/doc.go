// Package cuda loads the plugin that runs operations on a CUDA device and speaks
// its C ABI, compute/cuda/chimera_cuda.h, which documents every operation.
//
// [Load] looks for libchimera_cuda.so in the file named by CHIMERA_CUDA_LIB, and
// if that is not set beside the executable, in ../lib/chimera from there, and
// where the system looks for libraries. A [Session] is one device with its
// buffers; commands ([Cmd]) are queued by [Session.Submit] and waited for by
// [Session.Wait], which gives up when its context ends, whatever the device does.
//
// Go never holds a pointer to device memory, and C keeps none of Go's past a
// call. No call allocates but those that open something or fail.
//
// Without cgo there is no plugin: [Load] says so.
package cuda
