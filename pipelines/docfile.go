package pipelines

import (
	"context"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// A documentFile takes the rows of a unit's text.documents.
type documentFile interface {
	add(ctx context.Context, d datasets.Document, bytes int64) error
	flushed() bool
	close(ctx context.Context) (unitFile, error)
	abort()
}

// newDocumentFile leaves the columns of signals out if there are none: packing
// adds them, at no cost by the row.
func newDocumentFile(env lakeio.Env, unit int, signals bool) documentFile {
	const stage, what = "signals", "documents"
	if signals {
		return newRowFile[datasets.Document](env, stage, unit, what)
	}
	return bareFile{newRowFile[bareDocument](env, stage, unit, what)}
}

// bareFile is a documentFile without signals.
type bareFile struct{ *rowFile[bareDocument] }

func (f bareFile) add(ctx context.Context, d datasets.Document, bytes int64) error {
	return f.rowFile.add(ctx, bareDocument{RowID: d.RowID, DocID: d.DocID, Source: d.Source, OriginFile: d.OriginFile, OriginRow: d.OriginRow,
		Text: d.Text, TextBytes: d.TextBytes, ContentHash: d.ContentHash, Generation: d.Generation, RunID: d.RunID,
		IngestedAt: d.IngestedAt, Edits: d.Edits}, bytes)
}

// bareDocument is a datasets.Document but for its signals.
type bareDocument struct {
	RowID       datasets.RowID `parquet:"row_id,id(1)"`
	DocID       string         `parquet:"doc_id,id(2)"`
	Source      string         `parquet:"source,id(3)"`
	OriginFile  string         `parquet:"origin_file,id(4)"`
	OriginRow   int64          `parquet:"origin_row,id(5)"`
	Text        *string        `parquet:"text,id(6)"`
	TextBytes   int64          `parquet:"text_bytes,id(7)"`
	ContentHash [16]byte       `parquet:"content_hash,id(8)"`
	Generation  int32          `parquet:"generation,id(10)"`
	RunID       string         `parquet:"run_id,id(11)"`
	IngestedAt  time.Time      `parquet:"ingested_at,timestamp(microsecond),id(12)"`
	Edits       string         `parquet:"edits,id(13)"`
}
