//go:build cgo && linux

package compute_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/backendtest"
	"github.com/chimera-1/chimera/compute/internal/cuda/cudatest"
)

// openPlugin opens cuda:0 over a plugin that needs no GPU, with faults on cue.
func openPlugin(t *testing.T, name, faults string, o compute.Options) *compute.Device {
	t.Helper()
	t.Setenv("CHIMERA_CUDA_LIB", cudatest.Plugin(t, name))
	t.Setenv("CHIMERA_FAULTS", faults)
	d, err := compute.Open("cuda:0", o)
	if err != nil {
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

// TestPlugins: every operation through the plugins, equal to Go's bits.
func TestPlugins(t *testing.T) {
	s := backendtest.New(t, 1e-6)
	first, err := compute.Open("cpu/purego", compute.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	t.Run("purego", func(t *testing.T) { s.Run(t, first) })
	for _, name := range []string{cudatest.Fake, cudatest.Emulated} {
		t.Run(name, func(t *testing.T) { s.Run(t, openPlugin(t, name, "", compute.Options{})) })
	}
}

// TestPluginsFast: TF32 and bfloat16 products, within their tolerance.
func TestPluginsFast(t *testing.T) {
	s := backendtest.New(t, 5e-3)
	s.Run(t, openPlugin(t, cudatest.Emulated, "", compute.Options{Mode: compute.Fast}))
}

// wants: the error wraps a kind and has a text in it.
func wants(t *testing.T, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want %v with %q", err, kind, text)
	}
}

func TestPluginRefused(t *testing.T) {
	fake := cudatest.Plugin(t, cudatest.Fake)
	for _, tt := range []struct{ lib, faults, text string }{
		{fake, "abi=7", "version 7.0"},
		{fake, "short", "a table of 64 bytes"},
		{fake, "nodriver", "driver"},
		{fake, "nodevice", "no device 0"},
		{"/nowhere/lib.so", "", "/nowhere/lib.so"},
	} {
		t.Setenv("CHIMERA_CUDA_LIB", tt.lib)
		t.Setenv("CHIMERA_FAULTS", tt.faults)
		_, err := compute.Open("cuda:0", compute.Options{})
		wants(t, err, compute.ErrNoDevice, tt.text)
		// CHIMERA_DEVICE=cuda never falls back, auto does.
		t.Setenv("CHIMERA_DEVICE", "cuda")
		_, err = compute.Open("auto", compute.Options{})
		wants(t, err, compute.ErrNoDevice, tt.text)
		t.Setenv("CHIMERA_DEVICE", "auto")
		d, err := compute.Open("auto", compute.Options{})
		if err != nil || d.Name() != "cpu" {
			t.Errorf("auto: %v, %v", d, err)
			continue
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPluginOutOfMemory(t *testing.T) {
	d := openPlugin(t, cudatest.Fake, "alloc=2", compute.Options{})
	x, err := d.New(compute.F32, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	_, err = d.New(compute.F32, 100)
	wants(t, err, compute.ErrOutOfMemory, "no room for 400 bytes")
	if u := d.Usage(); u.Tensors != 1 || u.Used != 400 {
		t.Errorf("usage %+v", u)
	}
}

func TestPluginIndexIsAFailure(t *testing.T) {
	d := openPlugin(t, cudatest.Fake, "", compute.Options{})
	table, _ := d.From([]float32{1, 2}, 2, 1)
	defer table.Close()
	idx, _ := d.From([]int32{0, 2}, 2)
	defer idx.Close()
	rows, _ := d.New(compute.F32, 2, 1)
	defer rows.Close()
	b := d.Backend(context.Background())
	b.Gather(rows, table, idx)
	if err := b.Wait(); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("%v", err)
	}
	if err := d.Backend(context.Background()).Wait(); err != nil {
		t.Errorf("the next backend: %v", err)
	}
}

// TestPluginCancelled: the wait ends long before the kernel.
func TestPluginCancelled(t *testing.T) {
	d := openPlugin(t, cudatest.Fake, "slow=600", compute.Options{})
	x, err := d.From([]float32{1, 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(5*time.Millisecond, cancel)
	b := d.Backend(ctx)
	b.Unary(compute.Exp, x, x)
	if err := b.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	got := make([]float32, 2)
	if err := x.CopyTo(got); err != nil || math.Abs(float64(got[0])-math.E) > 1e-6 {
		t.Errorf("%v, %v: what was queued is done all the same", got, err)
	}
}

func TestPluginDead(t *testing.T) {
	d := openPlugin(t, cudatest.Fake, "sticky=1", compute.Options{})
	x, err := d.From([]float32{1, 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	b := d.Backend(context.Background())
	b.Unary(compute.Exp, x, x)
	for range 2 {
		if err := b.Wait(); err == nil || !strings.Contains(err.Error(), "illegal memory access") {
			t.Errorf("%v", err)
		}
	}
	if _, err := d.New(compute.F32, 1); err == nil {
		t.Error("a dead device gave memory")
	}
}

// TestPluginAllocations: queueing allocates nothing.
func TestPluginAllocations(t *testing.T) {
	d := openPlugin(t, cudatest.Fake, "", compute.Options{})
	x, err := d.From(make([]float32, 64*64), 64, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	y, err := d.New(compute.F32, 64, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	b := d.Backend(context.Background())
	if n := testing.AllocsPerRun(20, func() {
		b.MatMul(y, x, x, compute.MatMulOptions{})
		b.Unary(compute.GELU, y, y)
		b.Softmax(y, y, nil)
		b.Reduce(compute.ReduceMean, y.Rows(0, 1), x, 0)
		if b.Wait() != nil {
			t.Fatal(b.Err())
		}
	}); n > 2 { // Rows makes a header
		t.Errorf("%v allocations", n)
	}
}
