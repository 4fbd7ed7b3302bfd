package compute

import (
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The oracle is the definition of doc.go once more, as plainly as possible:
// strings, one rune at a time, and big integers for the products.

// oracleWords splits text into lower-cased words.
func oracleWords(text string) []string {
	separate := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}
	words := strings.FieldsFunc(text, separate)
	for i, w := range words {
		words[i] = strings.Map(unicode.ToLower, w)
	}
	return words
}

func oracleWordHash(word string) uint64 {
	var h uint64
	for {
		var block [16]byte
		n := copy(block[:], word)
		word = word[n:]
		a := new(big.Int).SetUint64(littleEndian(block[:8]) ^ wordKey0 ^ h)
		b := new(big.Int).SetUint64(littleEndian(block[8:]) ^ wordKey1)
		product := a.Mul(a, b)
		low := new(big.Int).And(product, new(big.Int).SetUint64(1<<64-1)).Uint64()
		h = low ^ new(big.Int).Rsh(product, 64).Uint64()
		if word == "" {
			return h
		}
	}
}

func littleEndian(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func oracleShingles(text string) []uint64 {
	words := oracleWords(text)
	var shingles []uint64
	for len(words) > 0 {
		n := min(5, len(words))
		var h uint64
		for _, w := range words[:n] {
			h = h*polyBase + oracleWordHash(w)
		}
		shingles = append(shingles, finalize(h))
		if len(words) <= 5 {
			break
		}
		words = words[1:]
	}
	return shingles
}

// oracleSignature permutes a map of the distinct shingle hashes.
func oracleSignature(seed uint64, text string) (sig [MinHashSize]uint32, count int) {
	shingles := oracleShingles(text)
	set := make(map[uint32]bool)
	for _, s := range shingles {
		set[uint32(s>>32)] = true
	}
	p := newPermutations(seed)
	for i := range sig {
		least := uint64(1) << 32
		for x := range set {
			least = min(least, (uint64(p.a[i])*uint64(x)+uint64(p.b[i]))%(1<<32))
		}
		sig[i] = uint32(least)
	}
	return sig, len(shingles)
}

// oracleNormal is the normal form without its padding.
func oracleNormal(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(0)
		}
	}
	return b.String()
}
