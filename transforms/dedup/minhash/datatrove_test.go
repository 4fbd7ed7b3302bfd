package minhash

import (
	"encoding/binary"
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
	p := &datatrove().wide
	for _, test := range []struct {
		name      string
		got, want uint64
	}{
		{"a0", p.A[0], 775169054918279404}, {"a1", p.A[1], 1758426461858698313},
		{"a2", p.A[2], 2109959069025162}, {"a111", p.A[111], 223865076026037746},
		{"b0", p.B[0], 1062448801025099917}, {"b1", p.B[1], 1324811268927594100},
		{"b2", p.B[2], 1217488311597731462}, {"b111", p.B[111], 1097409548522419201},
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
