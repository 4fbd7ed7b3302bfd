package exact

import (
	"math"
	"testing"
)

// The known answers of Random123's kat_vectors for philox4x32, 10 rounds.
func TestPhilox(t *testing.T) {
	const ones = 0xffffffff
	for _, c := range []struct {
		key     [2]uint32
		counter [4]uint32
		want    [4]uint32
	}{
		{[2]uint32{}, [4]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[2]uint32{ones, ones}, [4]uint32{ones, ones, ones, ones}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox(c.key, c.counter); got != c.want {
			t.Errorf("Philox(%x, %x) = %x, want %x", c.key, c.counter, got, c.want)
		}
	}
}

func TestUniform(t *testing.T) {
	for _, c := range []struct {
		word uint32
		want float32
	}{{0, 0x1p-24}, {511, 0x1p-24}, {512, 3 * 0x1p-24}, {1 << 31, 0.5 + 0x1p-24}, {0xffffffff, 1 - 0x1p-24}} {
		if got := Uniform(c.word); got != c.want {
			t.Errorf("Uniform(%#x) = %x, want %x", c.word, got, c.want)
		}
	}
	if lo, hi := Gumbel(0), Gumbel(0xffffffff); lo-lo != 0 || hi-hi != 0 || lo > -2.8 || hi < 16.6 {
		t.Errorf("the extremes of Gumbel are %v and %v", lo, hi)
	}
	// Every interval once: mean 1/2 and variance 1/12, less a part in 2^46.
	var sum, squares float64
	const n = 1 << 23
	for i := range uint32(n) {
		u := float64(Uniform(i << 9))
		sum += u
		squares += (u - 0.5) * (u - 0.5)
	}
	if sum/n != 0.5 || math.Abs(squares/n-1.0/12) > 1e-13 {
		t.Errorf("mean %v, variance %v", sum/n, squares/n)
	}
}

// The mean of the Gumbel distribution is Euler's constant, its variance pi^2/6.
func TestGumbel(t *testing.T) {
	var sum, squares float64
	const n = 1 << 20
	for i := range uint32(n) {
		g := float64(Gumbel(i << 12))
		sum += g
		squares += g * g
	}
	mean := sum / n
	if variance := squares/n - mean*mean; math.Abs(mean-0.5772156649) > 1e-4 || math.Abs(variance-math.Pi*math.Pi/6) > 1e-3 {
		t.Errorf("mean %v, variance %v", mean, variance)
	}
}
