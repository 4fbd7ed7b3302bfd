package pipelines

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// A scan file holds what is known of a unit's rows once its input was read, for
// nights that need no text after that: blocks of whole rows, each behind its
// length and the checksum of its bytes, seeded by where it lies.
const (
	scanBlock  = 256 << 10
	scanHeader = 4 + 8
)

// Flags of a row.
const (
	scanBlank = 1 << iota
	scanReject
	scanSigned
)

// scanWriter writes a scan file. The file is made with the first block.
type scanWriter struct {
	env  lakeio.Env
	path string
	out  store.Writer
	buf  []byte // the open block, its header included
	done int64
}

func newScanWriter(env lakeio.Env, unit int) *scanWriter {
	return &scanWriter{env: env, path: fmt.Sprintf("%shash/%06d-%s.rows", env.Scratch, unit, env.Attempt)}
}

func (w *scanWriter) add(ctx context.Context, s *scanned) error {
	if len(w.buf) == 0 {
		w.buf = append(w.buf, make([]byte, scanHeader)...)
	}
	var err error
	if w.buf, err = appendScanned(w.buf, s); err != nil {
		return err
	}
	if len(w.buf) < scanBlock {
		return nil
	}
	return w.flush(ctx)
}

func appendScanned(b []byte, s *scanned) ([]byte, error) {
	var flags byte
	switch {
	case s.Reject != nil:
		raw, err := json.Marshal(s.Reject)
		if err != nil {
			return b, fmt.Errorf("encode a reject: %w", err)
		}
		b = append(b, scanReject)
		b = binary.AppendUvarint(b, uint64(s.Part))
		return appendBytes(b, raw), nil
	case s.Blank:
		flags |= scanBlank
	}
	if s.Signature.Known {
		flags |= scanSigned
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(s.Part))
	b = binary.AppendUvarint(b, uint64(s.Number))
	b = binary.AppendUvarint(b, uint64(s.TextBytes))
	b = append(b, s.Content[:]...)
	b = appendBytes(b, s.Signature.Value)
	b = appendBytes(b, s.ID)
	b = appendBytes(b, s.Source)
	return appendBytes(b, s.Edits), nil
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (w *scanWriter) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil || len(w.buf) == 0 {
		return err
	}
	if w.out == nil {
		out, err := w.env.Store.Create(ctx, w.path, store.Condition{})
		if err != nil {
			return err
		}
		w.out = out
	}
	rows := w.buf[scanHeader:]
	binary.LittleEndian.PutUint32(w.buf, uint32(len(rows)))
	binary.LittleEndian.PutUint64(w.buf[4:], xxh3.HashSeed(rows, uint64(w.done)))
	if _, err := w.out.Write(w.buf); err != nil {
		return fmt.Errorf("write %s: %w", w.path, err)
	}
	w.done += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// close makes the file durable and returns its path; "" if there were no rows.
func (w *scanWriter) close(ctx context.Context) (string, error) {
	if err := w.flush(ctx); err != nil || w.out == nil {
		return "", err
	}
	out := w.out
	w.out = nil
	if _, err := out.Commit(ctx); err != nil {
		return "", fmt.Errorf("write %s: %w", w.path, err)
	}
	return w.path, nil
}

func (w *scanWriter) abort() {
	if w.out != nil {
		w.out.Abort()
		w.out = nil
	}
}

// eachScanned calls yield for the rows of a unit that a scan file holds, as
// eachRow would, but without texts. What a row points to is valid until yield returns.
func (t readTask) eachScanned(ctx context.Context, env lakeio.Env, path string, yield func(scanned) error) error {
	if path == "" {
		return nil
	}
	f, err := env.Store.Open(ctx, path)
	if err != nil {
		return err
	}
	defer f.Close()
	var block []byte
	ordinal := int64(0)
	for off := int64(0); off < f.Size(); {
		if block, err = readScanBlock(f, off, block); err != nil {
			return fmt.Errorf("%s: rows of unit %d: %w; remove the run's scratch folder and run again", path, t.Unit, err)
		}
		off += scanHeader + int64(len(block))
		if err := t.eachOfBlock(ctx, block, &ordinal, yield); err != nil {
			return err
		}
	}
	return nil
}

var errScanDamaged = errors.New("damaged")

// readScanBlock reads the rows of the block at an offset, into buf if that has
// room for them.
func readScanBlock(f store.Object, off int64, buf []byte) ([]byte, error) {
	var head [scanHeader]byte
	if err := readFull(f, head[:], off); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[:]))
	if size == 0 || size > f.Size()-off-scanHeader {
		return nil, errScanDamaged
	}
	rows := slices.Grow(buf[:0], int(size))[:size]
	if err := readFull(f, rows, off+scanHeader); err != nil {
		return nil, err
	}
	if xxh3.HashSeed(rows, uint64(off)) != binary.LittleEndian.Uint64(head[4:]) {
		return nil, errScanDamaged
	}
	return rows, nil
}

func readFull(f store.Object, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || isEOF(err):
		return errScanDamaged
	default:
		return err
	}
}

func (t readTask) eachOfBlock(ctx context.Context, block []byte, ordinal *int64, yield func(scanned) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for d := (scanDecoder{block}); len(d.b) > 0; *ordinal++ {
		s, err := d.row(t.Parts)
		if err != nil {
			return err
		}
		s.Ordinal = *ordinal
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// scanDecoder takes rows off a block. The checksum of the block has held, so
// that what does not add up is our own fault.
type scanDecoder struct{ b []byte }

func (d *scanDecoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		panic("pipelines: a scan file ends within a row")
	}
	d.b = d.b[n:]
	return v
}

func (d *scanDecoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		panic("pipelines: a scan file ends within a row")
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *scanDecoder) bytes() []byte { return d.take(d.uint()) }

func (d *scanDecoder) str() string {
	b := d.bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *scanDecoder) row(parts []readPart) (scanned, error) {
	flags := d.take(1)[0]
	var s scanned
	s.Part = int(d.uint())
	p := parts[s.Part]
	s.File = p.Input.Path
	if flags&scanReject != 0 {
		s.Reject = new(datasets.Reject)
		if err := json.Unmarshal(d.bytes(), s.Reject); err != nil {
			return s, fmt.Errorf("decode a reject: %w", err)
		}
		s.Reject.Row = renumbered(s.Reject.Row, s.File, p.before())
		return s, nil
	}
	s.Number = int64(d.uint()) + p.before()
	s.TextBytes = int64(d.uint())
	s.Blank = flags&scanBlank != 0
	copy(s.Content[:], d.take(uint64(len(s.Content))))
	s.Signature = signature{Known: flags&scanSigned != 0, Value: d.bytes()}
	s.ID, s.Source, s.Edits = d.str(), d.str(), d.str()
	return s, nil
}

// before is how many rows of the file lie before the part, where its reader
// counts from the part's first one on.
func (p readPart) before() int64 {
	if p.Input.Kind == formats.Parquet {
		return 0
	}
	return p.Skipped
}

// renumbered is the name of a row that so many rows of its file lie before.
func renumbered(name, file string, before int64) string {
	if before == 0 || len(name) <= len(file) {
		return name
	}
	n, err := strconv.ParseInt(name[len(file)+1:], 10, 64)
	if err != nil {
		return name
	}
	return rowName(file, n+before)
}
