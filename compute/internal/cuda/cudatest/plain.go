//go:build unix && !asan

package cudatest

// flavour is the folder of the plugins below compute/cuda/build.
const flavour = "plain"

var makeFlags []string

// Any is the plugin for tests of what all plugins have in common.
const Any = Fake

// Sanitized says whether plugins have the sanitizers.
const Sanitized = false
