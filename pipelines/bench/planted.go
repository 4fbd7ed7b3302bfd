package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Planted is a document that was made from another one.
type Planted struct {
	ID      string  `json:"id"`
	Of      string  `json:"of"` // the fresh document
	Kind    Kind    `json:"kind"`
	Jaccard float64 `json:"jaccard"` // of the sets of word 5-grams
}

const (
	plantedName = "planted.jsonl" // says what was planted, beside the folder of the raw files
	rawName     = "raw"
	fileMB      = 256 // of text in a raw file
)

// Written is what WriteCorpus wrote.
type Written struct {
	Docs      int64 `json:"docs"`
	TextBytes int64 `json:"text_bytes"`
	Files     int   `json:"files"`
}

// WriteCorpus writes about mb times 10^6 bytes of text as zstd Parquet files
// under dir/raw, and dir/planted.jsonl. Memory does not grow with mb.
func WriteCorpus(ctx context.Context, dir string, mb int, seed uint64) (out Written, err error) {
	if err := os.MkdirAll(filepath.Join(dir, rawName), 0o750); err != nil {
		return out, err
	}
	f, err := os.OpenFile(filepath.Join(dir, plantedName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return out, err
	}
	w := bufio.NewWriter(f)
	defer func() { err = firstError(err, w.Flush(), f.Close()) }()
	c, tell := NewCorpus(seed), newTeller(json.NewEncoder(w))
	for left := int64(mb) * 1e6; left > 0; left = int64(mb)*1e6 - out.TextBytes {
		path := filepath.Join(dir, rawName, fmt.Sprintf("raw-%04d.parquet", out.Files))
		if err := writeRaw(ctx, path, c, min(left, fileMB*1e6), tell, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// newTeller returns a function that writes planted documents down with their
// true similarity.
func newTeller(enc *json.Encoder) func(Doc) error {
	h := mustScheme("fast").New()
	var a, b []uint64
	return func(d Doc) error {
		if d.Kind == Fresh {
			return nil
		}
		a, b = h.ShingleSet(a[:0], d.Text), h.ShingleSet(b[:0], d.Origin)
		return enc.Encode(Planted{ID: d.ID, Of: docID(d.Of), Kind: d.Kind, Jaccard: math.Round(minhash.Jaccard(a, b)*1e6) / 1e6})
	}
}

// rawRow is a row of a raw file.
type rawRow struct {
	ID   string `parquet:"id"`
	Text string `parquet:"text"`
}

// writeRaw writes documents to one file until it has so many bytes of text.
func writeRaw(ctx context.Context, path string, c *Corpus, bytes int64, tell func(Doc) error, out *Written) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, f.Close()) }()
	w := parquetio.NewWriter[rawRow](f, parquetio.WriterOptions{RowGroupBytes: 16 << 20})
	rows := make([]rawRow, 0, 256)
	for n := int64(0); n < bytes; rows = rows[:0] {
		if err := ctx.Err(); err != nil {
			return err
		}
		for len(rows) < cap(rows) && n < bytes {
			d := c.Next()
			if err := tell(d); err != nil {
				return err
			}
			n += int64(len(d.Text))
			rows = append(rows, rawRow{d.ID, d.Text})
		}
		if err := w.Write(rows); err != nil {
			return err
		}
		out.Docs += int64(len(rows))
		for _, r := range rows {
			out.TextBytes += int64(len(r.Text))
		}
	}
	out.Files++
	_, err = w.Close()
	return err
}
