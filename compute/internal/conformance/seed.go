package conformance

import (
	"flag"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("compute.seed", 0, "seed of the inputs; 0: COMPUTE_SEED, or a new one")
	traceFlag = flag.Bool("compute.trace", false, "write the name of each call to stderr before it")
)

// seed is the seed of this process's tests.
var seed = sync.OnceValue(func() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	if s, err := strconv.ParseUint(os.Getenv("COMPUTE_SEED"), 10, 64); err == nil {
		return s
	}
	return uint64(time.Now().UnixNano()) % 1e9
})

// Rand is a source of random numbers of its own for each name, so that a test
// run alone has the inputs it had among others. It logs the seed.
func Rand(t testing.TB, name string) *rand.Rand {
	t.Helper()
	t.Logf("inputs of %s: repeat with -compute.seed=%d", name, seed())
	h := fnv.New64a()
	h.Write([]byte(name)) // a hash never fails
	return rand.New(rand.NewPCG(seed(), h.Sum64()))
}

// Normal is n numbers of the standard normal distribution.
func Normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// Away is like Normal, but even elements lie around 2 and odd ones around -2, so
// that a row of two or more has some variance and no division is ill-conditioned.
func Away(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(2-4*(i%2)) + 0.3*float32(r.NormFloat64())
	}
	return x
}

// Specials are the numbers where functions change their way.
var Specials = func() []float32 {
	inf := float32(math.Inf(1))
	x := []float32{inf, float32(math.NaN()), 0, math.MaxFloat32, math.SmallestNonzeroFloat32, 1.1754944e-38, 1e-39,
		1, 0.5, 2, 1e-30, 1e30, 1e19, 2e19, 1e13, 88, 88.722839, 88.72284, 88.8, 87.33654, 87.336548, 87.4, 104, 44.3,
		0.625, 0.62499994, 9, 9.1, 16777216, 8388609, 0.70710677, 0.7071068, 1.4142135, 1e-7, 0.34657359}
	for _, v := range x[:len(x):len(x)] {
		x = append(x, -v)
	}
	return x
}()

// Sprinkle replaces every so many elements (on average) of x by specials.
func Sprinkle(r *rand.Rand, x []float32, every int) []float32 {
	y := append([]float32(nil), x...)
	for i := range y {
		if r.IntN(every) == 0 {
			y[i] = Specials[r.IntN(len(Specials))]
		}
	}
	return y
}

// Mask is n random bytes, one in three of them 0.
func Mask(r *rand.Rand, n int) []uint8 {
	m := make([]uint8, n)
	for i := range m {
		m[i] = uint8(r.IntN(3))
	}
	return m
}

// Indices is n indices below limit.
func Indices(r *rand.Rand, n, limit int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(r.IntN(limit))
	}
	return x
}
