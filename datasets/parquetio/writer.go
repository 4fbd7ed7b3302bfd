package parquetio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"reflect"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

const (
	defaultRowGroupBytes = 96 << 20 // raw
	pageBytes            = 1 << 20  // raw
	blockBytes           = 64 << 10 // handed to parquet-go at once; pages overshoot by at most this
	blockRows            = 1024
	dictionaryBytes      = 1 << 20 // a larger dictionary is no gain: the column falls back to PLAIN
)

// WriterOptions say how a file is written. The zero value is right.
type WriterOptions struct {
	RowGroupBytes int64             // raw bytes after which a row group ends; 0: 96 MiB
	Metadata      map[string]string // key-value metadata of the file
	NoDigest      bool              // leave Info.SHA256 empty: a file that does not stay needs none
}

// Info is what a table format wants to know about a written file.
type Info struct {
	Rows    int64
	Bytes   int64
	SHA256  string         // hex, of the whole file
	Columns map[int]Bounds // by field id; leaf columns only
	Splits  []int64        // offsets of the row groups
}

// A Writer writes rows of type T, a struct with parquet tags, as one file. It is
// not for concurrent use.
type Writer[T any] struct {
	out      *digestWriter
	pw       *parquet.GenericWriter[T]
	size     sizer
	cuts     []pageCut
	group    int64 // raw bytes a row group may have
	raw      int64 // raw bytes in the open row group
	finished bool
	err      error
}

// NewWriter starts a file on w. Nothing but Close makes it whole.
func NewWriter[T any](w io.Writer, opt WriterOptions) *Writer[T] {
	out := newDigestWriter(w, !opt.NoDigest)
	group := opt.RowGroupBytes
	if group <= 0 {
		group = defaultRowGroupBytes
	}
	return &Writer[T]{
		out:   out,
		pw:    newParquetWriter[T](out, opt),
		size:  sizerOf(reflect.TypeFor[T]()),
		cuts:  pageCuts[T](SchemaOf[T]()),
		group: group,
	}
}

func newParquetWriter[T any](w io.Writer, opt WriterOptions) *parquet.GenericWriter[T] {
	schema := SchemaOf[T]()
	return parquet.NewGenericWriter[T](w, schema, &parquet.WriterConfig{
		CreatedBy:          "chimera parquetio version 1.0.0 (build parquet-go)",
		Compression:        &writeCodec{},
		PageBufferSize:     pageBytes,
		WriteBufferSize:    1 << 20,
		DataPageVersion:    1, // read by everyone
		DictionaryMaxBytes: dictionaryBytes,
		SkipPageBounds:     unboundedColumns(schema),
		SkipPageStatistics: schema.Columns(), // the page index has them; headers would hold them whole, four times
		KeyValueMetadata:   opt.Metadata,
	})
}

// Write appends rows. It keeps nothing of them after it returns. After an
// error the writer is of no further use.
func (w *Writer[T]) Write(rows []T) error {
	if w.finished {
		panic("parquetio: Write after Close")
	}
	for len(rows) > 0 && w.err == nil {
		n, raw := w.block(rows)
		w.err = w.writeBlock(rows[:n], raw)
		rows = rows[n:]
	}
	return w.err
}

// block is how many rows go to parquet-go at once: enough to spread the cost of
// a call over all columns, few enough to end pages near pageBytes, and small ones
// where they are to end.
func (w *Writer[T]) block(rows []T) (n int, raw int64) {
	rows = rows[:min(len(rows), blockRows)]
	for i := range w.cuts {
		rows = rows[:fit(&w.cuts[i], rows)]
	}
	for n < len(rows) && (n == 0 || raw < blockBytes) {
		raw += w.size.size(unsafe.Pointer(&rows[n]))
		n++
	}
	return n, raw
}

func (w *Writer[T]) writeBlock(rows []T, raw int64) error {
	if _, err := w.pw.Write(rows); err != nil {
		return fmt.Errorf("write parquet rows: %w", err)
	}
	for i := range w.cuts {
		c := &w.cuts[i]
		if !grow(c, rows) {
			continue
		}
		if err := w.pw.ColumnWriters()[c.column].Flush(); err != nil {
			return fmt.Errorf("write parquet page: %w", err)
		}
	}
	w.raw += raw
	if w.raw < w.group {
		return nil
	}
	return w.endGroup()
}

func (w *Writer[T]) endGroup() error {
	w.raw = 0
	for i := range w.cuts {
		w.cuts[i].raw = 0
	}
	if err := w.pw.Flush(); err != nil {
		return fmt.Errorf("write parquet row group: %w", err)
	}
	return nil
}

// Close writes the footer and reports what was written. It does not close the
// underlying writer.
func (w *Writer[T]) Close() (Info, error) {
	if w.finished {
		return Info{}, errors.New("close parquet file: closed twice")
	}
	w.finished = true
	if w.err != nil {
		return Info{}, w.err
	}
	if err := w.pw.Close(); err != nil {
		return Info{}, fmt.Errorf("write parquet footer: %w", err)
	}
	meta := w.pw.File().Metadata()
	return Info{
		Rows:    meta.NumRows,
		Bytes:   w.out.n,
		SHA256:  w.out.sum(),
		Columns: fileBounds(meta),
		Splits:  splits(meta),
	}, nil
}

// digestWriter counts what passes and, if it has a hash, hashes it.
type digestWriter struct {
	w    io.Writer
	hash hash.Hash // may be nil
	n    int64
	err  error // the first error of w
}

func newDigestWriter(w io.Writer, digest bool) *digestWriter {
	d := &digestWriter{w: w}
	if digest {
		d.hash = sha256.New()
	}
	return d
}

func (d *digestWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if d.hash != nil {
		d.hash.Write(p[:n])
	}
	d.n += int64(n)
	if err != nil && d.err == nil {
		d.err = err
	}
	return n, err
}

// sum is the hash in hex; empty if there is none.
func (d *digestWriter) sum() string {
	if d.hash == nil {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}
