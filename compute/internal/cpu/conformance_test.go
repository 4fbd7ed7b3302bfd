package cpu_test

import (
	"testing"

	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/cpu"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// TestConformance runs every level that this machine has.
func TestConformance(t *testing.T) {
	for _, s := range cpu.Sets() {
		conformance.Kernels(t, s.Name(), s, conformance.Options{Twin: pure.Exact()})
	}
}
