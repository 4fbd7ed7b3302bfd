package pipelines

import (
	"context"
	"os"
	"strconv"
	"unsafe"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/text"
)

// readTask says how a stage reads one unit of raw input.
type readTask struct {
	Unit        unit
	Source      string
	Fields      formats.FieldMap
	Spool       string `json:",omitempty"`
	Normalize   []string
	MaxRowBytes int64
	DropDamaged bool
	Generation  int32
	RunID       string
}

// inputRow is one counted row of a unit: a document or a reject.
type inputRow struct {
	Ordinal int64 // place among the unit's counted rows, from 0
	Number  int64 // 1-based row in the file, once the rows of earlier units are known
	ID      string
	Source  string
	Text    string // valid until the next row
	Edits   string // normalisers that changed the text
	Reject  *datasets.Reject
}

// eachRow calls yield for every counted row of the unit, in order.
func (t readTask) eachRow(ctx context.Context, yield func(inputRow) error) (formats.End, error) {
	r, err := t.open(ctx)
	if err != nil {
		return formats.End{}, err
	}
	norm, err := text.ParseNormalizers(t.Normalize)
	if err != nil {
		panic("pipelines: normalisers were validated: " + err.Error())
	}
	var in inputRow
	for ordinal := int64(0); ; ordinal++ {
		row, rej, err := r.Next(ctx)
		if isEOF(err) {
			break
		}
		if err != nil {
			r.Close()
			return formats.End{}, err
		}
		in = inputRow{Ordinal: ordinal, Reject: rej}
		if rej == nil {
			in.Number, in.ID, in.Source = row.Number, row.ID, row.Source
			if in.Source == "" {
				in.Source = t.Source
			}
			in.Text, in.Edits = norm.Apply(unsafe.String(unsafe.SliceData(row.Text), len(row.Text)))
		}
		if err := yield(in); err != nil {
			r.Close()
			return formats.End{}, err
		}
	}
	return r.Close()
}

func (t readTask) open(ctx context.Context) (formats.Reader, error) {
	opt := formats.Options{Fields: t.Fields, MaxRowBytes: t.MaxRowBytes, RejectDamagedFile: t.DropDamaged}
	if t.Spool == "" {
		return t.Unit.Unit.Open(ctx, opt)
	}
	f, err := os.Open(t.Spool)
	if err != nil {
		return nil, err
	}
	return formats.OpenStream(stdinPath, f, formats.JSONL, opt)
}

// rowName is how messages and rejects name a row: file:row.
func rowName(path string, number int64) string { return path + ":" + strconv.FormatInt(number, 10) }
