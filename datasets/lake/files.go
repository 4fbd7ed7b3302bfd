package lake

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// DataFile is a file of rows.
type DataFile struct {
	Path    string // within the lake
	Rows    int64
	Bytes   int64
	SHA256  string                   // hex; needed to commit, empty in what Files returns
	Columns map[int]parquetio.Bounds // by field id; leaf columns
	Splits  []int64                  // offsets of the row groups
}

// NewDataFile describes a file that was written.
func NewDataFile(path string, info parquetio.Info) DataFile {
	return DataFile{Path: path, Rows: info.Rows, Bytes: info.Bytes, SHA256: info.SHA256, Columns: info.Columns, Splits: info.Splits}
}

// Int64Bounds is the range of an integer column in the file, if it is known.
func (d DataFile) Int64Bounds(fieldID int) (lo, hi int64, ok bool) {
	b := d.Columns[fieldID]
	if len(b.Lower) == 4 && len(b.Upper) == 4 {
		return int64(int32(binary.LittleEndian.Uint32(b.Lower))), int64(int32(binary.LittleEndian.Uint32(b.Upper))), true
	}
	if len(b.Lower) != 8 || len(b.Upper) != 8 {
		return 0, 0, false
	}
	return int64(binary.LittleEndian.Uint64(b.Lower)), int64(binary.LittleEndian.Uint64(b.Upper)), true
}

// Files returns the live data files of a table in the order they were
// committed, at a generation or, for 0, at main. A table that was never
// committed has none. The files must not be changed.
func (l *Lake) Files(ctx context.Context, table string, generation int32) ([]DataFile, error) {
	m, s, ok, err := l.at(ctx, table, generation)
	if err != nil || !ok {
		return nil, err
	}
	files, err := l.snapshotFiles(ctx, table, m, s)
	return slices.Clone(files), err
}

// at finds a table's snapshot at a generation or, for 0, at main. It goes by
// the records, so that a night whose refs are still to be moved is seen whole.
func (l *Lake) at(ctx context.Context, table string, generation int32) (*tableMetadata, snapshot, bool, error) {
	if _, err := specOf(table); err != nil {
		return nil, snapshot{}, false, err
	}
	h, err := l.history(ctx)
	if err != nil {
		return nil, snapshot{}, false, err
	}
	id := h.mains[table]
	if generation != 0 {
		g, err := h.generation(generation)
		if err != nil {
			return nil, snapshot{}, false, err
		}
		id = g.Tables[table].SnapshotID
	}
	if id == 0 {
		return nil, snapshot{}, false, nil
	}
	m, version, err := l.table(ctx, table)
	if err != nil {
		return nil, snapshot{}, false, err
	}
	if m != nil {
		if s, ok := m.snapshot(id); ok {
			return m, s, true, nil
		}
	}
	return nil, snapshot{}, false, fmt.Errorf("lake: %s: %w: snapshot %d is committed, but not in it", metadataPath(table, version), ErrDamaged, id)
}

// ReadTable yields the rows of a small table at a generation, 0 being main,
// file by file. A block of rows is valid until yield returns.
func ReadTable[T any](ctx context.Context, l *Lake, table string, generation int32, yield func([]T) error) error {
	files, err := l.Files(ctx, table, generation)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := readDataFile(ctx, l.st, f.Path, yield); err != nil {
			return err
		}
	}
	return nil
}

func readDataFile[T any](ctx context.Context, st store.Store, path string, yield func([]T) error) error {
	o, err := st.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("lake: read rows: %w", err)
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err == nil {
		err = parquetio.ReadRows(ctx, f, nil, yield)
	}
	if err != nil {
		return fmt.Errorf("lake: read rows of %s: %w", path, err)
	}
	return nil
}

// WriteDataFile writes rows as one new data file.
func WriteDataFile[T any](ctx context.Context, l *Lake, path string, rows []T) (DataFile, error) {
	out, err := l.st.Create(ctx, path, store.Condition{IfAbsent: true})
	if err != nil {
		return DataFile{}, fmt.Errorf("lake: write %s: %w", path, err)
	}
	w := parquetio.NewWriter[T](out, parquetio.WriterOptions{})
	err = w.Write(rows)
	info, closeErr := w.Close()
	if err == nil {
		err = closeErr
	}
	if err != nil {
		return DataFile{}, fmt.Errorf("lake: write %s: %w", path, errors.Join(err, out.Abort()))
	}
	if _, err := out.Commit(ctx); err != nil {
		return DataFile{}, fmt.Errorf("lake: write %s: %w", path, err)
	}
	return NewDataFile(path, info), nil
}
