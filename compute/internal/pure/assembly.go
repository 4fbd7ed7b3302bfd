package pure

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Assembly are the sets in assembly that this CPU can run, the fastest first.
func Assembly() []kernel.Set { return nil }
