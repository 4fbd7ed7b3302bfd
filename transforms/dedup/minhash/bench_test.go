package minhash

import "testing"

// BenchmarkSignature measures text to signature, one core, on the first MB or so
// of the reference documents.
func BenchmarkSignature(b *testing.B) {
	texts := referenceTexts(b, sharedData(b))
	var sample []string
	size := 0
	for line := 0; size < 1<<20; line++ {
		text := texts[docKey{"docs/docs_dev.jsonl.gz", line}]
		sample = append(sample, text)
		size += len(text)
	}
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			h := mustLookup(b, name).New()
			var sig []byte
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, text := range sample {
					sig, _ = h.Signature(sig[:0], text)
				}
			}
		})
	}
	b.Run("simplify and tokenize", func(b *testing.B) {
		h := mustLookup(b, "datatrove-xxh64-64").New()
		b.SetBytes(int64(size))
		for b.Loop() {
			for _, text := range sample {
				h.tokenize(text)
			}
		}
	})
}
