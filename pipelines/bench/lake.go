package bench

import (
	"bytes"
	"context"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/zstdblock"
)

// pageBytes is about the size of the blocks that zstd is measured with: that
// of a Parquet page.
const pageBytes = 1 << 20

// blocks are the texts in pieces of a Parquet page.
func (e *env) blocks() [][]byte {
	var out [][]byte
	var b []byte
	for _, s := range e.texts {
		if b = append(b, s...); len(b) >= pageBytes {
			out, b = append(out, b), nil
		}
	}
	if len(b) > 0 {
		out = append(out, b)
	}
	return out
}

// encodeZstd is the bound of writing.
func encodeZstd(ctx context.Context, e *env) (Result, error) {
	raw := e.blocks()
	var packed []byte
	r, err := e.repeat(ctx, func() (_ int64, err error) {
		for _, b := range raw {
			if packed, err = zstdblock.Encode(packed, b); err != nil {
				return 0, err
			}
		}
		return e.bytes, nil
	})
	r.Note = zstdblock.Name
	return r, err
}

func decodeZstd(ctx context.Context, e *env) (Result, error) {
	raw := e.blocks()
	packed := make([][]byte, len(raw))
	longest := 0
	for i, b := range raw {
		p, err := zstdblock.Encode(nil, b)
		if err != nil {
			return Result{}, err
		}
		packed[i], longest = p, max(longest, len(b))
	}
	buf := make([]byte, longest)
	r, err := e.repeat(ctx, func() (int64, error) {
		for _, b := range packed {
			if _, err := zstdblock.Decode(buf, b); err != nil {
				return 0, err
			}
		}
		return e.bytes, nil
	})
	if err != nil {
		return r, err
	}
	r.Note = zstdblock.Name
	return e.against(ctx, r, memoryRead, memoryRead)
}

// parquetFile makes the texts a file of training rows, in memory that is there
// from the second time on.
func (e *env) parquetFile(b *bytes.Buffer) error {
	b.Reset()
	w := parquetio.NewWriter[datasets.Training](b, parquetio.WriterOptions{})
	rows := make([]datasets.Training, 0, 512)
	for i, s := range e.texts {
		rows = append(rows, datasets.Training{RowID: datasets.MakeRowID(1, int64(i)), DocID: docID(i), Text: s, Source: "bench", Weight: 1, Generation: 1})
		if len(rows) == cap(rows) || i == len(e.texts)-1 {
			if err := w.Write(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	_, err := w.Close()
	return err
}

func writeParquet(ctx context.Context, e *env) (Result, error) {
	var b bytes.Buffer
	r, err := e.repeat(ctx, func() (int64, error) { return e.bytes, e.parquetFile(&b) })
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, zstdEncode, zstdEncode)
}

func readParquet(ctx context.Context, e *env) (Result, error) {
	var b bytes.Buffer
	if err := e.parquetFile(&b); err != nil {
		return Result{}, err
	}
	r, err := e.repeat(ctx, func() (int64, error) { return readTexts(ctx, b.Bytes()) })
	if err != nil {
		return r, err
	}
	return e.against(ctx, r, "lake/zstd_decode", "lake/zstd_decode")
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
		total += int64(len(col.ValueBytes()))
		rec.Release()
	}
}
