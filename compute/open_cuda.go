package compute

import "fmt"

// openCUDA opens the CUDA device of the given ordinal through the plugin.
func openCUDA(_ *Device, ordinal string) error {
	return fmt.Errorf("device cuda:%s: no plugin: %w", ordinal, ErrNoDevice)
}
