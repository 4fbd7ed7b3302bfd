package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/text"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// cases lists every case in the order it runs: bounds before what they bound.
func cases() []kase {
	return []kase{
		{"text", "text/tokens", tokens},
		{"text", "text/signals", signals},
		{"text", "text/minhash", minHash},
		{"lake", "lake/zstd_decode", zstdDecode},
		{"lake", "lake/parquet_read", parquetRead},
		{"lake", "lake/parquet_write", parquetWrite},
		{"compute", "compute/minhash_fast", minHash},
		{"compute", "compute/minhash_datatrove", minHashReference},
		{"text", "text/exact", exactNight},
		{"text", "text/near", nearNight},
		{"text", "text/near_written", nearWrittenNight},
		{"text", "text/night", night},
	}
}

// textBytes is about how much text the kernels' cases go through at a time:
// more than the caches hold.
const textBytes = 32 << 20

// load fills e.texts from the inputs or the generator.
func (e *env) load(ctx context.Context) error {
	if len(e.Inputs) == 0 {
		c := NewCorpus(1)
		for e.bytes < textBytes {
			e.take(c.Next().Text)
		}
		return nil
	}
	files, err := formats.List(ctx, e.Inputs, false)
	if err != nil {
		return err
	}
	units, err := formats.Plan(ctx, files, textBytes)
	if err != nil {
		return err
	}
	for _, u := range units {
		if err := e.loadUnit(ctx, u); err != nil {
			return err
		}
	}
	if e.bytes == 0 {
		return fmt.Errorf("no text in %v", e.Inputs)
	}
	return nil
}

func (e *env) loadUnit(ctx context.Context, u formats.Unit) error {
	r, err := u.Open(ctx, formats.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	for e.bytes < textBytes {
		row, _, err := r.Next(ctx)
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if row != nil {
			e.take(string(row.Text))
		}
	}
	return nil
}

func (e *env) take(s string) {
	e.texts = append(e.texts, s)
	e.bytes += int64(len(s))
}

// each is a repeat over the texts.
func (e *env) each(ctx context.Context, f func(string)) (Result, error) {
	return e.repeat(ctx, func() (int64, error) {
		for _, s := range e.texts {
			f(s)
		}
		return e.bytes, nil
	})
}

// memoryRead is how fast this core reads memory: the bound of everything that
// looks at each byte once.
func (e *env) memoryRead(ctx context.Context) (float64, error) {
	if v := e.bounds["memory read"]; v > 0 {
		return v, nil
	}
	var sink uint64
	r, err := e.each(ctx, func(s string) { sink += sum(s) })
	e.bounds["memory read"] = r.Value
	_ = sink
	return r.Value, err
}

// sum adds the bytes up in words of eight, four at a time.
func sum(s string) uint64 {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	var a0, a1, a2, a3 uint64
	for len(b) >= 32 {
		a0 += binary.LittleEndian.Uint64(b)
		a1 += binary.LittleEndian.Uint64(b[8:])
		a2 += binary.LittleEndian.Uint64(b[16:])
		a3 += binary.LittleEndian.Uint64(b[24:])
		b = b[32:]
	}
	return a0 + a1 + a2 + a3
}

func (e *env) againstMemory(ctx context.Context, f func(string)) (Result, error) {
	bound, err := e.memoryRead(ctx)
	if err != nil {
		return Result{}, err
	}
	r, err := e.each(ctx, f)
	return r.bound("memory read", bound), err
}

func tokens(ctx context.Context, e *env) (Result, error) {
	t := english.New()
	r, err := e.againstMemory(ctx, func(s string) { t.Count(s) })
	e.bounds["text/tokens"] = r.Value
	return r, err
}

func signals(ctx context.Context, e *env) (Result, error) {
	p, err := text.LookupProfile("fineweb")
	if err != nil {
		return Result{}, err
	}
	a := text.NewAnalyzer(p.Lines)
	r, err := e.each(ctx, func(s string) { a.Analyze(s) })
	return r.bound("text/tokens", e.bounds["text/tokens"]), err
}

func minHash(ctx context.Context, e *env) (Result, error) {
	h := compute.NewMinHasher(1)
	var sig [compute.MinHashSize]uint32
	return e.againstMemory(ctx, func(s string) { h.Signature(&sig, s) })
}

func minHashReference(ctx context.Context, e *env) (Result, error) {
	h := mustScheme("datatrove-xxh64-64").New()
	var buf []byte
	return e.againstMemory(ctx, func(s string) { buf, _ = h.Signature(buf[:0], s) })
}
