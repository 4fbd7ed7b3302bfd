package dedup

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// Kind is a kind of entries in text.bands.
type Kind string

const (
	ContentEntries Kind = "content" // Entry.Check is half of the hash
	BandEntries    Kind = "bands"   // Entry.Check is the number of the band
)

// IndexFile is a file of text.bands that was written.
type IndexFile struct {
	Path string
	Info parquetio.Info
}

// partRows is how many entries go to one file: some 20 MB, half a second's work.
const partRows = 1 << 20

type indexTask struct {
	Kind     Kind
	Path     string
	Segments []Segment
}

// WriteIndex writes tonight's entries, all shards of them, as files of
// text.bands. Part n, from 0, becomes the file path(n); parts hold ascending
// ranges of keys.
func WriteIndex(ctx context.Context, r Runner, kind Kind, shards int, segs []Segment, path func(part int) string) ([]IndexFile, error) {
	var tasks []indexTask
	var rows int64
	for _, list := range byShard(shards, segs) {
		n := records(list)
		if n == 0 {
			continue
		}
		if len(tasks) == 0 || rows+n > partRows {
			tasks = append(tasks, indexTask{Kind: kind, Path: path(len(tasks))})
			rows = 0
		}
		t := &tasks[len(tasks)-1]
		t.Segments = append(t.Segments, list...)
		rows += n
	}
	return run[IndexFile](ctx, r, stageWriteIndex, tasks)
}

// writeIndex merges the segments of each shard, one shard after the other: they
// are ranges of keys.
func writeIndex(ctx context.Context, env Env, t indexTask) (IndexFile, error) {
	w, err := newIndexWriter(ctx, env.Store, t.Path)
	if err != nil {
		return IndexFile{}, err
	}
	defer w.abort()
	for segs := t.Segments; len(segs) > 0; {
		n := 1
		for n < len(segs) && segs[n].Shard == segs[0].Shard {
			n++
		}
		err := Merge(ctx, env.Store, segs[:n], func(e Entry) error { return w.add(bandRow(t.Kind, e)) })
		if err != nil {
			return IndexFile{}, err
		}
		segs = segs[n:]
	}
	return w.finish(ctx)
}

func bandRow(kind Kind, e Entry) datasets.Band {
	if kind == ContentEntries {
		return datasets.Band{Band: datasets.BandContent, Key: flip(e.Key), Check: int64(e.Check), RowID: e.Row}
	}
	return datasets.Band{Band: int32(e.Check), Key: flip(e.Key), RowID: e.Row}
}

// indexWriter writes a file of text.bands.
type indexWriter struct {
	path string
	out  store.Writer
	w    *parquetio.Writer[datasets.Band]
	rows []datasets.Band
}

const indexBatch = 1024

func newIndexWriter(ctx context.Context, st store.Store, path string) (*indexWriter, error) {
	out, err := st.Create(ctx, path, store.Condition{})
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return &indexWriter{path: path, out: out, w: parquetio.NewWriter[datasets.Band](out, parquetio.WriterOptions{}), rows: make([]datasets.Band, 0, indexBatch)}, nil
}

func (w *indexWriter) add(row datasets.Band) error {
	w.rows = append(w.rows, row)
	if len(w.rows) < indexBatch {
		return nil
	}
	return w.flush()
}

func (w *indexWriter) flush() error {
	if err := w.w.Write(w.rows); err != nil {
		return fmt.Errorf("write %s: %w", w.path, err)
	}
	w.rows = w.rows[:0]
	return nil
}

func (w *indexWriter) finish(ctx context.Context) (IndexFile, error) {
	if err := w.flush(); err != nil {
		return IndexFile{}, err
	}
	info, err := w.w.Close()
	if err != nil {
		return IndexFile{}, fmt.Errorf("write %s: %w", w.path, err)
	}
	out := w.out
	w.out = nil
	if _, err := out.Commit(ctx); err != nil {
		return IndexFile{}, fmt.Errorf("write %s: %w", w.path, err)
	}
	return IndexFile{w.path, info}, nil
}

func (w *indexWriter) abort() {
	if w.out != nil {
		w.out.Abort()
	}
}
