package dedup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// Size tiers of the index. Every night adds files; a tier holds files of sizes
// within a factor of fanIn, and when fanIn of them have come together they
// become one file of the next. So of n files there are about fanIn*log(n) left,
// and an entry is written again log(n) times. Files of maxMergedRows stay.
const (
	fanIn         = 8
	fanInBits     = 3
	maxMergedRows = 1 << 26
)

// Merging is a set of files of one kind to be replaced by one.
type Merging struct {
	Inputs []FileRef
}

// PlanMerges says which files of one kind, ContentEntries or BandEntries, to
// merge, from the order of the list and the numbers of rows alone. Files of
// signatures hold ascending ranges of rows and need no merging.
func PlanMerges(files []FileRef) []Merging {
	tiers := make([][]FileRef, tier(maxMergedRows)+1)
	for _, f := range files {
		if f.Rows < maxMergedRows {
			t := tier(f.Rows)
			tiers[t] = append(tiers[t], f)
		}
	}
	var plans []Merging
	for _, list := range tiers {
		for ; len(list) >= fanIn; list = list[fanIn:] {
			plans = append(plans, Merging{list[:fanIn:fanIn]})
		}
	}
	return plans
}

// tier is the tier of a file: 0 up to 2^12 rows, one more for each factor of fanIn.
func tier(rows int64) int {
	return (max(bits.Len64(uint64(rows))-12, 0) + fanInBits - 1) / fanInBits
}

type mergeTask struct {
	Path   string
	Inputs []FileRef
}

// MergeIndex runs merges. The result of merge n, from 0, becomes the file
// path(n), with exactly the rows of its inputs.
func MergeIndex(ctx context.Context, r Runner, merges []Merging, path func(n int) string) ([]IndexFile, error) {
	tasks := make([]mergeTask, len(merges))
	for i, m := range merges {
		tasks[i] = mergeTask{Path: path(i), Inputs: m.Inputs}
	}
	return run[IndexFile](ctx, r, stageMergeIndex, tasks)
}

func mergeIndex(ctx context.Context, env Env, t mergeTask) (IndexFile, error) {
	var runs []*bandRun
	defer func() {
		for _, r := range runs {
			r.close()
		}
	}()
	for _, f := range t.Inputs {
		r, err := openRun(ctx, env.Store, f.Path)
		if err != nil {
			return IndexFile{}, err
		}
		runs = append(runs, r)
		if err := r.next(); err != nil {
			return IndexFile{}, err
		}
	}
	w, err := newIndexWriter(ctx, env.Store, t.Path)
	if err != nil {
		return IndexFile{}, err
	}
	defer w.abort()
	for {
		least := -1
		for i, r := range runs { // few of them: a tree would be no faster
			if !r.end && (least < 0 || compareBands(&r.row, &runs[least].row) < 0) {
				least = i
			}
		}
		if least < 0 {
			return w.finish(ctx)
		}
		if err := w.add(runs[least].row); err != nil {
			return IndexFile{}, err
		}
		if err := runs[least].next(); err != nil {
			return IndexFile{}, err
		}
	}
}

// compareBands orders rows of one kind as their files do.
func compareBands(a, b *datasets.Band) int {
	if c := cmp.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	if c := cmp.Compare(uint64(a.Check), uint64(b.Check)); c != 0 {
		return c
	}
	return cmp.Compare(a.RowID, b.RowID)
}

// bandRun walks a file of the index.
type bandRun struct {
	file    *table
	batches *parquetio.Batches
	rec     arrow.Record
	at      int
	row     datasets.Band
	end     bool
}

func openRun(ctx context.Context, st store.Store, path string) (*bandRun, error) {
	t, err := openTable(ctx, st, path)
	if err != nil {
		return nil, err
	}
	return &bandRun{file: t, batches: t.Batches(ctx, nil, "band", "key", "check", "row_id")}, nil
}

// next moves to the next row, or sets end.
func (r *bandRun) next() error {
	for r.rec == nil || r.at == int(r.rec.NumRows()) {
		r.drop()
		rec, err := r.batches.Next()
		if errors.Is(err, io.EOF) {
			r.end = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", r.file.path, r.batches.Row(), err)
		}
		r.rec, r.at = rec, 0
	}
	r.row = datasets.Band{
		Band:  r.rec.Column(0).(*array.Int32).Value(r.at),
		Key:   r.rec.Column(1).(*array.Int64).Value(r.at),
		Check: r.rec.Column(2).(*array.Int64).Value(r.at),
		RowID: r.rec.Column(3).(*array.Int64).Value(r.at),
	}
	r.at++
	return nil
}

func (r *bandRun) drop() {
	if r.rec != nil {
		r.rec.Release()
		r.rec = nil
	}
}

func (r *bandRun) close() {
	r.drop()
	r.batches.Close()
	r.file.close()
}
