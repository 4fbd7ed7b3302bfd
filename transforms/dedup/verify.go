package dedup

import (
	"context"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// verifyBytes is the most text whose shingles are in memory at once, unless two
// texts alone are longer.
const verifyBytes = 16 << 20

// verifier finds true Jaccard similarities of shingle sets.
type verifier struct {
	st     store.Store
	docs   []FileRef
	hasher *minhash.Hasher
}

// verify replaces the estimates of pairs that are near by the true similarity,
// and asks for at least least. The others stay as they are.
func (v *verifier) verify(ctx context.Context, pairs []compared, least float64) error {
	rows := rowsOf(pairs)
	sizes, err := textBytes(ctx, v.st, v.docs, rows)
	if err != nil {
		return err
	}
	for len(pairs) > 0 {
		n := v.cut(pairs, rows, sizes)
		if err := v.verifyTexts(ctx, pairs[:n], least); err != nil {
			return err
		}
		pairs = pairs[n:]
	}
	return nil
}

// cut is how many pairs to verify at once.
func (v *verifier) cut(pairs []compared, rows, sizes []int64) int {
	total, seen := int64(0), map[int64]bool{}
	for n, p := range pairs {
		if !p.near {
			continue
		}
		for _, row := range [...]int64{p.row, p.other} {
			if !seen[row] {
				seen[row] = true
				i, _ := slices.BinarySearch(rows, row)
				total += sizes[i]
			}
		}
		if n > 0 && total > verifyBytes {
			return n
		}
	}
	return len(pairs)
}

// verifyTexts reads the texts of pairs and compares their shingle sets.
func (v *verifier) verifyTexts(ctx context.Context, pairs []compared, least float64) error {
	rows := rowsOf(pairs)
	sets := make([][]uint64, len(rows))
	err := lookup(ctx, v.st, v.docs, rows, []string{"text"}, func(i int, rec arrow.Record, at int) {
		if text := rec.Column(1).(*array.String); text.IsValid(at) {
			sets[i] = v.hasher.ShingleSet(nil, text.Value(at))
		}
	})
	if err != nil {
		return err
	}
	set := func(row int64) []uint64 {
		i, _ := slices.BinarySearch(rows, row)
		return sets[i]
	}
	for i := range pairs {
		if p := &pairs[i]; p.near {
			p.similarity = minhash.Jaccard(set(p.row), set(p.other))
			p.near = p.similarity >= least
		}
	}
	return nil
}

// rowsOf lists the rows of the pairs that are near, sorted.
func rowsOf(pairs []compared) []int64 {
	var rows []int64
	for _, p := range pairs {
		if p.near {
			rows = append(rows, p.row, p.other)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}
