package bench

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/klauspost/compress/zstd"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

func mustScheme(name string) minhash.Scheme {
	s, err := minhash.Lookup(name)
	if err != nil {
		panic("bench: built-in scheme: " + err.Error())
	}
	return s
}

// blocks are the texts in pieces of a Parquet page.
func (e *env) blocks() [][]byte {
	var out [][]byte
	var b []byte
	for _, s := range e.texts {
		if b = append(b, s...); len(b) >= 1<<20 {
			out, b = append(out, b), nil
		}
	}
	return append(out, b)
}

// zstdEncode is the bound of writing.
func (e *env) zstdEncode(ctx context.Context) (float64, [][]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, nil, err
	}
	defer enc.Close()
	raw := e.blocks()
	packed := make([][]byte, len(raw))
	r, err := e.repeat(ctx, func() (int64, error) {
		for i, b := range raw {
			packed[i] = enc.EncodeAll(b, packed[i][:0])
		}
		return e.bytes, nil
	})
	e.bounds["zstd encode"] = r.Value
	return r.Value, packed, err
}

func zstdDecode(ctx context.Context, e *env) (Result, error) {
	_, packed, err := e.zstdEncode(ctx)
	if err != nil {
		return Result{}, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return Result{}, err
	}
	defer dec.Close()
	var buf []byte
	r, err := e.repeat(ctx, func() (int64, error) {
		for _, b := range packed {
			if buf, err = dec.DecodeAll(b, buf[:0]); err != nil {
				return 0, err
			}
		}
		return e.bytes, nil
	})
	if err != nil {
		return r, err
	}
	e.bounds["lake/zstd_decode"] = r.Value
	bound, err := e.memoryRead(ctx)
	return r.bound("memory read", bound), err
}

// parquetFile is the texts as a file of training rows.
func (e *env) parquetFile() ([]byte, error) {
	var b bytes.Buffer
	w := parquetio.NewWriter[datasets.Training](&b, parquetio.WriterOptions{})
	rows := make([]datasets.Training, 0, 512)
	for i, s := range e.texts {
		rows = append(rows, datasets.Training{RowID: datasets.MakeRowID(1, int64(i)), DocID: "d", Text: s, Source: "bench", Weight: 1, Generation: 1})
		if len(rows) == cap(rows) || i == len(e.texts)-1 {
			if err := w.Write(rows); err != nil {
				return nil, err
			}
			rows = rows[:0]
		}
	}
	_, err := w.Close()
	return b.Bytes(), err
}

func parquetWrite(ctx context.Context, e *env) (Result, error) {
	r, err := e.repeat(ctx, func() (int64, error) {
		_, err := e.parquetFile()
		return e.bytes, err
	})
	return r.bound("zstd encode", e.bounds["zstd encode"]), err
}

func parquetRead(ctx context.Context, e *env) (Result, error) {
	file, err := e.parquetFile()
	if err != nil {
		return Result{}, err
	}
	r, err := e.repeat(ctx, func() (int64, error) { return readTexts(ctx, file) })
	return r.bound("lake/zstd_decode", e.bounds["lake/zstd_decode"]), err
}

// readTexts goes through the text column as Arrow batches.
func readTexts(ctx context.Context, file []byte) (int64, error) {
	f, err := parquetio.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return 0, err
	}
	b := f.Batches(ctx, nil, "text")
	defer b.Close()
	total := int64(0)
	for {
		rec, err := b.Next()
		if isEOF(err) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		col := rec.Column(0).(*array.String)
		for i := range col.Len() {
			total += int64(len(col.Value(i)))
		}
		rec.Release()
	}
}
