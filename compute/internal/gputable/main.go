// Command gputable measures the operations of package compute on a CUDA device and
// compares them with the CPU: one line an operation with its error and its rate.
// infra/gpu/check.sh runs it after building the plugin; it needs no Go there.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/chimera-1/chimera/compute"
)

func main() {
	device := flag.String("device", "cuda:0", "device to measure")
	small := flag.Bool("small", false, "measure the small shapes only, as for an emulated device")
	flag.Parse()
	if err := run(os.Stdout, *device, *small); err != nil {
		fmt.Fprintln(os.Stderr, "gputable:", err)
		os.Exit(1) //nolint:forbidigo // a program's own exit code
	}
}

// run writes the table for a device, in both modes.
func run(w io.Writer, device string, small bool) error {
	fmt.Fprintf(w, "| operation | shape | error | time | rate |\n|---|---|---|---|---|\n")
	for _, mode := range []compute.Mode{compute.Exact, compute.Fast} {
		if err := runMode(w, device, mode, small); err != nil {
			return err
		}
	}
	return nil
}

func runMode(w io.Writer, device string, mode compute.Mode, small bool) error {
	host, err := compute.Open("cpu", compute.Options{Mode: mode})
	if err != nil {
		return err
	}
	defer host.Close()
	d, err := compute.Open(device, compute.Options{Mode: mode})
	if err != nil {
		return err
	}
	defer d.Close()
	bad := 0
	for _, c := range cases() {
		if c.fast != (mode == compute.Fast) {
			continue
		}
		r, err := c.measure(context.Background(), host, d, small)
		if err != nil {
			return fmt.Errorf("%s %v: %w", c.name, c.large, err)
		}
		if r.err > c.tolerance() {
			bad++
		}
		fmt.Fprintln(w, r)
	}
	if bad > 0 {
		return fmt.Errorf("%d operations above their tolerance", bad)
	}
	return nil
}
