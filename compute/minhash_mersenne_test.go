package compute

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// mersenneEdges are the values around which a reduction mod 2^61-1 goes wrong.
var mersenneEdges = []uint64{
	0, 1, mersenne61 - 1, mersenne61, mersenne61 + 1, 2*mersenne61 - 1, 2 * mersenne61,
	7 * mersenne61, 7*mersenne61 + 6, 1<<64 - 1, 1<<64 - 8, 1<<64 - 9, 1 << 32, 1<<32 - 1, 1 << 63,
}

func TestModMersenne61(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	values := mersenneEdges
	for range 1000 {
		values = append(values, r.Uint64())
	}
	for _, x := range values {
		want := new(big.Int).Mod(new(big.Int).SetUint64(x), big.NewInt(mersenne61)).Uint64()
		if got := modMersenne61(x); got != want {
			t.Errorf("modMersenne61(%d) = %d, want %d", x, got, want)
		}
	}
}

// TestMersenneSignature compares all paths with the definition. A quarter of the
// permutations are the identity before the prime, so that edge values reach it.
func TestMersenneSignature(t *testing.T) {
	eachLevel(t, func(t *testing.T, _ string) {
		r := rand.New(rand.NewPCG(2, 2))
		for _, n := range []int{1, 2, 3, 7, 100, 1001} {
			for _, narrow := range []bool{false, true} {
				p := randomMersenne(r)
				p.Narrow = narrow
				hashes := make([]uint64, n)
				for i := range hashes {
					hashes[i] = r.Uint64()
					if r.IntN(2) == 0 {
						hashes[i] = mersenneEdges[r.IntN(len(mersenneEdges))]
					}
				}
				checkMersenne(t, p, hashes)
			}
		}
	})
}

func randomMersenne(r *rand.Rand) *MersenneMinHash {
	p := new(MersenneMinHash)
	for i := range p.A {
		p.A[i], p.B[i] = r.Uint64N(mersenne61), r.Uint64N(mersenne61)
		if i%4 == 0 {
			p.A[i], p.B[i] = 1, 0
		}
	}
	return p
}

func checkMersenne(t *testing.T, p *MersenneMinHash, hashes []uint64) {
	t.Helper()
	var got [MinHashSize]uint64
	p.Signature(&got, hashes)
	for i := range got {
		want := uint64(1<<64 - 1)
		for _, h := range hashes {
			v := (h*p.A[i] + p.B[i]) % mersenne61
			if p.Narrow {
				v &= 1<<32 - 1
			}
			want = min(want, v)
		}
		if got[i] != want {
			t.Fatalf("%d hashes, narrow %v: value %d = %d, want %d", len(hashes), p.Narrow, i, got[i], want)
		}
	}
}

// BenchmarkMersenne measures the permutations alone.
func BenchmarkMersenne(b *testing.B) {
	r := rand.New(rand.NewPCG(2, 2))
	p := randomMersenne(r)
	hashes := make([]uint64, 700)
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	before := SIMD()
	defer SetSIMD(before)
	for _, level := range levels() {
		b.Run(level, func(b *testing.B) {
			if err := SetSIMD(level); err != nil {
				b.Fatal(err)
			}
			var sig [MinHashSize]uint64
			for b.Loop() {
				p.Signature(&sig, hashes)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(hashes)), "ns/shingle")
		})
	}
}
