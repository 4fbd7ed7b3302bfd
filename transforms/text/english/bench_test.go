package english

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// prose is ordinary English with the usual share of quotes, numbers, names and
// contractions.
const prose = `When the committee met again on Tuesday, most of its members had read the report, but few agreed with it. ` +
	`"I don't think we've understood the problem," said Dr. Hall, who had come from Boston that morning; "it's not about money." ` +
	`Others were less patient. The costs, they argued, had risen by 12.5% since 1998, to more than $3,400 a year (see table 4), ` +
	`and nobody could say why. In the end they asked for a well-documented plan, a list of names and a date: 14 March, at 10am. ` +
	`That seemed fair to everyone. After lunch the talk turned to other matters - the roof, the heating, and the old question ` +
	`of whether the library should stay open on Sundays. Mrs. Green thought so. Her neighbour didn't, and told her so at length.` +
	"\n\n"

func benchText() string { return strings.Repeat(prose, 100) }

func BenchmarkWordsAndSentences(b *testing.B) {
	text := benchText()
	t := New()
	var words, sents []Span
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		words, sents = t.WordsAndSentences(words[:0], sents[:0], text)
	}
}

func BenchmarkCount(b *testing.B) {
	text := benchText()
	t := New()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		t.Count(text)
	}
}

func BenchmarkSimplify(b *testing.B) {
	text := benchText()
	var dst []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = Simplify(dst[:0], text)
	}
}

func BenchmarkSimplifyAccents(b *testing.B) {
	text := strings.Repeat("Où est l'été dernier? Ça dépend de la façon: voilà tout. ", 500)
	var dst []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = Simplify(dst[:0], text)
	}
}

// BenchmarkDocuments runs on the reference documents, where they are present:
// web pages, technical documentation and one text in many languages.
func BenchmarkDocuments(b *testing.B) {
	for _, file := range []string{"web_labelled/agreement_data.jsonl", "docs/docs_dev.jsonl.gz", "udhr/udhr_dev.jsonl.gz"} {
		docs := texts(b, filepath.Join(dataDir(b), filepath.FromSlash(file)))
		docs = docs[:min(len(docs), 200)]
		size := 0
		for _, d := range docs {
			size += len(d)
		}
		t := New()
		var words, sents []Span
		b.Run(path.Dir(file)+"/words", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, d := range docs {
					words, sents = t.WordsAndSentences(words[:0], sents[:0], d)
				}
			}
		})
		var dst []byte
		b.Run(path.Dir(file)+"/simplify", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, d := range docs {
					dst = Simplify(dst[:0], d)
				}
			}
		})
	}
}

// BenchmarkHostile runs on chunks that would be quadratic if every step of the
// affix rules looked at all of them.
func BenchmarkHostile(b *testing.B) {
	for _, c := range []struct{ name, unit string }{
		{"brackets", "("}, {"dots", "."}, {"dotted", ".,"}, {"letters", "a"}, {"at", "a@a.b"},
		{"hyphens", "a-"}, {"spaced", ". _ "}, {"invalid", "\xff"}, {"digits", "1."}, {"emoji", "😀"},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := strings.Repeat(c.unit, 1<<20/len(c.unit))
			t := New()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				t.Count(text)
			}
		})
	}
}
