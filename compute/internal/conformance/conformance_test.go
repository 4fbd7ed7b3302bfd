package conformance

import (
	"math"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

// TestPhilox: two independent readings of the paper.
func TestPhilox(t *testing.T) {
	r := Rand(t, "Philox")
	for range 10000 {
		key := [2]uint32{r.Uint32(), r.Uint32()}
		counter := [4]uint32{r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32()}
		if got, want := exact.Philox(key, counter), ref.Philox(key, counter); got != want {
			t.Fatalf("Philox(%x, %x) = %x, want %x", key, counter, got, want)
		}
	}
}

// TestChiSquareUpper against a published table of quantiles.
func TestChiSquareUpper(t *testing.T) {
	for _, tt := range []struct {
		x       float64
		degrees int
		want    float64
	}{{5.991, 2, 0.05}, {9.210, 2, 0.01}, {18.307, 10, 0.05}, {39.252, 16, 0.001}, {7.962, 16, 0.95}} {
		if got := ChiSquareUpper(tt.x, tt.degrees); math.Abs(got-tt.want) > 2e-3*tt.want {
			t.Errorf("ChiSquareUpper(%v, %d) = %v, want %v", tt.x, tt.degrees, got, tt.want)
		}
	}
}
