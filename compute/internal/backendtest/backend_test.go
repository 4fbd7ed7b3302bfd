package backendtest

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

var (
	deviceFlag = flag.String("compute.device", "", "a device that must be there beside those of the CPU, as cuda:0")
	fastFlag   = flag.Float64("compute.fast", 1e-3, "relative error allowed to that device opened with Fast: that of TF32")
)

// config is a device and how it is opened.
type config struct {
	name string
	compute.Options
}

// configs are what every run of the tests covers: pure Go first, as the others are
// compared with it.
func configs() []config {
	all := []config{{"cpu/purego", compute.Options{Threads: 1}}}
	for _, level := range compute.CPULevels() {
		for threads := 1; threads <= 3; threads++ {
			if c := (config{"cpu/" + level, compute.Options{Threads: threads}}); c != all[0] && (level != "purego" || threads != 3) {
				all = append(all, c)
			}
		}
	}
	if *deviceFlag != "" {
		return append(all, config{*deviceFlag, compute.Options{}})
	}
	if d, err := compute.Open("cuda:0", compute.Options{}); err == nil {
		all = append(all, config{"cuda:0", compute.Options{}})
		_ = d.Close()
	}
	return all
}

// open opens the device for a test, at whose end no tensor may be left.
func (c config) open(t testing.TB) *compute.Device {
	t.Helper()
	d, err := compute.Open(c.name, c.Options)
	if err != nil {
		if errors.Is(err, compute.ErrNoDevice) && c.name != *deviceFlag {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := d.Usage().Tensors; n != 0 {
			t.Errorf("%d tensors are left open", n)
			return // Close would panic
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (c config) String() string { return fmt.Sprintf("%s-%d", c.name, c.Threads) }

// TestExact: every operation on every device, with any number of threads and in
// any pieces, near the reference and equal to the bit.
func TestExact(t *testing.T) {
	s := New(t, 1e-6)
	for _, c := range configs() {
		t.Run(c.String(), func(t *testing.T) { s.Run(t, c.open(t)) })
	}
}

// TestFast: devices whose results are near the reference only.
func TestFast(t *testing.T) {
	s := New(t, 1e-6)
	for _, c := range []config{{"cpu", compute.Options{Threads: 2}}, {"cpu/purego-fast", compute.Options{Threads: 2}}} {
		c.Mode = compute.Fast
		t.Run(c.String(), func(t *testing.T) { s.Run(t, c.open(t)) })
	}
	if *deviceFlag != "" {
		c := config{*deviceFlag, compute.Options{Mode: compute.Fast}}
		t.Run(c.String(), func(t *testing.T) { New(t, *fastFlag).Run(t, c.open(t)) })
	}
}
