//go:build cgo && linux

package cuda_test

import (
	"testing"

	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// TestDevice judges the kernels of the device, or with CHIMERA_TEST_PLUGIN those
// of a real one, as those of the CPU are: near float64, and equal to Go's bits.
func TestDevice(t *testing.T) {
	s := open(t, library(t, cudatest.Emulated), 0)
	conformance.Kernels(t, "device", newDeviceSet("device", s), conformance.Options{Twin: pure.Exact()})
	checkEmpty(t, s)
}

// TestBackwards runs warps and lanes in the reverse order: a result that changes
// is a barrier that is missing.
func TestBackwards(t *testing.T) {
	t.Setenv("CHIMERA_EMULATE_ORDER", "reverse")
	s := open(t, library(t, cudatest.Emulated), 0)
	conformance.Kernels(t, "device", newDeviceSet("device", s), conformance.Options{
		Twin: pure.Exact(), Only: []string{"Products", "Reductions", "Normalisers", "Attention"},
	})
}

func TestFake(t *testing.T) {
	s := open(t, library(t, cudatest.Fake), 0)
	conformance.Kernels(t, "fake", newDeviceSet("fake", s), conformance.Options{Twin: pure.Exact()})
	checkEmpty(t, s)
}
