package bench

import (
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// words are the 3,000 most frequent lower-case words of the Go distribution's
// comments, most frequent first.
//
//go:embed words.txt
var wordList string

// Doc is a generated document.
type Doc struct {
	ID   string
	Text string
	// Of is the number of the document this one was made from, or -1.
	Of   int
	Kind Kind
	// Origin is the text of that document; empty for fresh ones.
	Origin string
}

// Kind says how a document was made from another.
type Kind string

// Kinds of documents.
const (
	Fresh     Kind = "fresh"
	Exact     Kind = "exact"     // the same bytes
	Scattered Kind = "scattered" // single words replaced all over: 5-gram sets fall apart
	Burst     Kind = "burst"     // runs of ten words replaced
	Block     Kind = "block"     // one block cut out and replaced
)

// Corpus makes documents of about 3 kB: sentences of words in Zipf's
// distribution, with duplicates planted at known rates. The same seed makes the
// same documents, one at a time, in bounded memory.
type Corpus struct {
	Seed uint64
	// Rates of planted documents; the rest is fresh. Defaults to 1 % exact and
	// 6 % near, in equal parts of the three kinds.
	ExactRate, NearRate float64

	vocabulary []string
	cumulative []float64
	recent     []Doc // fresh documents that a planted one may be made from
	n          int
	r          *rand.Rand
}

func docID(n int) string { return fmt.Sprintf("doc-%08d", n) }

// recentDocs bounds how far back a planted document reaches.
const recentDocs = 512

// NewCorpus returns the corpus of a seed with the default rates.
func NewCorpus(seed uint64) *Corpus {
	c := &Corpus{Seed: seed, ExactRate: 0.01, NearRate: 0.06, r: rand.New(rand.NewPCG(seed, 0x63686d72))}
	c.vocabulary = strings.Fields(wordList)
	sum := 0.0
	for i := range c.vocabulary {
		sum += 1 / math.Pow(float64(i)+2.7, 1.05) // Zipf-Mandelbrot
		c.cumulative = append(c.cumulative, sum)
	}
	return c
}

// Next makes the next document.
func (c *Corpus) Next() Doc {
	d := Doc{ID: docID(c.n), Of: -1, Kind: Fresh}
	roll := c.r.Float64()
	switch {
	case len(c.recent) > 0 && roll < c.ExactRate:
		from := c.recent[c.r.IntN(len(c.recent))]
		d.Text, d.Origin, d.Of, d.Kind = from.Text, from.Text, from.Of, Exact
	case len(c.recent) > 0 && roll < c.ExactRate+c.NearRate:
		from := c.recent[c.r.IntN(len(c.recent))]
		d.Kind = []Kind{Scattered, Burst, Block}[c.r.IntN(3)]
		d.Text, d.Origin, d.Of = c.edit(from.Text, d.Kind), from.Text, from.Of
	default:
		d.Text = c.fresh()
		c.keep(Doc{Text: d.Text, Of: c.n})
	}
	c.n++
	return d
}

// keep remembers a fresh document; Of holds its own number.
func (c *Corpus) keep(d Doc) {
	if len(c.recent) < recentDocs {
		c.recent = append(c.recent, d)
		return
	}
	c.recent[c.r.IntN(recentDocs)] = d
}

// word draws from Zipf's distribution.
func (c *Corpus) word() string {
	x := c.r.Float64() * c.cumulative[len(c.cumulative)-1]
	lo, hi := 0, len(c.cumulative)-1
	for lo < hi {
		if mid := (lo + hi) / 2; c.cumulative[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return c.vocabulary[lo]
}

// fresh makes a text of log-normal length around 2.7 kB.
func (c *Corpus) fresh() string {
	target := int(math.Exp(7.9 + 0.6*c.r.NormFloat64()))
	target = min(max(target, 300), 40_000)
	var b strings.Builder
	b.Grow(target + 200)
	for b.Len() < target {
		for range 3 + c.r.IntN(5) {
			c.sentence(&b)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

func (c *Corpus) sentence(b *strings.Builder) {
	n := 8 + c.r.IntN(18)
	for i := range n {
		w := c.word()
		if i == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		if i > 2 && i < n-2 && c.r.IntN(14) == 0 {
			b.WriteByte(',')
		}
	}
	b.WriteString(". ")
}

// edit makes a near duplicate: 5 to 15 % of the words change.
func (c *Corpus) edit(text string, kind Kind) string {
	words := strings.Split(text, " ")
	change := max(1, int(float64(len(words))*(0.05+0.10*c.r.Float64())))
	switch kind {
	case Scattered:
		for range change {
			words[c.r.IntN(len(words))] = c.word()
		}
	case Burst:
		for left := change; left > 0; left -= 10 {
			c.replace(words, min(10, left))
		}
	case Block:
		c.replace(words, change)
	}
	return strings.Join(words, " ")
}

// replace writes n new words over a run at a random place.
func (c *Corpus) replace(words []string, n int) {
	n = min(n, len(words))
	at := c.r.IntN(len(words) - n + 1)
	for i := range n {
		words[at+i] = c.word()
	}
}
