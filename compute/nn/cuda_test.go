//go:build cgo && linux

package nn

import (
	"fmt"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
)

// TestPlugins: over the plugins that need no GPU a training equals PyTorch's, and
// what is generated the CPU's.
func TestPlugins(t *testing.T) {
	generate := func(t *testing.T, name string) string {
		g := model(t, device(t, name, compute.Options{}), small)
		s := session(t, g, SessionConfig{Batch: 3})
		out, err := s.Generate([]int32{0, 5, 11}, 16, SampleConfig{Temperature: 1, TopK: 9, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(out)
	}
	var want string
	t.Run("cpu", func(t *testing.T) { want = generate(t, "cpu") })
	for _, plugin := range []string{cudatest.Fake, cudatest.Emulated} {
		t.Run(plugin, func(t *testing.T) {
			t.Setenv("CHIMERA_CUDA_LIB", cudatest.Plugin(t, plugin))
			t.Run("training", func(t *testing.T) { testTraining(t, "cuda:0") })
			t.Run("generating", func(t *testing.T) {
				if got := generate(t, "cuda:0"); got != want {
					t.Errorf("generated %s, the CPU %s", got, want)
				}
			})
		})
	}
}
