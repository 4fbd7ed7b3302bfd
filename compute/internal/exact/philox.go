package exact

// Philox is one block of Philox4x32-10, the counter-based random numbers of
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011: the four words of counter c under key k.
func Philox(k [2]uint32, c [4]uint32) [4]uint32 {
	for range 10 {
		p0, p1 := uint64(c[0])*0xD2511F53, uint64(c[2])*0xCD9E8D57
		c = [4]uint32{uint32(p1>>32) ^ c[1] ^ k[0], uint32(p1), uint32(p0>>32) ^ c[3] ^ k[1], uint32(p0)}
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
	return c
}

// Uniform is a number between 0 and 1, exclusive of both, of 23 bits: the
// midpoints of 2^23 equal intervals.
func Uniform(word uint32) float32 {
	return (float32(word>>9) + 0.5) * (1.0 / 8388608)
}

// Gumbel is a number of the standard Gumbel distribution: -log(-log(u)).
func Gumbel(word uint32) float32 { return -Log(-Log(Uniform(word))) }
