package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// table is a Parquet file of the lake that is open.
type table struct {
	path string
	obj  store.Object
	*parquetio.File
}

func openTable(ctx context.Context, st store.Store, path string) (*table, error) {
	obj, err := st.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f, err := parquetio.Open(obj, obj.Size())
	if err != nil {
		obj.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &table{path, obj, f}, nil
}

func (t *table) close() { t.obj.Close() }

// oldKeys walks the entries of one file of the index whose keys lie in a range,
// in key order.
type oldKeys struct {
	file    *table
	batches *parquetio.Batches
	rec     arrow.Record
	keys    []int64
	checks  []int64 // nil where entries have none
	rows    []int64
	at      int
	end     bool
}

// openOld opens the files that can hold keys from lo to hi. With checks, their
// column check is read as well.
func openOld(ctx context.Context, st store.Store, files []FileRef, lo, hi uint64, checks bool) ([]*oldKeys, error) {
	var out []*oldKeys
	cols := []string{"key", "row_id"}
	if checks {
		cols = append(cols, "check")
	}
	for _, f := range files {
		if !f.holds(flip(lo), flip(hi)) {
			continue
		}
		t, err := openTable(ctx, st, f.Path)
		if err != nil {
			closeOld(out)
			return nil, err
		}
		out = append(out, &oldKeys{file: t, batches: t.Range(ctx, "key", flip(lo), flip(hi), cols...)})
	}
	return out, nil
}

func closeOld(list []*oldKeys) {
	for _, o := range list {
		o.drop()
		o.batches.Close()
		o.file.close()
	}
}

func (o *oldKeys) drop() {
	if o.rec != nil {
		o.rec.Release()
		o.rec = nil
	}
}

// seek moves to the first entry whose key is at least k. Calls come in
// ascending order of k.
func (o *oldKeys) seek(k int64) error {
	for !o.end {
		if n := len(o.keys); o.at < n && o.keys[n-1] >= k {
			o.skip(k)
			return nil
		}
		if err := o.load(); err != nil {
			return err
		}
	}
	return nil
}

// skip moves within the batch, whose last key is at least k. There are usually
// some ten old keys from one of tonight's to the next: it steps over blocks of
// them, and doubles its steps when that takes long.
func (o *oldKeys) skip(k int64) {
	const block = 8
	keys, at := o.keys, o.at
	for step := block; at+step < len(keys) && keys[at+step] < k; {
		at += step
		if at-o.at >= 8*block {
			step *= 2
		}
	}
	if at-o.at < 8*block {
		for keys[at] < k {
			at++
		}
		o.at = at
		return
	}
	rest := keys[at:]
	o.at = at + sort.Search(len(rest), func(i int) bool { return rest[i] >= k })
}

func (o *oldKeys) load() error {
	o.drop()
	o.keys, o.at = nil, 0
	rec, err := o.batches.Next()
	if errors.Is(err, io.EOF) {
		o.end = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: row %d: %w", o.file.path, o.batches.Row(), err)
	}
	o.rec = rec
	o.keys = rec.Column(0).(*array.Int64).Int64Values()
	o.rows = rec.Column(1).(*array.Int64).Int64Values()
	if rec.NumCols() > 2 {
		o.checks = rec.Column(2).(*array.Int64).Int64Values()
	}
	return nil
}

// next returns the entry at hand if its key is k, and moves past it.
func (o *oldKeys) next(k int64) (e Entry, ok bool, err error) {
	if o.at == len(o.keys) {
		if err := o.seek(k); err != nil {
			return e, false, err
		}
	}
	if o.end || o.keys[o.at] != k {
		return e, false, nil
	}
	e = Entry{Key: uint64(k) ^ 1<<63, Row: o.rows[o.at]}
	if o.checks != nil {
		e.Check = uint64(o.checks[o.at])
	}
	o.at++
	return e, true, nil
}

// eachOld calls emit with every old entry of key k.
func eachOld(old []*oldKeys, k uint64, emit func(Entry) error) error {
	key := flip(k)
	for _, o := range old {
		if o.at < len(o.keys) && o.keys[o.at] > key {
			continue
		}
		if err := o.seek(key); err != nil {
			return err
		}
		for !o.end {
			e, ok, err := o.next(key)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if err := emit(e); err != nil {
				return err
			}
		}
	}
	return nil
}
