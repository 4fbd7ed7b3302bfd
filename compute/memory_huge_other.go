//go:build unix && !linux

package compute

// adviseHuge leaves the size of pages to the system.
func adviseHuge([]byte) {}
