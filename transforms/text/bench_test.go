package text

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
)

// BenchmarkAnalyze measures the whole analysis, tokens included.
func BenchmarkAnalyze(b *testing.B) {
	for name, file := range benchFiles {
		b.Run(name, func(b *testing.B) {
			texts, size := benchTexts(b, file)
			a := NewAnalyzer(referenceLines())
			b.ReportAllocs()
			perCPU(b, size, func() {
				for _, t := range texts {
					a.Analyze(t)
				}
			})
		})
	}
}

// BenchmarkFigures measures the analysis without the splitting into words and
// sentences.
func BenchmarkFigures(b *testing.B) {
	for name, file := range benchFiles {
		b.Run(name, func(b *testing.B) {
			texts, size := benchTexts(b, file)
			a := NewAnalyzer(referenceLines())
			parts := make([]Analyzer, len(texts))
			for i, t := range texts {
				parts[i].words.spans, parts[i].sentences = a.tok.WordsAndSentences(nil, nil, t)
			}
			perCPU(b, size, func() {
				for i, t := range texts {
					a.words.spans, a.sentences = parts[i].words.spans, parts[i].sentences
					a.figures(t, a.measureParts(t))
				}
			})
		})
	}
}

// BenchmarkDecide measures a decision from stored figures.
func BenchmarkDecide(b *testing.B) {
	texts, _ := benchTexts(b, benchFiles["web"])
	a, p := NewAnalyzer(referenceLines()), mustProfile(b, "fineweb")
	var signals []*datasets.Signals
	for _, t := range texts {
		signals = append(signals, a.Analyze(t))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Decide(signals[i%len(signals)])
	}
}

var benchFiles = map[string]string{"web": "web_labelled/agreement_data.jsonl", "docs": "docs/docs_dev.jsonl.gz", "udhr": "udhr/udhr_dev.jsonl.gz"}

// perCPU runs op and reports its rate per second of processor time, which other
// work on the machine disturbs less than the clock's.
func perCPU(b *testing.B, size int64, op func()) {
	b.SetBytes(size)
	start := processorTime(b)
	for b.Loop() {
		op()
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime(b)-start).Seconds(), "MB/cpu-s")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchTexts(b *testing.B, file string) (texts []string, size int64) {
	texts = readTexts(b, filepath.Join(sharedData(b), file))
	for _, t := range texts {
		size += int64(len(t))
	}
	return texts, size
}
