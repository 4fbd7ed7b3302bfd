package pipelines

import (
	"context"
	"errors"
	"os"
	"strconv"
	"unsafe"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/text"
)

// readTask says how a stage reads one unit of raw input.
type readTask struct {
	Unit        int
	Parts       []readPart
	Normalize   []string
	MaxRowBytes int64
	DropDamaged bool
	Generation  int32
	RunID       string
}

// readPart is one piece of a file and what its rows are called.
type readPart struct {
	formats.Unit
	Source string
	Fields formats.FieldMap
	Spool  string `json:",omitempty"`
	// Checked says that the file must be looked through before its rows are
	// trusted: an earlier read found it damaged.
	Checked bool `json:",omitempty"`
}

// inputRow is one counted row of a unit: a document or a reject.
type inputRow struct {
	Part    int   // of the unit
	Ordinal int64 // place among the unit's counted rows, from 0
	File    string
	Number  int64 // 1-based row in the file, once the rows of earlier units are known
	ID      string
	Source  string
	Text    string // valid until the next row
	Edits   string // normalisers that changed the text
	Reject  *datasets.Reject
}

// eachRow calls yield for every counted row of the unit, in order, and returns
// the ends of its parts.
func (t readTask) eachRow(ctx context.Context, yield func(inputRow) error) ([]formats.End, error) {
	norm, err := text.ParseNormalizers(t.Normalize)
	if err != nil {
		panic("pipelines: normalisers were validated: " + err.Error())
	}
	ends := make([]formats.End, len(t.Parts))
	ordinal := int64(0)
	for i, p := range t.Parts {
		ends[i], err = p.eachRow(ctx, t, norm, func(row inputRow) error {
			row.Part, row.Ordinal = i, ordinal
			ordinal++
			return yield(row)
		})
		if err != nil {
			return nil, err
		}
	}
	return ends, nil
}

func (p readPart) eachRow(ctx context.Context, t readTask, norm text.Normalizers, yield func(inputRow) error) (formats.End, error) {
	r, err := p.open(ctx, formats.Options{Fields: p.Fields, MaxRowBytes: t.MaxRowBytes, RejectDamagedFile: t.DropDamaged, Unchecked: !p.Checked})
	if err != nil {
		return formats.End{}, err
	}
	for {
		row, rej, err := r.Next(ctx)
		if isEOF(err) {
			return r.Close()
		}
		if err == nil {
			in := inputRow{File: p.Input.Path, Source: p.Source, Reject: rej}
			if rej == nil {
				in.Number, in.ID = row.Number, row.ID
				if row.Source != "" {
					in.Source = row.Source
				}
				in.Text, in.Edits = norm.Apply(unsafe.String(unsafe.SliceData(row.Text), len(row.Text)))
			}
			err = yield(in)
		}
		if err != nil {
			r.Close()
			return formats.End{}, err
		}
	}
}

func (p readPart) open(ctx context.Context, opt formats.Options) (formats.Reader, error) {
	if p.Spool == "" {
		return p.Unit.Open(ctx, opt)
	}
	f, err := os.Open(p.Spool)
	if err != nil {
		return nil, err
	}
	r, err := formats.OpenStream(stdinPath, f, formats.JSONL, opt)
	if err != nil {
		f.Close()
		return nil, err
	}
	return spooled{r, f}, nil
}

// spooled closes the file that a stream is read from.
type spooled struct {
	formats.Reader
	file *os.File
}

func (s spooled) Close() (formats.End, error) {
	end, err := s.Reader.Close()
	return end, errors.Join(err, s.file.Close())
}

// checkDamaged marks the parts whose files an unchecked read found damaged and
// reports whether there are any that it may have read wrongly.
func (t *readTask) checkDamaged(ends []formats.End) bool {
	again := false
	for i := range t.Parts {
		if ends[i].Damaged && !t.Parts[i].Checked && t.Parts[i].Spool == "" {
			t.Parts[i].Checked, again = true, true
		}
	}
	return again
}

// rowName is how messages and rejects name a row: file:row.
func rowName(path string, number int64) string { return path + ":" + strconv.FormatInt(number, 10) }
