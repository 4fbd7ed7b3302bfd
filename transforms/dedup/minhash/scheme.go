package minhash

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/compute"
)

// Bands and Rows divide a signature: Size values, band by band.
const (
	Bands = 14
	Rows  = 8
	Size  = Bands * Rows
)

// The band structure is the size of a signature of package compute.
var _ = [1]struct{}{}[Size-compute.MinHashSize]

// Scheme is a definition of signatures. Get one from [Lookup].
type Scheme struct {
	Name string

	width int
	// hash is the shingle hash of a datatrove scheme, nil for "fast".
	hash func(shingle []byte) uint64
}

var schemes = []Scheme{
	{Name: "fast", width: 4},
	{Name: "datatrove-xxh64-64", width: 8, hash: xxh64},
	{Name: "datatrove-sha1-64", width: 8, hash: sha1First8},
	{Name: "datatrove-xxh32-32", width: 4, hash: xxh32},
	{Name: "datatrove-sha1-32", width: 4, hash: sha1First4},
}

// Names returns the names of all schemes.
func Names() []string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.Name
	}
	return names
}

// Lookup returns the scheme of that name.
func Lookup(name string) (Scheme, error) {
	for _, s := range schemes {
		if s.Name == name {
			return s, nil
		}
	}
	return Scheme{}, fmt.Errorf("unknown MinHash scheme %q, have %s", name, strings.Join(Names(), ", "))
}

// Width is the number of bytes of a signature's value, 4 or 8.
func (s Scheme) Width() int { return s.width }

// SignatureBytes is the length of a signature: Size values of Width bytes.
func (s Scheme) SignatureBytes() int { return Size * s.width }

// BandKey hashes band number band of a signature, counted from 0, to 64 bits:
// texts with equal keys are candidates. The band number is hashed too, so that
// the keys of all bands can share one table; unequal bands have equal keys only
// by chance, once in 2^64.
func (s Scheme) BandKey(sig []byte, band int) uint64 {
	size := Rows * s.width
	var buf [4 + Rows*8]byte
	binary.LittleEndian.PutUint32(buf[:], uint32(band))
	n := copy(buf[4:], sig[band*size:(band+1)*size])
	return xxh3.Hash(buf[:4+n])
}

// Similarity is the share of equal values of two signatures of this scheme: the
// estimate of the Jaccard similarity J, with a standard error of
// sqrt(J(1-J)/112).
func (s Scheme) Similarity(a, b []byte) float64 {
	a, b = a[:s.SignatureBytes()], b[:s.SignatureBytes()]
	equal := 0
	for i := 0; i < len(a); i += s.width {
		if string(a[i:i+s.width]) == string(b[i:i+s.width]) {
			equal++
		}
	}
	return float64(equal) / Size
}
