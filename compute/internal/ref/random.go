package ref

import (
	"math"
	"math/bits"
)

// The constants of Philox4x32: multipliers and Weyl increments, Salmon, Moraes,
// Dror and Shaw 2011, table 2 and section 3.3.
const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9 // the golden ratio
	philoxW1 = 0xBB67AE85 // sqrt(3)-1
)

// Philox is ten rounds of Philox4x32. A round of the generalised Feistel network
// permutes the words to two pairs (L, R), and maps each to
// (mulhi(R, M) xor key xor L, mullo(R, M)); the round keys are Weyl sequences.
func Philox(key [2]uint32, counter [4]uint32) [4]uint32 {
	x := counter
	for round := range uint32(10) {
		k0 := key[0] + round*philoxW0
		k1 := key[1] + round*philoxW1
		hi0, lo0 := bits.Mul32(philoxM0, x[0])
		hi1, lo1 := bits.Mul32(philoxM1, x[2])
		x[0], x[1], x[2], x[3] = hi1^k0^x[1], lo1, hi0^k1^x[3], lo0
	}
	return x
}

// Uniform is the midpoint of the interval of length 2^-23 that the upper 23 bits
// of a word name.
func Uniform(word uint32) float64 { return (float64(word>>9) + 0.5) / (1 << 23) }

// Gumbel is the standard Gumbel quantile at u.
func Gumbel(u float64) float64 { return -math.Log(-math.Log(u)) }

// Draw names the random numbers of one row: word j%4 of block j/4 of the stream
// of trajectory ID at Step.
type Draw struct {
	Key  [2]uint32
	ID   uint64
	Step uint32
}

// Word is random word j.
func (d Draw) Word(j int) uint32 {
	return Philox(d.Key, [4]uint32{uint32(d.ID), uint32(d.ID >> 32), d.Step, uint32(j / 4)})[j%4]
}

// GumbelScores is x*invT plus independent Gumbel noise: the index of its maximum
// is distributed as softmax(x*invT), Gumbel 1954. With invT = 0 it is x itself.
func GumbelScores(x []float64, invT float64, d Draw) []float64 {
	y := append([]float64(nil), x...)
	if invT == 0 {
		return y
	}
	for j := range y {
		y[j] = x[j]*invT + Gumbel(Uniform(d.Word(j)))
	}
	return y
}

// Dropout keeps x[i]*scale where uniform number i is at least p, and 0 else;
// number i is word i%4 of block base+i/4.
func Dropout(x []float64, p, scale float64, key [2]uint32, base uint64, counter2, counter3 uint32) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		block := base + uint64(i/4)
		words := Philox(key, [4]uint32{uint32(block), uint32(block >> 32), counter2, counter3})
		if Uniform(words[i%4]) >= p {
			y[i] = x[i] * scale
		}
	}
	return y
}
