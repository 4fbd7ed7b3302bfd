package formats

import (
	"context"
	"errors"

	"github.com/chimera-1/chimera/datasets"
)

// A FieldMap names the fields of the input that make a document. A dot steps
// into an object or struct ("meta.text"); a field whose own name has the dot in
// it is found as well.
type FieldMap struct {
	ID     string // string or number; a row may lack it
	Text   string // string; a row without it is rejected
	Source string // string; a row may lack it. Empty: not read
}

func (m FieldMap) withDefaults() FieldMap {
	if m.ID == "" {
		m.ID = "id"
	}
	if m.Text == "" {
		m.Text = "text"
	}
	return m
}

const (
	defaultMaxRowBytes  = 64 << 20
	defaultMaxExpansion = 1000
	freeExpansion       = 1 << 30   // bytes any file may expand to
	maxWindow           = 128 << 20 // of zstd, as the zstd command has it
)

// Options say how inputs are read. The zero value is right.
type Options struct {
	Fields      FieldMap
	MaxRowBytes int64 // a longer row is rejected without being held in memory; 0: 64 MiB

	// MaxExpansion is how many times its size a compressed file may expand to
	// once that is over 1 GiB; 0: 1000. A file beyond it is one reject.
	MaxExpansion int64

	// RejectDamagedFile drops a cut or corrupt file whole, instead of keeping
	// the rows before the damage. Parquet files are then read twice.
	RejectDamagedFile bool

	// Unchecked leaves out the pass over a compressed file that looks for damage
	// before the first row is returned. If End then says Damaged, rows behind the
	// damage may be among those returned: forget them all and read again without
	// it. A file that is whole is read once instead of twice.
	Unchecked bool
}

func (o Options) withDefaults() Options {
	o.Fields = o.Fields.withDefaults()
	if o.MaxRowBytes <= 0 {
		o.MaxRowBytes = defaultMaxRowBytes
	}
	if o.MaxExpansion <= 0 {
		o.MaxExpansion = defaultMaxExpansion
	}
	return o
}

// A Row is one document of the input.
type Row struct {
	// Number counts lines of a JSONL file and records of the others from 1. In a
	// unit that starts inside a file it counts from Unit.Skipped+1.
	Number int64
	ID     string // "" if the row has none
	Text   []byte // UTF-8 without U+0000; valid until the next call of Next
	Source string // "" if the row has none or FieldMap.Source is empty
}

// A Reader reads the rows of a unit. It is not for concurrent use.
type Reader interface {
	// Next returns a row or a reject, io.EOF at the end, or the error of a bad
	// world. What it returns is valid until the next call.
	Next(ctx context.Context) (*Row, *datasets.Reject, error)

	// Close releases the file and says what was read.
	Close() (End, error)
}

// End is what there was in a unit.
type End struct {
	Rows    int64  // rows, rejects included
	Lines   int64  // what Number counts, so that later units of the file can go on from there
	Bytes   int64  // bytes read of the file
	SHA256  string // hex, of the file where the unit is all of it and not Parquet
	Damaged bool   // a reject stands for the rest of the file or of a row group
	Changed bool   // Next failed with ErrChanged
}

// ErrChanged is wrapped when a file is not, or no longer, what was listed.
var ErrChanged = errors.New("changed while it was read")
