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

// readMemory is how fast this core reads the texts: the bound of everything
// that looks at each byte once.
func readMemory(ctx context.Context, e *env) (Result, error) {
	var sink uint64
	r, err := e.each(ctx, func(s string) { sink += sum(s) })
	if sink == 0 && err == nil {
		return r, fmt.Errorf("texts of %d bytes add up to nothing", e.bytes)
	}
	return r, err
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
	return a0 + a1 + a2 + a3 + uint64(len(b))
}

func (e *env) againstMemory(ctx context.Context, f func(string)) (Result, error) {
	r, err := e.each(ctx, f)
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, memoryRead, memoryRead)
}

func tokens(ctx context.Context, e *env) (Result, error) {
	t := english.New()
	return e.againstMemory(ctx, func(s string) { t.Count(s) })
}

func signals(ctx context.Context, e *env) (Result, error) {
	p, err := text.LookupProfile("fineweb")
	if err != nil {
		return Result{}, err
	}
	a := text.NewAnalyzer(p.Lines)
	r, err := e.each(ctx, func(s string) { a.Analyze(s) })
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, "text/tokens", "text/tokens")
}

func minHash(ctx context.Context, e *env) (Result, error) {
	return e.scheme(ctx, "fast")
}

func minHashDatatrove(ctx context.Context, e *env) (Result, error) {
	return e.scheme(ctx, "datatrove-xxh64-64")
}

func (e *env) scheme(ctx context.Context, name string) (Result, error) {
	h := mustScheme(name).New()
	var buf []byte
	r, err := e.againstMemory(ctx, func(s string) { buf, _ = h.Signature(buf[:0], s) })
	r.Note = "scheme " + name
	return r, err
}

// minHashBatch is the kernel over an Arrow column.
func minHashBatch(ctx context.Context, e *env) (Result, error) {
	h := compute.NewMinHasher(1)
	offsets, data := make([]int32, 1, len(e.texts)+1), make([]byte, 0, e.bytes)
	for _, s := range e.texts {
		data = append(data, s...)
		offsets = append(offsets, int32(len(data)))
	}
	sigs, counts := make([]uint32, len(e.texts)*compute.MinHashSize), make([]int32, len(e.texts))
	r, err := e.repeat(ctx, func() (int64, error) {
		h.Batch(sigs, counts, offsets, data)
		return e.bytes, nil
	})
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, memoryRead, memoryRead)
}
