package dedup

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// planted makes documents of families: signatures that agree in some bands, and
// families whose signatures grew out of others, so that clusters chain.
type planted struct {
	rng      *rand.Rand
	families [][]byte
}

func (p *planted) random() []byte {
	sig := make([]byte, minhash.Size*4)
	for i := 0; i < len(sig); i += 4 {
		binary.LittleEndian.PutUint32(sig[i:], p.rng.Uint32())
	}
	return sig
}

// mutate changes values in some of the bands.
func (p *planted) mutate(sig []byte, bands int) []byte {
	sig = append([]byte(nil), sig...)
	for _, b := range p.rng.Perm(minhash.Bands)[:bands] {
		for n := 1 + p.rng.IntN(minhash.Rows); n > 0; n-- {
			binary.LittleEndian.PutUint32(sig[4*(b*minhash.Rows+p.rng.IntN(minhash.Rows)):], p.rng.Uint32())
		}
	}
	return sig
}

func (p *planted) docs(n int) []testDoc {
	docs := make([]testDoc, n)
	for i := range docs {
		if len(p.families) == 0 || p.rng.IntN(4) == 0 {
			sig := p.random()
			if len(p.families) > 0 && p.rng.IntN(3) == 0 {
				sig = p.mutate(p.families[p.rng.IntN(len(p.families))], 12)
			}
			p.families = append(p.families, sig)
		}
		d := testDoc{id: fmt.Sprintf("doc-%d", p.rng.IntN(1000)), size: int64(100 + p.rng.IntN(4)), keep: p.rng.IntN(5) > 0}
		switch family := p.families[p.rng.IntN(len(p.families))]; p.rng.IntN(10) {
		case 0: // no signature
		case 1:
			d.sig = p.random()
		default:
			d.sig = p.mutate(family, p.rng.IntN(15))
		}
		docs[i] = d
	}
	return docs
}

// cuttings are ways to cut the same night.
var cuttings = []how{
	{shards: 1, units: 1, workers: 1, seed: 1},
	{shards: 2, units: 3, workers: 2, seed: 2},
	{shards: 7, units: 11, workers: 3, seed: 3, taskEdges: 40},
	{shards: 16, units: 5, workers: 8, seed: 4, taskEdges: 7},
}

func testNights(t *testing.T, opt Options, nights int, docs func(night int) []testDoc) {
	t.Helper()
	l := newTestLake()
	duplicates, bridges := 0, 0
	for night := range nights {
		tonight := docs(night)
		want := l.oracle(tonight, opt)
		for _, h := range cuttings {
			got, _, _ := l.near(t, tonight, opt, h)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("night %d, cut as %+v (-want +got):\n%s", night, h, diff)
			}
		}
		for _, o := range want {
			if o.DuplicateOf != 0 {
				duplicates++
			}
			bridges += len(o.Bridges)
		}
		l.publish(t, tonight, opt, want)
	}
	t.Logf("%d duplicates, %d bridges", duplicates, bridges)
	if duplicates == 0 {
		t.Error("no duplicates: the test shows nothing")
	}
}

func TestNearEqualsOracle(t *testing.T) {
	for _, survivor := range []string{SurvivorLongest, SurvivorFirst, SurvivorLast} {
		for seed := range uint64(4) {
			p := planted{rng: rand.New(rand.NewPCG(seed, 7))}
			opt := Options{Scheme: "fast", Survivor: survivor}
			testNights(t, opt, 4, func(int) []testDoc { return p.docs(120) })
		}
	}
}

func TestMinSimilarityEqualsOracle(t *testing.T) {
	for seed := range uint64(3) {
		p := planted{rng: rand.New(rand.NewPCG(seed, 8))}
		opt := Options{Scheme: "fast", Survivor: SurvivorLongest, MinSimilarity: 0.5}
		testNights(t, opt, 4, func(int) []testDoc { return p.docs(100) })
	}
}

// TestVerifyEqualsOracle uses texts: their signatures estimate, their shingles decide.
func TestVerifyEqualsOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	opt := Options{Scheme: "fast", Survivor: SurvivorLongest, MinSimilarity: 0.4, Verify: true, MinJaccard: 0.6}
	h := opt.scheme().New()
	var families [][]string
	testNights(t, opt, 3, func(int) []testDoc {
		docs := make([]testDoc, 80)
		for i := range docs {
			if len(families) == 0 || rng.IntN(4) == 0 {
				words := make([]string, 120)
				for w := range words {
					words[w] = fmt.Sprintf("w%d", rng.IntN(5000))
				}
				families = append(families, words)
			}
			words := append([]string(nil), families[rng.IntN(len(families))]...)
			for n := rng.IntN(12); n > 0; n-- {
				words[rng.IntN(len(words))] = fmt.Sprintf("x%d", rng.IntN(5000))
			}
			text := strings.Join(words, " ")
			sig, _ := h.Signature(nil, text)
			docs[i] = testDoc{id: fmt.Sprint(i), text: text, size: int64(len(text)), sig: sig, keep: rng.IntN(6) > 0}
		}
		return docs
	})
}
