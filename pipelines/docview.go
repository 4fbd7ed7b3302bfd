package pipelines

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// docView is what writing needs of a document. Its strings are valid until the
// next one.
type docView struct {
	DocID, Source, Text string
}

// eachDocument calls yield for the rows of a text.documents file, in order,
// with their place in the file. Texts are read only if asked for.
func eachDocument(ctx context.Context, env lakeio.Env, path string, texts bool, yield func(i int64, d docView) error) error {
	if path == "" {
		return nil
	}
	o, err := env.Store.Open(ctx, path)
	if err != nil {
		return err
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	cols := []string{"doc_id", "source"}
	if texts {
		cols = append(cols, "text")
	}
	b := f.Batches(ctx, nil, cols...)
	defer b.Close()
	for {
		rec, err := b.Next()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		ids, sources := rec.Column(0).(*array.String), rec.Column(1).(*array.String)
		var text *array.String
		if texts {
			text = rec.Column(2).(*array.String)
		}
		for i := range int(rec.NumRows()) {
			d := docView{DocID: ids.Value(i), Source: sources.Value(i)}
			if texts && text.IsValid(i) {
				d.Text = text.Value(i)
			}
			if err := yield(b.Row()+int64(i), d); err != nil {
				rec.Release()
				return err
			}
		}
		rec.Release()
	}
}
