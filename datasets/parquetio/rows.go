package parquetio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

const readRows = 1024

// ReadRows reads rows of type T from row groups, nil being all, and yields them
// in blocks. A block is valid until yield returns; the strings in its rows stay
// valid. Columns that the file lacks are zero, or nil for pointers.
func ReadRows[T any](ctx context.Context, f *File, rowGroups []int, yield func([]T) error) error {
	if rowGroups == nil {
		for g := range f.RowGroups() {
			rowGroups = append(rowGroups, g)
		}
	}
	block := make([]T, readRows)
	for _, g := range rowGroups {
		if err := readGroup(ctx, f, g, block, yield); err != nil {
			return err
		}
	}
	return nil
}

func readGroup[T any](ctx context.Context, f *File, group int, block []T, yield func([]T) error) error {
	place := func() string { return fmt.Sprintf("row group %d", group) }
	var r *parquet.GenericReader[T]
	err := f.source.guard(ctx, place, func() error {
		r = parquet.NewGenericRowGroupReader[T](&rowGroup{f.pf.RowGroups()[group], f, group})
		return nil
	})
	if err != nil {
		return err
	}
	defer r.Close()
	for left := f.RowGroupRows(group); left > 0; {
		var n int
		err := f.source.guard(ctx, place, func() (err error) {
			clear(block)
			n, err = r.Read(block[:min(int64(len(block)), left)])
			switch {
			case n > 0 && errors.Is(err, io.EOF):
				return nil
			case n == 0 && err == nil:
				return io.ErrNoProgress
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := yield(block[:n]); err != nil {
			return err
		}
		left -= int64(n)
	}
	return nil
}
