//go:build !cgo

package cpu

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Sets are the levels this CPU can run: none in a build without cgo.
func Sets() []kernel.Set { return nil }
