package main

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// TestCases: every case runs, gives numbers, and costs something, on the CPU.
func TestCases(t *testing.T) {
	for _, mode := range []compute.Mode{compute.Exact, compute.Fast} {
		d, err := compute.Open("cpu", compute.Options{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases() {
			if c.fast != (mode == compute.Fast) {
				continue
			}
			x, err := c.output(context.Background(), d)
			if err != nil || relative(x, x) != 0 {
				t.Errorf("%s: %v, with NaN: %t", c.name, err, relative(x, x) != 0)
			}
			if err := c.do(d, c.small, func(k task) error {
				if k.bytes+k.flops <= 0 {
					t.Errorf("%s: no work", c.name)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
		if n := d.Usage().Tensors; n != 0 {
			t.Errorf("%d tensors are left open", n)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, tt := range []struct {
		got, want []float64
		err       float64
	}{
		{[]float64{1, -4}, []float64{1, -4}, 0},
		{[]float64{1, -4}, []float64{2, -4}, 0.25},
		{[]float64{math.NaN()}, []float64{1}, math.Inf(1)},
		{[]float64{0}, []float64{0}, 0},
	} {
		if got := relative(tt.got, tt.want); got != tt.err {
			t.Errorf("relative(%v, %v) = %v, want %v", tt.got, tt.want, got, tt.err)
		}
	}
}

// TestNoDevice: without a device the error names what was tried.
func TestNoDevice(t *testing.T) {
	t.Setenv("CHIMERA_CUDA_LIB", "/nowhere/lib.so")
	var b strings.Builder
	if err := run(&b, "cuda:0", true); err == nil || !strings.Contains(err.Error(), "/nowhere/lib.so") && !strings.Contains(err.Error(), "cgo") {
		t.Errorf("%v", err)
	}
}
