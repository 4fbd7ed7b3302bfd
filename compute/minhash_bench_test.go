package compute

import (
	"math/rand/v2"
	"testing"
)

// benchColumn returns about 4 MB of texts of 700 words with 6.4 bytes a word,
// blank included, as English has. A share of the words, in percent, ends in
// a typographic quote.
func benchColumn(quoted int) (offsets []int32, data []byte) {
	r := rand.New(rand.NewPCG(9, 9))
	vocabulary := make([]string, 20000)
	for i := range vocabulary {
		word := make([]byte, 1+r.IntN(4)+r.IntN(4)+r.IntN(4)) // mean 5.5
		for j := range word {
			word[j] = byte('a' + r.IntN(26))
		}
		if r.IntN(10) == 0 {
			word[0] -= 32
		}
		vocabulary[i] = string(word)
	}
	offsets = []int32{0}
	for len(data) < 4<<20 {
		for range 700 {
			data = append(data, vocabulary[r.IntN(len(vocabulary))]...)
			if r.IntN(100) < quoted {
				data = append(data, "\u2019"...)
			}
			data = append(data, ' ')
		}
		offsets = append(offsets, int32(len(data)))
	}
	return offsets, data
}

func benchmarkBatch(b *testing.B, quoted int) {
	offsets, data := benchColumn(quoted)
	n := len(offsets) - 1
	sigs, counts := make([]uint32, n*MinHashSize), make([]int32, n)
	before := SIMD()
	defer SetSIMD(before)
	for _, level := range levels() {
		b.Run(level, func(b *testing.B) {
			if err := SetSIMD(level); err != nil {
				b.Fatal(err)
			}
			m := NewMinHasher(1)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				m.Batch(sigs, counts, offsets, data)
			}
		})
	}
}

// BenchmarkMinHash measures text to signature, one core.
func BenchmarkMinHash(b *testing.B) { benchmarkBatch(b, 0) }

// BenchmarkMinHashQuoted is the same where every tenth word is followed by a
// character that is not ASCII.
func BenchmarkMinHashQuoted(b *testing.B) { benchmarkBatch(b, 10) }

// BenchmarkShingles measures words and shingle hashes alone, in Go.
func BenchmarkShingles(b *testing.B) {
	_, data := benchColumn(0)
	text := string(data)
	m := NewMinHasher(1)
	b.SetBytes(int64(len(data)))
	var dst []uint64
	for b.Loop() {
		dst = m.Shingles(dst[:0], text)
	}
}
