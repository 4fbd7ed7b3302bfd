//go:build !asan

package cudatest

// flavour is the folder of the plugins below compute/cuda/build.
const flavour = "plain"

var makeFlags []string
