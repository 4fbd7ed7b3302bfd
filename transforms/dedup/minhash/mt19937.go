package minhash

// twister is the Mersenne Twister MT19937 (Matsumoto, Nishimura 1998) as numpy's
// RandomState uses it.
type twister struct {
	state [624]uint32
	next  int
}

// newTwister is init_genrand of the authors' code.
func newTwister(seed uint32) *twister {
	t := &twister{next: len(twister{}.state)}
	t.state[0] = seed
	for i := 1; i < len(t.state); i++ {
		prev := t.state[i-1]
		t.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	return t
}

// uint32 is genrand_int32.
func (t *twister) uint32() uint32 {
	if t.next == len(t.state) {
		t.refill()
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (t *twister) refill() {
	n := len(t.state)
	for i := range t.state {
		y := t.state[i]&0x80000000 | t.state[(i+1)%n]&0x7fffffff
		v := t.state[(i+397)%n] ^ y>>1
		if y&1 == 1 {
			v ^= 0x9908b0df
		}
		t.state[i] = v
	}
	t.next = 0
}

// upTo returns a number in [0, limit] for a limit of 61 bits, as numpy's randint
// does for uint64: the high word is drawn first, and numbers above the limit are
// drawn again.
func (t *twister) upTo(limit uint64) uint64 {
	for {
		high := uint64(t.uint32())
		v := (high<<32 | uint64(t.uint32())) & mersenne
		if v <= limit {
			return v
		}
	}
}
