package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// lookupChunk is the most rows that a stage looks up at once.
const lookupChunk = 1 << 16

// lookup finds sorted, distinct rows in files sorted by row_id, and calls found
// with the index of each row in rows and where its columns lie. A row that
// several files hold is found once in each; files come in the order given.
func lookup(ctx context.Context, st store.Store, files []FileRef, rows []int64, cols []string, found func(i int, rec arrow.Record, at int)) error {
	for _, f := range files {
		from := sort.Search(len(rows), func(i int) bool { return rows[i] >= f.Lo })
		to := sort.Search(len(rows), func(i int) bool { return rows[i] > f.Hi })
		if from >= to {
			continue
		}
		part := func(i int, rec arrow.Record, at int) { found(from+i, rec, at) }
		if err := lookupFile(ctx, st, f.Path, rows[from:to], cols, part); err != nil {
			return err
		}
	}
	return nil
}

func lookupFile(ctx context.Context, st store.Store, path string, rows []int64, cols []string, found func(i int, rec arrow.Record, at int)) error {
	t, err := openTable(ctx, st, path)
	if err != nil {
		return err
	}
	defer t.close()
	b := t.Lookup(ctx, "row_id", rows, append([]string{"row_id"}, cols...)...)
	defer b.Close()
	for len(rows) > 0 {
		rec, err := b.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", path, b.Row(), err)
		}
		matchRows(rec, rows, found)
		rec.Release()
	}
	return nil
}

// matchRows calls found for the rows of a batch, which are all wanted, with their
// places in the list of those. Both are sorted; the list is searched once.
func matchRows(rec arrow.Record, rows []int64, found func(i int, rec arrow.Record, at int)) {
	ids := rec.Column(0).(*array.Int64).Int64Values()
	if len(ids) == 0 {
		return
	}
	i := sort.Search(len(rows), func(i int) bool { return rows[i] >= ids[0] })
	for at := 0; i < len(rows) && at < len(ids); {
		switch {
		case ids[at] < rows[i]:
			at++
		case ids[at] > rows[i]:
			i++
		default:
			found(i, rec, at)
			at++
		}
	}
}

// LookupDocIDs returns the doc_id of sorted rows from files of text.documents.
// Rows that no file has are left out.
func LookupDocIDs(ctx context.Context, st store.Store, files []FileRef, rows []datasets.RowID) (map[datasets.RowID]string, error) {
	ids := make(map[datasets.RowID]string, len(rows))
	err := lookup(ctx, st, files, rows, []string{"doc_id"}, func(i int, rec arrow.Record, at int) {
		ids[rows[i]] = string(append([]byte(nil), rec.Column(1).(*array.String).Value(at)...))
	})
	return ids, err
}

// LookupSignatures calls found with the signature of each of the sorted rows
// that has one, row by row. The signature is valid during the call.
func LookupSignatures(ctx context.Context, st store.Store, files []FileRef, rows []datasets.RowID, found func(row datasets.RowID, signature []byte) error) error {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, byRows)
	var failed error
	err := lookup(ctx, st, sorted, rows, []string{"signature"}, func(i int, rec arrow.Record, at int) {
		sig := rec.Column(1).(*array.Binary)
		if failed == nil && sig.IsValid(at) {
			failed = found(rows[i], sig.Value(at))
		}
	})
	return errors.Join(err, failed)
}

// signatures returns the signatures of sorted rows, one after the other. A row
// without one is an error: only rows with signatures are in the band index.
func signatures(ctx context.Context, st store.Store, files []FileRef, rows []int64, size int) ([]byte, error) {
	all, have := make([]byte, len(rows)*size), make([]bool, len(rows))
	err := lookup(ctx, st, files, rows, []string{"signature"}, func(i int, rec arrow.Record, at int) {
		have[i] = copy(all[i*size:(i+1)*size], rec.Column(1).(*array.Binary).Value(at)) == size
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(have, false); i >= 0 {
		return nil, fmt.Errorf("row %d: no signature of %d bytes in text.bands, though the row has bands there", rows[i], size)
	}
	return all, nil
}

// textBytes returns the lengths of the texts of sorted rows.
func textBytes(ctx context.Context, st store.Store, files []FileRef, rows []int64) ([]int64, error) {
	sizes := make([]int64, len(rows))
	found := make([]bool, len(rows))
	err := lookup(ctx, st, files, rows, []string{"text_bytes"}, func(i int, rec arrow.Record, at int) {
		sizes[i], found[i] = rec.Column(1).(*array.Int64).Value(at), true
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(found, false); i >= 0 {
		return nil, fmt.Errorf("row %d: not in text.documents, though it has bands", rows[i])
	}
	return sizes, nil
}

// decision is a row's effective decision: the one of the latest generation.
type decision struct {
	in          int32 // generation; 0: there is none
	kept        bool
	duplicateOf int64 // survivor of a near duplicate, else 0
	cluster     int64 // 0: none
}

func effectiveDecisions(ctx context.Context, st store.Store, files []FileRef, rows []int64) ([]decision, error) {
	out := make([]decision, len(rows))
	cols := []string{"decided_in", "decision", "reason", "duplicate_of", "cluster"}
	err := lookup(ctx, st, files, rows, cols, func(i int, rec arrow.Record, at int) {
		in := rec.Column(1).(*array.Int32).Value(at)
		if in < out[i].in {
			return
		}
		d := decision{in: in}
		switch rec.Column(2).(*array.String).Value(at) {
		case datasets.Keep:
			d.kept = true
		case datasets.Duplicate:
			if rec.Column(3).(*array.String).Value(at) == datasets.ReasonNear {
				d.duplicateOf = optional(rec.Column(4), at)
			}
		}
		d.cluster = optional(rec.Column(5), at)
		out[i] = d
	})
	return out, err
}

// optional is a value of an int64 column that may be null; 0 stands for null.
func optional(column arrow.Array, at int) int64 {
	if column.IsNull(at) {
		return 0
	}
	return column.(*array.Int64).Value(at)
}
