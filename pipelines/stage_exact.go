package pipelines

import (
	"context"
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

type exactTask struct {
	Shard, Shards int
	Segments      []dedup.Segment
	Old           dedup.Index
}

type exactResult struct {
	Pairs []pairRef // one a unit that has duplicates in this shard
}

// pair says that a row repeats the content of an older one.
type pair struct{ Row, Survivor int64 }

const pairBytes = 16

// pairRef is where a unit's pairs of one shard lie.
type pairRef struct {
	Unit   int
	File   string
	Offset int64
	Count  int64
	Sum    uint64 // XXH3 of the bytes
}

// exactStage finds the exact duplicates of one shard of contents and leaves
// them sorted by row, so that each unit finds its own.
func exactStage(ctx context.Context, env lakeio.Env, t exactTask) (exactResult, error) {
	var pairs []pair
	err := dedup.Exact(ctx, env.Store, t.Shard, t.Shards, t.Segments, t.Old, func(row, survivor int64) error {
		pairs = append(pairs, pair{row, survivor})
		return nil
	})
	if err != nil || len(pairs) == 0 {
		return exactResult{}, err
	}
	sortPairs(pairs)
	path := fmt.Sprintf("%sexact/%04d-%s.pairs", env.Scratch, t.Shard, env.Attempt)
	refs, err := writePairs(ctx, env.Store, path, pairs, unitOf)
	return exactResult{Pairs: refs}, err
}

func unitOf(local int64) int { return int(local&^localBit) >> 40 }

func sortPairs(pairs []pair) {
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Row < pairs[j].Row })
}

// writePairs writes sorted pairs to one file; the rows of a unit lie together.
func writePairs(ctx context.Context, st store.Store, path string, pairs []pair, unitOf func(row int64) int) ([]pairRef, error) {
	buf := make([]byte, 0, len(pairs)*pairBytes)
	var refs []pairRef
	for _, p := range pairs {
		if u := unitOf(p.Row); len(refs) == 0 || refs[len(refs)-1].Unit != u {
			refs = append(refs, pairRef{Unit: u, File: path, Offset: int64(len(buf))})
		}
		refs[len(refs)-1].Count++
		buf = binary.LittleEndian.AppendUint64(buf, uint64(p.Row))
		buf = binary.LittleEndian.AppendUint64(buf, uint64(p.Survivor))
	}
	for i := range refs {
		r := &refs[i]
		r.Sum = xxh3.Hash(buf[r.Offset : r.Offset+r.Count*pairBytes])
	}
	_, err := st.Put(ctx, path, buf, store.Condition{})
	return refs, err
}

// readPairs returns a unit's pairs of all shards, sorted by row.
func readPairs(ctx context.Context, st store.Store, refs []pairRef) ([]pair, error) {
	var pairs []pair
	for _, r := range refs {
		f, err := st.Open(ctx, r.File)
		if err != nil {
			return nil, err
		}
		buf := make([]byte, r.Count*pairBytes)
		_, err = f.ReadAt(buf, r.Offset)
		f.Close()
		if err != nil && !isEOF(err) {
			return nil, fmt.Errorf("%s: duplicates of unit %d: %w", r.File, r.Unit, err)
		}
		if xxh3.Hash(buf) != r.Sum {
			return nil, fmt.Errorf("%s: duplicates of unit %d are damaged; remove the run's scratch folder and run again", r.File, r.Unit)
		}
		for i := 0; i < len(buf); i += pairBytes {
			pairs = append(pairs, pair{int64(binary.LittleEndian.Uint64(buf[i:])), int64(binary.LittleEndian.Uint64(buf[i+8:]))})
		}
	}
	sortPairs(pairs)
	return pairs, nil
}
