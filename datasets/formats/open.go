package formats

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/chimera-1/chimera/datasets"
)

// Open starts reading a unit. A file that cannot be opened, or is not what was
// listed, is an error.
func (u Unit) Open(ctx context.Context, opt Options) (Reader, error) {
	opt = opt.withDefaults()
	p, err := openPinned(u.Input)
	if err != nil {
		return nil, err
	}
	var r Reader
	if u.Input.Kind == Parquet {
		r, err = openParquet(ctx, p, u, opt)
	} else {
		r, err = openStreamed(ctx, p, u, opt)
	}
	if err != nil {
		p.f.Close()
		return nil, err
	}
	return r, nil
}

// parser is the row parser for a kind of input.
func parser(in Input, r io.Reader, opt Options) (rowParser, error) {
	switch in.Kind {
	case JSONL:
		return newJSONL(r, opt), nil
	case CSV:
		return newCSV(r, ',', opt), nil
	case TSV:
		return newCSV(r, '\t', opt), nil
	case Text:
		return newTextFile(r, in.Name, opt), nil
	default:
		return nil, fmt.Errorf("read %s: kind %q cannot be read as a stream", in.Path, in.Kind)
	}
}

// streamed reads a unit of a kind that is a stream of bytes.
type streamed struct {
	in      Input
	file    *pinned // nil for a stream that is no file
	packed  *meter  // bytes of the file
	decoder decoder
	parser  rowParser
	skipped int64
	damage  *damage // found before reading, nil if there is none
	sha256  string  // if it is known before the end

	row  Row
	end  End
	done error // what Next goes on to return
}

func openStreamed(ctx context.Context, p *pinned, u Unit, opt Options) (*streamed, error) {
	z, err := p.compression()
	if err != nil {
		return nil, err
	}
	from, to := u.From, u.To
	if to == 0 {
		to = p.in.Size
	}
	s := &streamed{in: u.Input, file: p, skipped: u.Skipped}
	if z != plain && !opt.Unchecked {
		if s.damage, s.sha256, err = verify(ctx, p, z, opt); err != nil {
			return nil, err
		}
	}
	s.packed = newMeter(p.section(from, to), u.Whole() && s.sha256 == "")
	if s.decoder, err = z.decoder(s.packed); err != nil {
		s.decoder = io.NopCloser(eofReader{err}) // verify has seen it too: damage.trusted is 0
	}
	var rows io.Reader = s.damage.cut(s.decoder)
	if z != plain && opt.Unchecked {
		rows = &unverified{r: s.decoder, z: z, in: s.packed, opt: opt}
	}
	s.parser, err = parser(u.Input, rows, opt)
	return s, err
}

// OpenStream reads rows from r, which need not be a file; name stands for it in
// messages. Compression is found by magic bytes. What r held can be read only
// once, so the rows of a corrupt compressed stream are returned up to where the
// decoder finds the damage, which can be behind where it is.
func OpenStream(name string, r io.Reader, kind Kind, opt Options) (Reader, error) {
	opt = opt.withDefaults()
	in := Input{Path: name, Name: name, Kind: kind}
	s := &streamed{in: in, packed: newMeter(r, true)}
	z, rest, err := sniffStream(s.packed)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if s.decoder, err = z.decoder(rest); err != nil {
		s.decoder = io.NopCloser(eofReader{err})
	}
	s.parser, err = parser(in, &unverified{r: s.decoder, z: z, in: s.packed, opt: opt}, opt)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Next returns a row, a reject or an error.
func (s *streamed) Next(ctx context.Context) (*Row, *datasets.Reject, error) {
	if s.done == nil {
		s.done = ctx.Err()
	}
	if s.done != nil {
		return nil, nil, s.done
	}
	number, bad, err := s.parser.next(&s.row)
	if err != nil {
		return s.finish(number, err)
	}
	s.end.Rows++
	if bad != nil {
		return nil, bad.reject(s.in.Path, s.skipped+number, s.in.Kind.stage()), nil
	}
	s.row.Number = s.skipped + number
	return &s.row, nil, nil
}

// finish sorts out why the stream has ended: with the file, with damage, which
// is one last reject, or with an error.
func (s *streamed) finish(number int64, err error) (*Row, *datasets.Reject, error) {
	var d *damage
	switch {
	case s.file != nil && s.file.err != nil:
		s.done = s.file.err
		return nil, nil, s.done
	case errors.As(err, &d):
		s.done = s.unchanged()
		s.end.Rows++
		s.end.Damaged = true
		return nil, d.fault().reject(s.in.Path, s.skipped+number, s.in.Kind.stage()), nil
	case !errors.Is(err, io.EOF):
		s.done = fmt.Errorf("read %s: %w", s.in.Path, err)
	default:
		s.done = s.unchanged()
	}
	return nil, nil, s.done
}

// unchanged is io.EOF, or that the file is not what it was.
func (s *streamed) unchanged() error {
	if s.file == nil {
		return io.EOF
	}
	err := s.file.unchanged()
	if errors.Is(err, ErrChanged) {
		s.end.Changed = true
	}
	if err != nil {
		return err
	}
	return io.EOF
}

// Close releases the file.
func (s *streamed) Close() (End, error) {
	s.end.Lines = s.parser.lines()
	if errors.Is(s.done, io.EOF) {
		if s.end.SHA256 = s.sha256; s.sha256 == "" {
			s.end.SHA256 = s.packed.sum()
		}
	}
	s.end.Bytes = s.packed.n
	s.decoder.Close()
	if s.file == nil {
		return s.end, nil
	}
	if err := s.file.f.Close(); err != nil {
		return s.end, fmt.Errorf("close %s: %w", s.in.Path, err)
	}
	return s.end, nil
}

// eofReader has nothing but an error.
type eofReader struct{ err error }

func (r eofReader) Read([]byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return 0, io.EOF
}
