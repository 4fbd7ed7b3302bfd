package pure_test

import (
	"testing"

	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// TestConformance judges the exact set by float64 alone: it is what all others
// are equal to.
func TestConformance(t *testing.T) {
	conformance.Kernels(t, "purego", pure.Exact(), conformance.Options{})
	conformance.Kernels(t, "purego-fast", pure.Fast(), conformance.Options{Inexact: true})
	for _, s := range pure.Assembly() {
		conformance.Kernels(t, s.Name(), s, conformance.Options{Twin: pure.Exact()})
	}
}
