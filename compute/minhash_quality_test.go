package compute

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// qualityTrials is the number of pairs of sets a quality test draws. The root
// mean square of that many normal errors has a relative standard error of
// 1/sqrt(2*2000) = 1.6 %.
const qualityTrials = 2000

// checkErrors compares errors of the estimate of J with the theory of 112
// independent permutations: mean 0, standard deviation sqrt(J(1-J)/112). Four
// standard errors of each figure are allowed, and of the deviation 3 % more,
// because affine permutations are at best pairwise independent: measured over
// many draws their deviation reached 2.7 %.
func checkErrors(t *testing.T, j float64, errors []float64) {
	t.Helper()
	var sum, squares float64
	for _, e := range errors {
		sum += e
		squares += e * e
	}
	n := float64(len(errors))
	bias, rmse := sum/n, math.Sqrt(squares/n)
	theory := math.Sqrt(j * (1 - j) / MinHashSize)
	t.Logf("J %.3f: RMSE %.4f, theory %.4f (%+.1f %%), bias %+.5f", j, rmse, theory, 100*(rmse/theory-1), bias)
	if off := math.Abs(rmse/theory - 1); off > 4/math.Sqrt(2*n)+0.03 {
		t.Errorf("RMSE %.4f is %.1f %% off the theory %.4f", rmse, 100*off, theory)
	}
	if limit := 4 * theory / math.Sqrt(n); math.Abs(bias) > limit {
		t.Errorf("bias %.5f exceeds %.5f", bias, limit)
	}
}

func similarity(a, b *[MinHashSize]uint32) float64 {
	equal := 0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	return float64(equal) / MinHashSize
}

// TestPermutationQuality estimates J of random sets, with new permutations for
// each pair.
func TestPermutationQuality(t *testing.T) {
	for _, test := range []struct{ union, both int }{{20, 16}, {100, 80}, {700, 560}, {700, 350}, {700, 140}} {
		t.Run(fmt.Sprintf("%d of %d", test.both, test.union), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(test.union), uint64(test.both)))
			j := float64(test.both) / float64(test.union)
			errors := make([]float64, qualityTrials)
			hashes := make([]uint32, test.union)
			for i := range errors {
				for k := range hashes {
					hashes[k] = r.Uint32()
				}
				p := newPermutations(r.Uint64())
				a, b := filled(math.MaxUint32), filled(math.MaxUint32)
				half := test.both + (test.union-test.both)/2
				p.minInto(&a, hashes[:half])
				p.minInto(&b, hashes[:test.both])
				p.minInto(&b, hashes[half:])
				errors[i] = similarity(&a, &b) - j
			}
			checkErrors(t, j, errors)
		})
	}
}

// TestTextQuality estimates J of texts that count: neighbouring numbers differ
// in few bits, which a weak shingle hash would carry into the minimum. The seed
// is the same for all pairs, as in use.
func TestTextQuality(t *testing.T) {
	const shingles = 300
	r := rand.New(rand.NewPCG(11, 12))
	m := NewMinHasher(1)
	for _, shift := range []int{20, 100} { // shingles of one text only
		j := float64(shingles-shift) / float64(shingles+shift)
		errors := make([]float64, qualityTrials)
		for i := range errors {
			from := r.IntN(1 << 30)
			var a, b [MinHashSize]uint32
			m.Signature(&a, countingText(from, shingles+4))
			m.Signature(&b, countingText(from+shift, shingles+4))
			errors[i] = similarity(&a, &b) - j
		}
		checkErrors(t, j, errors)
	}
}

func countingText(from, words int) string {
	var b strings.Builder
	for i := range words {
		fmt.Fprintf(&b, "%d ", from+i)
	}
	return b.String()
}
