package ref

import (
	"math"
	"testing"
)

func TestBFloat16(t *testing.T) {
	bits := math.Float32frombits
	for _, tt := range []struct {
		x    float32
		want uint16
	}{
		{1, 0x3f80}, {-2.5, 0xc020}, {bits(0x3f808000), 0x3f80}, {bits(0x3f818000), 0x3f82}, {bits(0x3f808001), 0x3f81},
		{bits(0x7f7f7fff), 0x7f7f}, {bits(0x7f7f8000), 0x7f80}, {math.MaxFloat32, 0x7f80}, {bits(0xff800000), 0xff80},
		{bits(0x7f800001), 0x7fc0}, {bits(0xffc12345), 0xffc0}, {bits(0x80000000), 0x8000}, {bits(0x00008000), 0}, {bits(0x00018000), 2},
	} {
		if got := BFloat16(tt.x); got != tt.want {
			t.Errorf("BFloat16(%x) = %x, want %x", math.Float32bits(tt.x), got, tt.want)
		}
	}
}
