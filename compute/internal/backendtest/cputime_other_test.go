//go:build !unix

package backendtest

import "time"

var start = time.Now()

// cpuTime is what the clock says, where there is no other.
func cpuTime() time.Duration { return time.Since(start) }
