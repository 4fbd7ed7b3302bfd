package minhash

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestTwister checks the first draws of seed 42 through numpy's known
// RandomState(42).random_sample(): (high>>5 * 2^26 + low>>6) / 2^53.
func TestTwister(t *testing.T) {
	r := newTwister(42)
	high, low := r.uint32(), r.uint32()
	got := (float64(high>>5)*(1<<26) + float64(low>>6)) / (1 << 53)
	if want := 0.3745401188473625; got != want {
		t.Errorf("first number = %v, want %v", got, want)
	}
}

// TestParameters compares with values of datatrove itself for seed 1.
func TestParameters(t *testing.T) {
	p := datatroveParameters()
	for _, test := range []struct {
		name      string
		got, want uint64
	}{
		{"a0", p.a[0], 775169054918279404}, {"a1", p.a[1], 1758426461858698313},
		{"a2", p.a[2], 2109959069025162}, {"a111", p.a[111], 223865076026037746},
		{"b0", p.b[0], 1062448801025099917}, {"b1", p.b[1], 1324811268927594100},
		{"b2", p.b[2], 1217488311597731462}, {"b111", p.b[111], 1097409548522419201},
	} {
		if test.got != test.want {
			t.Errorf("%s = %d, want %d", test.name, test.got, test.want)
		}
	}
}

// TestOneShingle is datatrove's signature of a single shingle.
func TestOneShingle(t *testing.T) {
	const shingle = "a b c d e"
	if got, want := sha1First8([]byte(shingle)), uint64(1214900226509477255); got != want {
		t.Errorf("sha1First8(%q) = %d, want %d", shingle, got, want)
	}
	sig, ok := mustLookup(t, "datatrove-sha1-64").New().Signature(nil, shingle)
	if !ok {
		t.Fatal("no signature")
	}
	for i, want := range []uint64{1579576027991400705, 4472124569112051, 889064944675421779} {
		if got := binary.LittleEndian.Uint64(sig[8*i:]); got != want {
			t.Errorf("value %d = %d, want %d", i, got, want)
		}
	}
}

func TestXXH32(t *testing.T) {
	for _, test := range []struct {
		data string
		want uint64
	}{
		{"", 0x02cc5d05}, // the specification's vectors
		{"abc", 0x32d153ff},
		{"Nobody inspects the spammish repetition", 0xe2293b2f},
	} {
		if got := xxh32([]byte(test.data)); got != test.want {
			t.Errorf("xxh32(%q) = %#x, want %#x", test.data, got, test.want)
		}
	}
}

// TestModMersenne compares with big integers at the edges and elsewhere.
func TestModMersenne(t *testing.T) {
	values := []uint64{0, 1, mersenne - 1, mersenne, mersenne + 1, 2*mersenne - 1, 2 * mersenne, 7 * mersenne, 7*mersenne + 6, 1<<64 - 1, 1<<64 - 8, 1<<64 - 9}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		values = append(values, r.Uint64())
	}
	for _, x := range values {
		want := new(big.Int).Mod(new(big.Int).SetUint64(x), big.NewInt(mersenne)).Uint64()
		if got := modMersenne(x); got != want {
			t.Errorf("modMersenne(%d) = %d, want %d", x, got, want)
		}
	}
}

// TestPermutations compares the signature of many hashes with one value at a
// time.
func TestPermutations(t *testing.T) {
	p := datatroveParameters()
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{1, 2, 3, 7, 100, 1001} {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = r.Uint64()
		}
		got64, got32 := p.signature(hashes, 8), p.signature(hashes, 4)
		for i := range Size {
			want64, want32 := uint64(1<<64-1), uint64(1<<32-1)
			for _, h := range hashes {
				v := (h*p.a[i] + p.b[i]) % mersenne
				want64, want32 = min(want64, v), min(want32, v&(1<<32-1))
			}
			if got64[i] != want64 || got32[i] != want32 {
				t.Fatalf("%d hashes, value %d = %d and %d, want %d and %d", n, i, got64[i], got32[i], want64, want32)
			}
		}
	}
}

func BenchmarkDatatrovePermutations(b *testing.B) {
	p := datatroveParameters()
	hashes := make([]uint64, 1000)
	r := rand.New(rand.NewPCG(2, 2))
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	for b.Loop() {
		p.signature(hashes, 8)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/shingle")
}
