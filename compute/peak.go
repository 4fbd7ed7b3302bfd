package compute

import (
	"slices"
	"sync"

	"github.com/chimera-1/chimera/compute/internal/cpu"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// FMAPeak measures the bound of products on a CPU device: how fast all its threads
// together do float32 multiply-adds that touch no memory, in GFLOP/s of two
// operations each, in about so many seconds, a thousandth at least. It is the
// highest rate seen, so that what else the machine does shows little. 0 for other
// devices.
func (d *Device) FMAPeak(seconds float64) float64 {
	if d.set == nil {
		return 0
	}
	measure := pure.FMAPeak
	if slices.ContainsFunc(cpu.Sets(), func(s kernel.Set) bool { return s.Name() == d.simd }) {
		measure = cpu.FMAPeak
	}
	seconds = max(seconds, 1e-3)
	rates := make([]float64, d.Threads())
	var threads sync.WaitGroup
	for i := range rates {
		threads.Go(func() { rates[i] = measure(d.simd, seconds) })
	}
	threads.Wait()
	total := 0.0
	for _, r := range rates {
		total += r
	}
	return total
}
