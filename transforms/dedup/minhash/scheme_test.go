package minhash

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

func mustLookup(t testing.TB, name string) Scheme {
	t.Helper()
	s, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookup(t *testing.T) {
	want := []string{"fast", "datatrove-xxh64-64", "datatrove-sha1-64", "datatrove-xxh32-32", "datatrove-sha1-32"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %q, want %q", got, want)
	}
	for _, name := range Names() {
		if s := mustLookup(t, name); s.Name != name {
			t.Errorf("Lookup(%q).Name = %q", name, s.Name)
		}
	}
	if _, err := Lookup("simhash"); err == nil {
		t.Error("Lookup(simhash) gives no error")
	}
}

// TestShortTexts states which texts have a signature.
func TestShortTexts(t *testing.T) {
	tests := []struct {
		text            string
		fast, datatrove bool
	}{
		{"", false, false},
		{" .,! ", false, false},
		{"four words are few", true, false},
		{"five words are just enough", true, true},
	}
	for _, name := range Names() {
		s := mustLookup(t, name)
		h := s.New()
		for _, test := range tests {
			want := test.datatrove
			if name == "fast" {
				want = test.fast
			}
			sig, ok := h.Signature([]byte("before"), test.text)
			if ok != want {
				t.Errorf("%s: Signature(%q) ok = %v, want %v", name, test.text, ok, want)
			}
			size := len("before")
			if want {
				size += Size * s.Width()
			}
			if len(sig) != size || string(sig[:6]) != "before" {
				t.Errorf("%s: Signature(%q) has %d bytes, want %d after what was there", name, test.text, len(sig), size)
			}
		}
	}
}

func TestShingleStrings(t *testing.T) {
	tests := []struct {
		scheme, text string
		want         []string
	}{
		{"fast", "", []string{}},
		{"fast", "It's HERE", []string{"it s here"}},
		{"fast", "One, two, three, four, five, six.", []string{"one two three four five", "two three four five six"}},
		{"datatrove-xxh64-64", "It's HERE", []string{}},
		{"datatrove-xxh64-64", "One, two, three, cannot 17.", []string{"one two three can not", "two three can not 0"}},
	}
	for _, test := range tests {
		got := mustLookup(t, test.scheme).New().ShingleStrings(test.text)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: ShingleStrings(%q) = %q, want %q", test.scheme, test.text, got, test.want)
		}
	}
}

// TestShingleSet checks that sets are sorted, distinct, and as many as the
// distinct shingles; what is before them in dst must stay.
func TestShingleSet(t *testing.T) {
	const text = "to be or not to be or not to be or not to be that is the question"
	for _, name := range Names() {
		h := mustLookup(t, name).New()
		distinct := make(map[string]bool)
		for _, s := range h.ShingleStrings(text) {
			distinct[s] = true
		}
		got := h.ShingleSet([]uint64{math.MaxUint64}, text)
		if got[0] != math.MaxUint64 || !slices.IsSorted(got[1:]) || len(got)-1 != len(distinct) {
			t.Errorf("%s: ShingleSet = %x, want %d ascending numbers after ffffffffffffffff", name, got, len(distinct))
		}
	}
}

func TestJaccard(t *testing.T) {
	tests := []struct {
		a, b []uint64
		want float64
	}{
		{nil, nil, 0},
		{[]uint64{1}, nil, 0},
		{[]uint64{1, 2, 3}, []uint64{1, 2, 3}, 1},
		{[]uint64{1, 2, 3}, []uint64{2, 3, 4}, 0.5},
		{[]uint64{1, 3, 5, 7}, []uint64{2, 3, 4}, 1.0 / 6},
	}
	for _, test := range tests {
		if got := Jaccard(test.a, test.b); got != test.want {
			t.Errorf("Jaccard(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
		if got := Jaccard(test.b, test.a); got != test.want {
			t.Errorf("Jaccard(%v, %v) = %v, want %v", test.b, test.a, got, test.want)
		}
	}
}

// TestBandKey builds signatures of equal values in all bands: their keys must
// differ by band, and a key must depend on each value of its band only.
func TestBandKey(t *testing.T) {
	for _, name := range Names() {
		s := mustLookup(t, name)
		sig := make([]byte, s.SignatureBytes())
		keys := make(map[uint64]bool)
		for band := range Bands {
			keys[s.BandKey(sig, band)] = true
		}
		if len(keys) != Bands {
			t.Errorf("%s: %d different keys of equal bands, want %d", name, len(keys), Bands)
		}
		for i := range Size {
			changed := slices.Clone(sig)
			changed[i*s.Width()] = 1
			for band := range Bands {
				if differ := s.BandKey(changed, band) != s.BandKey(sig, band); differ != (band == i/Rows) {
					t.Errorf("%s: value %d changes the key of band %d: %v", name, i, band, differ)
				}
			}
		}
	}
}

func TestSimilarity(t *testing.T) {
	for _, name := range Names() {
		s := mustLookup(t, name)
		a := make([]byte, s.SignatureBytes())
		b := slices.Clone(a)
		for i := range 28 {
			b[(i+1)*s.Width()-1] = 9 // last byte of value i
		}
		if got := s.Similarity(a, b); got != 0.75 {
			t.Errorf("%s: Similarity = %v, want 0.75", name, got)
		}
	}
}

// TestFastLayout ties the bytes of "fast" to package compute, so that stored
// signatures keep their meaning.
func TestFastLayout(t *testing.T) {
	sig, ok := mustLookup(t, "fast").New().Signature(nil, "The quick brown fox jumps over the lazy dog")
	if !ok {
		t.Fatal("no signature")
	}
	want := []uint32{fastFirst, fastSecond}
	for i, w := range want {
		if got := binary.LittleEndian.Uint32(sig[4*i:]); got != w {
			t.Errorf("value %d = %#x, want %#x", i, got, w)
		}
	}
}

// The first two values of a known text: a change of either means that the scheme
// has changed and needs another name.
const (
	fastFirst  = 0x5a300b5b
	fastSecond = 0x0df4e2f8
)
