package minhash

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// pair is two documents with the exact similarity of their word 5-grams in
// datatrove's sense.
type pair struct {
	a, b    docKey
	jaccard float64
}

func goldenPairs(t *testing.T, data string) []pair {
	t.Helper()
	var pairs []pair
	key := func(v [3]json.RawMessage) (k docKey) {
		decode(t, v[0], &k.File)
		decode(t, v[1], &k.Line)
		return k
	}
	readLines(t, filepath.Join(data, "golden", "pairs.jsonl.gz"), func(line []byte) {
		var row struct {
			A, B    [3]json.RawMessage
			Jaccard float64
		}
		decode(t, line, &row)
		pairs = append(pairs, pair{key(row.A), key(row.B), row.Jaccard})
	})
	return pairs
}

// foundProbability is the chance that two texts agree in a whole band.
func foundProbability(j float64) float64 {
	return 1 - math.Pow(1-math.Pow(j, Rows), Bands)
}

// tally sums up the pairs of one range of similarity.
type tally struct {
	pairs, found              int
	expected, variance        float64
	squares, expectedVariance float64 // of the similarity estimates
}

func (c *tally) add(j, estimate float64, found bool) {
	p := foundProbability(j)
	c.pairs++
	if found {
		c.found++
	}
	c.expected += p
	c.variance += p * (1 - p)
	c.squares += (estimate - j) * (estimate - j)
	c.expectedVariance += j * (1 - j) / Size
}

// TestRecall compares the share of near-duplicate pairs that LSH finds with the
// theory, for all pairs of the reference documents whose word 5-grams have a
// similarity of 0.5 or more, by the similarity of the scheme's own shingle sets.
//
// The number found is a sum of binary variables with expectation sum(p) and,
// were they independent, variance sum(p(1-p)). Pairs of one family of documents
// share most shingles and so are found or missed together: measured over 60
// seeds of "fast", the variance is familyFactor times as large.
func TestRecall(t *testing.T) {
	data := sharedData(t)
	pairs, texts := goldenPairs(t, data), referenceTexts(t, data)
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s := mustLookup(t, name)
			var c tallies
			c.addPairs(t, s, s.New(), pairs, texts)
			c.check(t, 1)
			for _, p := range c.wrong {
				t.Errorf("%s: exact similarity of %v and %v is not %.6f", name, p.a, p.b, p.jaccard)
			}
		})
	}
}

// TestFastRecallOverSeeds repeats it for "fast" with other permutations, which
// narrows the bound to a quarter.
func TestFastRecallOverSeeds(t *testing.T) {
	const seeds = 16
	data := sharedData(t)
	pairs, texts := goldenPairs(t, data), referenceTexts(t, data)
	s := mustLookup(t, "fast")
	var c tallies
	for seed := range uint64(seeds) {
		h := &Hasher{scheme: s, fast: compute.NewMinHasher(1000 + seed)}
		c.addPairs(t, s, h, pairs, texts)
	}
	c.check(t, seeds)
}

// familyFactor is what correlation between pairs adds to the variance.
const familyFactor = 4.5

// tallies counts by tenth of similarity, and all pairs together.
type tallies struct {
	tenths [11]tally
	all    tally
	wrong  []pair // their similarity differs from the reference's
}

func (c *tallies) addPairs(t *testing.T, s Scheme, h *Hasher, pairs []pair, texts map[docKey]string) {
	docs := sketchAll(h, pairs, texts)
	for _, p := range pairs {
		a, b := docs[p.a], docs[p.b]
		j := Jaccard(a.set, b.set)
		if s.Name != "fast" && math.Abs(j-p.jaccard) > 1e-6 {
			c.wrong = append(c.wrong, p)
		}
		estimate, found := s.Similarity(a.sig, b.sig), s.shareBand(a.sig, b.sig)
		c.all.add(j, estimate, found)
		c.tenths[int(j*10)].add(j, estimate, found)
	}
}

func (c *tallies) check(t *testing.T, seeds int) {
	t.Helper()
	for i, tenth := range c.tenths {
		if tenth.pairs > 0 {
			logTally(t, float64(i)/10, tenth)
		}
	}
	logTally(t, 0, c.all)
	limit := 4 * math.Sqrt(familyFactor*c.all.variance)
	if off := math.Abs(float64(c.all.found) - c.all.expected); off > limit {
		t.Errorf("%d of %d pairs found with %d seeds, want %.1f +- %.1f by the theory",
			c.all.found, c.all.pairs, seeds, c.all.expected, limit)
	}
}

func logTally(t *testing.T, from float64, c tally) {
	n := float64(c.pairs)
	t.Logf("J >= %.1f: %4d pairs, found %.3f, theory %.3f; RMSE %.4f, theory %.4f",
		from, c.pairs, float64(c.found)/n, c.expected/n, math.Sqrt(c.squares/n), math.Sqrt(c.expectedVariance/n))
}

// sketch is what the test keeps of a document.
type sketch struct {
	sig []byte
	set []uint64
}

func sketchAll(h *Hasher, pairs []pair, texts map[docKey]string) map[docKey]sketch {
	docs := make(map[docKey]sketch)
	for _, p := range pairs {
		for _, key := range []docKey{p.a, p.b} {
			if _, ok := docs[key]; !ok {
				sig, _ := h.Signature(nil, texts[key])
				docs[key] = sketch{sig, h.ShingleSet(nil, texts[key])}
			}
		}
	}
	return docs
}

func (s Scheme) shareBand(a, b []byte) bool {
	for band := range Bands {
		if s.BandKey(a, band) == s.BandKey(b, band) {
			return true
		}
	}
	return false
}
