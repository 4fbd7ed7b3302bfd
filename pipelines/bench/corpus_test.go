package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets/formats"
)

func take(c *Corpus, n int) []Doc {
	docs := make([]Doc, n)
	for i := range docs {
		docs[i] = c.Next()
	}
	return docs
}

func TestCorpusFollowsFromItsSeed(t *testing.T) {
	a, b := take(NewCorpus(7), 400), take(NewCorpus(7), 400)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two corpora of one seed differ:\n%s", diff)
	}
	if c := NewCorpus(8).Next(); c.Text == a[0].Text {
		t.Error("seeds 7 and 8 begin with the same text")
	}
}

// TestPlantedRates counts the kinds of 20,000 documents. Each count is binomial
// with the stated rate, so it lies within five standard deviations.
func TestPlantedRates(t *testing.T) {
	const n = 20_000
	count := map[Kind]float64{}
	for _, d := range take(NewCorpus(1), n) {
		count[d.Kind]++
	}
	for kind, p := range map[Kind]float64{Exact: 0.01, Scattered: 0.02, Burst: 0.02, Block: 0.02, Fresh: 0.93} {
		if dev := 5 * math.Sqrt(n*p*(1-p)); math.Abs(count[kind]-n*p) > dev {
			t.Errorf("%s: %v of %d documents, want %v +- %.0f", kind, count[kind], n, n*p, dev)
		}
	}
}

// TestPlantedDocuments checks each copy against the document it names.
func TestPlantedDocuments(t *testing.T) {
	docs := take(NewCorpus(3), 3000)
	planted := 0
	for i, d := range docs {
		if d.Kind == Fresh {
			if d.Of != -1 || d.Origin != "" {
				t.Fatalf("document %d is fresh, but made of %d", i, d.Of)
			}
			continue
		}
		planted++
		from := docs[d.Of]
		if from.Kind != Fresh || from.Text != d.Origin {
			t.Fatalf("document %d says it was made of %d, which is %s and not its origin", i, d.Of, from.Kind)
		}
		a, b := strings.Split(d.Text, " "), strings.Split(from.Text, " ")
		if len(a) != len(b) {
			t.Fatalf("document %d (%s): %d words, its origin has %d", i, d.Kind, len(a), len(b))
		}
		changed := 0
		for j := range a {
			if a[j] != b[j] {
				changed++
			}
		}
		if most := max(1, float64(len(a))*0.15); d.Kind == Exact && changed != 0 || float64(changed) > most {
			t.Errorf("document %d (%s): %d of %d words changed, want at most %.0f", i, d.Kind, changed, len(a), most)
		}
	}
	if planted == 0 {
		t.Error("nothing was planted")
	}
}

// shingles is the set of word 5-grams by its definition. The generated text is
// plain: lower case for the most part, blanks, full stops and commas.
func shingles(text string) map[string]bool {
	var words []string
	for _, w := range strings.Fields(strings.ToLower(text)) {
		words = append(words, strings.Trim(w, ".,"))
	}
	out := map[string]bool{}
	for i := 0; i+5 <= len(words); i++ {
		out[strings.Join(words[i:i+5], " ")] = true
	}
	return out
}

func jaccard(a, b map[string]bool) float64 {
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// TestWriteCorpus reads a written corpus back with the job's own reader, and
// holds planted.jsonl against similarities computed from sets of strings.
func TestWriteCorpus(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	w, err := WriteCorpus(ctx, dir, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	texts := readCorpus(t, filepath.Join(dir, rawName))
	if int64(len(texts)) != w.Docs || w.Files != 1 {
		t.Errorf("%d documents in 1 file, want %d in %d", len(texts), w.Docs, w.Files)
	}
	var n int64
	for _, s := range texts {
		n += int64(len(s))
	}
	if n != w.TextBytes || n < 3e6 || n > 3e6+40_200 {
		t.Errorf("%d bytes of text, want %d: 3e6 and at most one document more", n, w.TextBytes)
	}
	f, err := os.Open(filepath.Join(dir, plantedName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	count := 0
	for ; lines.Scan(); count++ {
		var p Planted
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if want := jaccard(shingles(texts[p.ID]), shingles(texts[p.Of])); math.Abs(p.Jaccard-want) > 1e-6 {
			t.Errorf("%s of %s: similarity %v, want %v", p.ID, p.Of, p.Jaccard, want)
		}
	}
	if count < 20 {
		t.Errorf("%d planted documents of %d", count, w.Docs)
	}
	if _, err := WriteCorpus(ctx, dir, 1, 5); err == nil {
		t.Error("a second corpus was written over the first")
	}
}

func readCorpus(t *testing.T, dir string) map[string]string {
	t.Helper()
	ctx := context.Background()
	files, err := formats.List(ctx, []string{dir}, false)
	if err != nil {
		t.Fatal(err)
	}
	units, err := formats.Plan(ctx, files, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, u := range units {
		r, err := u.Open(ctx, formats.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			row, rej, err := r.Next(ctx)
			if isEOF(err) {
				break
			}
			if err != nil || rej != nil {
				t.Fatal(err, rej)
			}
			texts[row.ID] = string(row.Text)
		}
		if _, err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}
