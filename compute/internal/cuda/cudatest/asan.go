//go:build unix && asan

package cudatest

// flavour is the folder of the plugins below compute/cuda/build.
const flavour = "asan"

var makeFlags = []string{"SANITIZE=1"}

// Any is the plugin for tests of what all plugins have in common: here the one
// that is built sooner, as sanitized CPU kernels take the compiler minutes.
const Any = Emulated

// Sanitized says whether plugins have the sanitizers.
const Sanitized = true
