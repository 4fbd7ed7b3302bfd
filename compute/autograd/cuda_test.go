//go:build cgo && linux

package autograd

import (
	"fmt"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
)

// TestPlugins: over the plugins that need no GPU gradients are the CPU's bits, and
// the second step allocates nothing.
func TestPlugins(t *testing.T) {
	host := open(t, "cpu/purego", compute.Options{})
	for _, plugin := range []string{cudatest.Fake, cudatest.Emulated} {
		t.Run(plugin, func(t *testing.T) {
			t.Setenv("CHIMERA_CUDA_LIB", cudatest.Plugin(t, plugin))
			d := open(t, "cuda:0", compute.Options{})
			for _, c := range testCases() {
				t.Run(c.name, func(t *testing.T) {
					p := newProgram(t, d, c)
					want := newProgram(t, host, c).gradients(all)
					for i, g := range p.gradients(all) {
						near(t, fmt.Sprint("gradient ", i), g, want[i], 0)
					}
					used := d.Usage().Used
					p.gradients(all)
					if now := d.Usage().Used; now != used {
						t.Errorf("%d bytes after another step, %d before", now, used)
					}
				})
			}
		})
	}
}
