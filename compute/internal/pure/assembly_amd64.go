package pure

import (
	"golang.org/x/sys/cpu"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Assembly are the sets in assembly that this CPU can run, the fastest first.
func Assembly() []kernel.Set {
	var sets []kernel.Set
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil
	}
	if cpu.X86.HasAVX512F {
		sets = append(sets, set{avx512})
	}
	return append(sets, set{avx2})
}
