package bench

import (
	"context"
	"errors"
	"io"

	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Bounds that are no cases of their own.
const (
	memoryRead = "memory read"
	zstdEncode = "zstd encode"
)

// cases lists every case in the order of the output.
func cases() []kase {
	return []kase{
		{"", memoryRead, readMemory},
		{"", zstdEncode, encodeZstd},
		{"text", "text/tokens", tokens},
		{"text", "text/signals", signals},
		{"text", "text/minhash", minHash},
		{"text", "text/minhash_datatrove", minHashDatatrove},
		{"text", "text/exact", exactNight},
		{"text", "text/near", nearNight},
		{"text", "text/near_written", nearWrittenNight},
		{"text", "text/night", wholeNight},
		{"lake", "lake/zstd_decode", decodeZstd},
		{"lake", "lake/parquet_read", readParquet},
		{"lake", "lake/parquet_write", writeParquet},
		{"compute", "compute/minhash_batch", minHashBatch},
		{"compute", fmaPeak, peak},
		{"compute", "compute/sgemm_512", product{m: 512, n: 512, k: 512}.run},
		{"compute", "compute/sgemm_1024", product{m: 1024, n: 1024, k: 1024}.run},
		{"compute", "compute/sgemm_64x512x512", product{m: 64, n: 512, k: 512}.run},
		{"compute", "compute/sgemm_512_plain", product{m: 512, n: 512, k: 512, plain: true}.run},
		{"compute", "compute/sgemm_1024_plain", product{m: 1024, n: 1024, k: 1024, plain: true}.run},
		{"compute", "compute/sgemm_64x512x512_plain", product{m: 64, n: 512, k: 512, plain: true}.run},
		{"compute", "compute/gpt_decode", gptDecodeF32},
		{"compute", "compute/gpt_decode_bf16", gptDecodeBF16},
		{"compute", "compute/gpt_train", gptTrain},
	}
}

// Nights are held against their parts one after another. A night reads its
// input twice, once if it writes no text, and writes what it keeps twice, to
// text.documents and to training.text.

func exactNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.night(ctx, "none", func(c *pipelines.Curate) { c.SkipTextWrites, c.Dedup.Exact = true, true })
	if err != nil {
		return r, err
	}
	r.Note = "profile none, exact duplicates only, no text written"
	return e.against(ctx, r, "read", "lake/parquet_read")
}

func nearNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.night(ctx, "none", func(c *pipelines.Curate) { c.SkipTextWrites = true })
	if err != nil {
		return r, err
	}
	r.Note = "profile none, no text written"
	return e.against(ctx, r, "read, minhash", "lake/parquet_read", "text/minhash")
}

func nearWrittenNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.night(ctx, "none", func(*pipelines.Curate) {})
	if err != nil {
		return r, err
	}
	r.Note = "profile none"
	return e.against(ctx, r, "read twice, minhash, write twice",
		"lake/parquet_read", "lake/parquet_read", "text/minhash", "lake/parquet_write", "lake/parquet_write")
}

func wholeNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.night(ctx, "fineweb", func(*pipelines.Curate) {})
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, "read twice, signals, minhash, write twice",
		"lake/parquet_read", "lake/parquet_read", "text/signals", "text/minhash", "lake/parquet_write", "lake/parquet_write")
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

func mustScheme(name string) minhash.Scheme {
	s, err := minhash.Lookup(name)
	if err != nil {
		panic("bench: built-in scheme: " + err.Error())
	}
	return s
}
