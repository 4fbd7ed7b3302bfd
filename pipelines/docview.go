package pipelines

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// docView is what writing needs of a document. Its strings are valid until the
// end of the batch that it is read with.
type docView struct {
	DocID, Source, Text string
}

// eachDocument calls yield for the rows of a text.documents file, in order,
// with their place in the file, and end at the end of each batch. Texts are read
// only if asked for.
func eachDocument(ctx context.Context, env lakeio.Env, path string, texts bool, yield func(i int64, d docView) error, end func() error) error {
	if path == "" {
		return nil
	}
	cols := []string{"doc_id", "source"}
	if texts {
		cols = append(cols, "text")
	}
	return eachBatch(ctx, env, path, func(f *parquetio.File) *parquetio.Batches { return f.Batches(ctx, nil, cols...) }, func(b batchView) error {
		for i := range int(b.rec.NumRows()) {
			d := docView{DocID: b.view(0, i), Source: b.view(1, i)}
			if texts {
				d.Text = b.view(2, i)
			}
			if err := yield(b.row+int64(i), d); err != nil {
				return err
			}
		}
		return end()
	})
}

// lookupTexts calls yield for the given rows of a text.documents file, sorted
// by row id, and end at the end of each batch; of texts only pages that hold one
// are read. A row that is not there is an error.
func lookupTexts(ctx context.Context, env lakeio.Env, path string, rows []int64, yield func(row int64, d docView) error, end func() error) error {
	rest := rows
	err := eachBatch(ctx, env, path, func(f *parquetio.File) *parquetio.Batches {
		return f.Lookup(ctx, "row_id", rows, "row_id", "doc_id", "source", "text")
	}, func(b batchView) error {
		ids := b.int64s(0)
		for i := range ids.Len() {
			if len(rest) == 0 || rest[0] != ids.Value(i) {
				continue
			}
			rest = rest[1:]
			if err := yield(ids.Value(i), docView{DocID: b.view(1, i), Source: b.view(2, i), Text: b.view(3, i)}); err != nil {
				return err
			}
		}
		return end()
	})
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s: row %d is not in the file; run chimera lake verify", path, rest[0])
	}
	return err
}

// batchView is one Arrow batch and the file row it starts at.
type batchView struct {
	rec arrow.Record
	row int64
}

func (b batchView) int64s(col int) *array.Int64 { return b.rec.Column(col).(*array.Int64) }

// view is a string that lives as long as the batch; "" for null.
func (b batchView) view(col, i int) string {
	if a := b.rec.Column(col).(*array.String); a.IsValid(i) {
		return a.Value(i)
	}
	return ""
}

// str is view, for longer.
func (b batchView) str(col, i int) string { return strings.Clone(b.view(col, i)) }

// eachBatch opens a Parquet file of the lake and yields the batches that open
// asks for.
func eachBatch(ctx context.Context, env lakeio.Env, path string, open func(*parquetio.File) *parquetio.Batches, yield func(batchView) error) error {
	o, err := env.Store.Open(ctx, path)
	if err != nil {
		return err
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	b := open(f)
	defer b.Close()
	for {
		rec, err := b.Next()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		err = yield(batchView{rec, b.Row()})
		rec.Release()
		if err != nil {
			return err
		}
	}
}
