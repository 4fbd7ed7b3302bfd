package formats

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
)

// parquetRows reads row groups. Damage costs the rest of its row group: the
// next ones are read as if nothing had happened, so that what is kept does not
// depend on how a file was cut into units.
type parquetRows struct {
	in   Input
	opt  Options
	file *pinned
	f    *parquetio.File

	group, last int    // next and end of the row groups
	missing     *fault // of every row, if the text cannot be had
	columns     []string
	position    [fieldCount]int // of a field in columns; -1: not read

	batches *parquetio.Batches
	record  arrow.Record
	at      int   // row of record
	base    int64 // file row of record's first row
	rest    int64 // rows of the group to reject without reading

	row  Row
	end  End
	done error
}

func openParquet(ctx context.Context, p *pinned, u Unit, opt Options) (*parquetRows, error) {
	r := &parquetRows{in: u.Input, opt: opt, file: p, group: u.First, last: u.Last}
	if p.in.Size == 0 {
		r.group, r.last = 0, 0
		return r, nil
	}
	var err error
	if r.f, err = parquetio.Open(p, p.in.Size); err != nil {
		return r, r.unusable(err, u)
	}
	if r.last == 0 {
		r.last = r.f.RowGroups()
	}
	r.chooseColumns()
	if bad := r.bomb(); bad != nil {
		r.refuse(bad, u)
		return r, nil
	}
	if opt.RejectDamagedFile {
		if err := r.readAll(ctx); err != nil {
			return r, r.unusable(err, u)
		}
	}
	return r, nil
}

// unusable turns damage of the whole file into one reject, of its first unit.
func (r *parquetRows) unusable(err error, u Unit) error {
	if !errors.Is(err, parquetio.ErrDamaged) {
		return fmt.Errorf("read %s: %w", r.in.Path, err)
	}
	r.end.Damaged = true
	r.refuse(corruptParquet(err), u)
	return nil
}

func corruptParquet(err error) *fault {
	return &fault{reason: "corrupt parquet", excerpt: []byte(err.Error())}
}

// refuse leaves nothing to read but one reject.
func (r *parquetRows) refuse(bad *fault, u Unit) {
	r.group, r.last = 0, 0
	if u.First == 0 {
		r.missing, r.rest = bad, 1
	}
}

func (r *parquetRows) bomb() *fault {
	var raw int64
	for g := range r.f.RowGroups() {
		raw += r.f.RowGroupBytes(g)
	}
	if raw > freeExpansion && raw/r.opt.MaxExpansion > r.in.Size {
		return bomb(raw, r.in.Size, r.opt).fault()
	}
	return nil
}

// readAll reads every page that matters, to see whether it can be read.
func (r *parquetRows) readAll(ctx context.Context) error {
	b := r.f.Batches(ctx, nil, r.columns...)
	defer b.Close()
	for {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rec.Release()
	}
}

// chooseColumns finds the columns to read and what is wrong with them.
func (r *parquetRows) chooseColumns() {
	names := [fieldCount]string{r.opt.Fields.ID, r.opt.Fields.Text, r.opt.Fields.Source}
	for f, name := range names {
		r.position[f] = -1
		if name == "" {
			continue
		}
		typ, err := r.f.Type(name)
		switch {
		case errors.Is(err, parquetio.ErrNoColumn):
			if f == fieldText {
				r.missing = &fault{reason: missingField(name)}
			}
		case err != nil:
			r.missing = &fault{reason: wrongType(name, "a list")}
		case !readable(f, typ):
			r.missing = &fault{reason: wrongType(name, typ.String())}
		default:
			r.position[f] = len(r.columns)
			r.columns = append(r.columns, name)
		}
	}
}

// readable says whether a field can have a type.
func readable(field int, typ arrow.DataType) bool {
	switch typ.ID() {
	case arrow.STRING, arrow.BINARY:
		return true
	case arrow.INT32, arrow.INT64, arrow.UINT32, arrow.UINT64, arrow.FLOAT32, arrow.FLOAT64, arrow.FIXED_SIZE_BINARY:
		return field == fieldID
	default:
		return false
	}
}

// Next returns a row, a reject or an error.
func (r *parquetRows) Next(ctx context.Context) (*Row, *datasets.Reject, error) {
	for {
		if r.done == nil {
			r.done = ctx.Err()
		}
		switch {
		case r.done != nil:
			return nil, nil, r.done
		case r.rest > 0:
			r.rest--
			r.base++
			r.end.Rows++
			return nil, r.missing.reject(r.in.Path, r.base, Parquet.stage()), nil
		case r.record != nil && r.at < int(r.record.NumRows()):
			return r.take()
		case r.batches != nil:
			if rej, err := r.nextBatch(); rej != nil || err != nil {
				r.done = err
				return nil, rej, err
			}
		case r.group < r.last:
			r.openGroup(ctx)
		default:
			r.done = r.unchanged()
		}
	}
}

func (r *parquetRows) unchanged() error {
	err := r.file.unchanged()
	if errors.Is(err, ErrChanged) {
		r.end.Changed = true
	}
	if err != nil {
		return err
	}
	return io.EOF
}

func (r *parquetRows) openGroup(ctx context.Context) {
	g := r.group
	r.group++
	if r.missing != nil {
		r.base = 0
		for i := range g {
			r.base += r.f.RowGroupRows(i)
		}
		r.rest = r.f.RowGroupRows(g)
		return
	}
	r.batches = r.f.Batches(ctx, []int{g}, r.columns...)
}

// nextBatch reads on in the row group.
func (r *parquetRows) nextBatch() (*datasets.Reject, error) {
	r.drop()
	rec, err := r.batches.Next()
	if err == nil {
		r.record, r.at, r.base = rec, 0, r.batches.Row()
		return nil, nil
	}
	lost := r.batches.Row() + 1
	r.batches.Close()
	r.batches = nil
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case errors.Is(err, parquetio.ErrDamaged):
		r.end.Rows++
		r.end.Damaged = true
		return corruptParquet(err).reject(r.in.Path, lost, Parquet.stage()), nil
	default:
		return nil, fmt.Errorf("read %s: %w", r.in.Path, err)
	}
}

func (r *parquetRows) drop() {
	if r.record != nil {
		r.record.Release()
		r.record = nil
	}
}

func (r *parquetRows) take() (*Row, *datasets.Reject, error) {
	i := r.at
	r.at++
	r.end.Rows++
	number := r.base + int64(i) + 1
	if bad := r.fill(i); bad != nil {
		return nil, bad.reject(r.in.Path, number, Parquet.stage()), nil
	}
	r.row.Number = number
	return &r.row, nil, nil
}

func (r *parquetRows) fill(i int) *fault {
	text, ok := bytesAt(r.record.Column(r.position[fieldText]), i)
	switch {
	case !ok:
		return &fault{reason: wrongType(r.opt.Fields.Text, "null")}
	case int64(len(text)) > r.opt.MaxRowBytes:
		return tooLong(text[:min(len(text), excerptBytes)], int64(len(text)), r.opt.MaxRowBytes)
	}
	if bad := checkText(text); bad != nil {
		return bad
	}
	r.row = Row{Text: text, Source: r.row.Source}
	if at := r.position[fieldID]; at >= 0 {
		r.row.ID = idAt(r.record.Column(at), i)
	}
	if at := r.position[fieldSource]; at >= 0 {
		if b, _ := bytesAt(r.record.Column(at), i); string(b) != r.row.Source {
			r.row.Source = string(b)
		}
	}
	if bad := checkText([]byte(r.row.ID)); bad != nil {
		return bad
	}
	return checkText([]byte(r.row.Source))
}

// bytesAt is a string without a copy; ok is false for null.
func bytesAt(a arrow.Array, i int) (b []byte, ok bool) {
	if a.IsNull(i) {
		return nil, false
	}
	switch a := a.(type) {
	case *array.String:
		return unsafeBytes(a.Value(i)), true
	case *array.Binary:
		return a.Value(i), true
	default:
		panic("formats: column is no string: " + a.DataType().String())
	}
}

// idAt is an id as a string; "" for null.
func idAt(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.String:
		return string(unsafeBytes(a.Value(i)))
	case *array.Binary:
		return string(a.Value(i))
	case *array.Int32:
		return strconv.FormatInt(int64(a.Value(i)), 10)
	case *array.Int64:
		return strconv.FormatInt(a.Value(i), 10)
	case *array.Uint32:
		return strconv.FormatUint(uint64(a.Value(i)), 10)
	case *array.Uint64:
		return strconv.FormatUint(a.Value(i), 10)
	case *array.Float32:
		return strconv.FormatFloat(float64(a.Value(i)), 'g', -1, 32)
	case *array.Float64:
		return strconv.FormatFloat(a.Value(i), 'g', -1, 64)
	case *array.FixedSizeBinary:
		return hex.EncodeToString(a.Value(i))
	default:
		panic("formats: column is no id: " + a.DataType().String())
	}
}

// Close releases the file.
func (r *parquetRows) Close() (End, error) {
	r.drop()
	if r.batches != nil {
		r.batches.Close()
		r.batches = nil
	}
	r.end.Lines = r.end.Rows
	r.end.Bytes = r.in.Size
	if err := r.file.f.Close(); err != nil {
		return r.end, fmt.Errorf("close %s: %w", r.in.Path, err)
	}
	return r.end, nil
}

// unsafeBytes is s as bytes that nobody may write to.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
