package parquetio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// ErrDamaged is wrapped by every error that says a file is not what it claims
// to be: cut, flipped or hostile bytes. Errors of the disk or network below are
// not damage.
var ErrDamaged = errors.New("damaged parquet file")

// ErrNoColumn is wrapped when a file lacks a leaf column that was asked for.
var ErrNoColumn = errors.New("no such column")

// source is the reader under a file. It remembers the first error of the world
// below, which parquet-go may turn into anything on its way up.
type source struct {
	r     io.ReaderAt
	fault atomic.Pointer[error]
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.fault.CompareAndSwap(nil, &err)
	}
	return n, err
}

// guard runs a step of parquet-go's and turns its errors and panics into
// damage at the named place, unless reading or the context failed first.
func (s *source) guard(ctx context.Context, place func() string, step func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			err = s.explain(ctx, place(), err)
		}
	}()
	return step()
}

func (s *source) explain(ctx context.Context, place string, err error) error {
	if fault := s.fault.Load(); fault != nil {
		return fmt.Errorf("read parquet file: %s: %w", place, *fault)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %s: %s", ErrDamaged, place, oneLine(err))
}

// oneLine keeps messages that quote file content short and printable.
func oneLine(err error) string {
	const limit = 200
	msg := []rune(err.Error())
	for i, r := range msg {
		if r < ' ' || r == 0x7F {
			msg[i] = ' '
		}
	}
	return string(msg[:min(limit, len(msg))])
}

// damaged says at which place of a file something does not add up.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}
