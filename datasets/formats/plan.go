package formats

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/chimera-1/chimera/datasets/parquetio"
)

// A Unit is a part of an input that is read at once.
type Unit struct {
	Input Input

	// From and To are the bytes of a plain JSONL unit, whole lines. Both are 0
	// for any other: the unit is the whole file, or row groups of it.
	From, To int64

	// First and Last are the row groups [First, Last) of a Parquet unit; both 0 is
	// all of them.
	First, Last int

	Bytes   int64 // estimate of the raw bytes in it
	Skipped int64 // lines before it in the file, if somebody counted them; see CountLines
}

// Whole says whether the unit is all of its file.
func (u Unit) Whole() bool {
	return u.Input.Kind != Parquet && u.From == 0 && (u.To == 0 || u.To == u.Input.Size)
}

const (
	expansion  = 3         // of text by gzip and zstd
	snapBuffer = 256 << 10 // read at a time to find the end of a line
)

// Plan cuts inputs into units of about target raw bytes, in input order: plain
// JSONL at line ends, Parquet at row groups. Anything else is one unit a file,
// however large.
func Plan(ctx context.Context, inputs []Input, target int64) ([]Unit, error) {
	var units []Unit
	for _, in := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cut, err := plan(in, target)
		if err != nil {
			return nil, err
		}
		units = append(units, cut...)
	}
	return units, nil
}

func plan(in Input, target int64) ([]Unit, error) {
	p, err := openPinned(in)
	if err != nil {
		return nil, err
	}
	defer p.f.Close()
	if in.Kind == Parquet {
		return planParquet(p, target)
	}
	z, err := p.compression()
	switch {
	case err != nil:
		return nil, err
	case z != plain:
		return []Unit{{Input: in, Bytes: expansion * in.Size}}, nil
	case in.Kind == JSONL && in.Size > target:
		return planLines(p, target)
	default:
		return []Unit{{Input: in, Bytes: in.Size}}, nil
	}
}

func (p *pinned) compression() (compression, error) {
	var head [magicBytes]byte
	n, err := p.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return plain, p.err
	}
	return sniff(head[:n]), nil
}

func planLines(p *pinned, target int64) ([]Unit, error) {
	var units []Unit
	target = max(1, target)
	for from := int64(0); from < p.in.Size; {
		to, err := p.lineStart(from + target)
		if err != nil {
			return nil, err
		}
		units = append(units, Unit{Input: p.in, From: from, To: to, Bytes: to - from})
		from = to
	}
	return units, nil
}

// lineStart is the first offset at or after off at which a line starts, or the
// end of the file.
func (p *pinned) lineStart(off int64) (int64, error) {
	off-- // a line starts at off if a line feed stands before it
	buf := make([]byte, snapBuffer)
	for off < p.in.Size {
		n, err := p.ReadAt(buf, off)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return off + int64(i) + 1, nil
		}
		if err != nil && err != io.EOF {
			return 0, p.err
		}
		if n == 0 {
			break
		}
		off += int64(n)
	}
	return p.in.Size, nil
}

// planParquet makes one unit of a file whose footer cannot be read: opening it
// then says so.
func planParquet(p *pinned, target int64) ([]Unit, error) {
	whole := []Unit{{Input: p.in, Bytes: expansion * p.in.Size}}
	if p.in.Size == 0 {
		return whole, nil
	}
	f, err := parquetio.Open(p, p.in.Size)
	if p.err != nil {
		return nil, p.err
	}
	if err != nil {
		return whole, nil
	}
	var units []Unit
	u := Unit{Input: p.in}
	for g := range f.RowGroups() {
		u.Bytes += f.RowGroupBytes(g)
		u.Last = g + 1
		if u.Bytes >= target {
			units = append(units, u)
			u = Unit{Input: p.in, First: u.Last}
		}
	}
	if u.Last > u.First || len(units) == 0 {
		units = append(units, u)
	}
	return units, nil
}

// CountLines counts the lines of a plain JSONL unit, at the rate of memory.
// Their sum over the units of a file before a unit is that unit's Skipped.
func CountLines(ctx context.Context, u Unit) (int64, error) {
	p, err := openPinned(u.Input)
	if err != nil {
		return 0, err
	}
	defer p.f.Close()
	buf := make([]byte, snapBuffer)
	var n int64
	for off := u.From; off < u.To; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		k, err := p.ReadAt(buf[:min(int64(len(buf)), u.To-off)], off)
		if err != nil && err != io.EOF {
			return 0, p.err
		}
		if k == 0 {
			return 0, fmt.Errorf("read %s: %w: it became shorter", u.Input.Path, ErrChanged)
		}
		n += int64(bytes.Count(buf[:k], []byte{'\n'}))
		off += int64(k)
	}
	return n, nil
}
