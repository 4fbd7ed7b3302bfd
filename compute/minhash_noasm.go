//go:build !amd64

package compute

// goKernels is empty: there is assembly for amd64 only.
func goKernels() []minhashKernel { return nil }
