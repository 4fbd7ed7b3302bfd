package pipelines

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
	"github.com/chimera-1/chimera/transforms/text"
)

// Rows of tonight have no row id before all of them are counted. Until then a
// row goes by its unit and its ordinal in it. The top bit keeps these names
// apart from row ids and after them: an old row is always the older one.
const localBit = int64(1) << 62

func localRow(unit int, ordinal int64) int64 { return localBit | int64(unit)<<40 | ordinal }

type hashTask struct {
	Read   readTask
	Shards int
}

type hashResult struct {
	Rows      int64 // counted rows, rejects included
	Rejected  int64
	TextBytes int64
	Ends      []formats.End   // of the unit's parts
	Digests   []digest        // likewise
	Segments  []dedup.Segment // content hashes by shard, rows by local name
}

// hashStage reads a unit for the first time: it counts rows, so that row ids
// can be given, and hashes contents, so that exact duplicates are known before
// anything expensive is done to them.
func hashStage(ctx context.Context, env lakeio.Env, t hashTask) (hashResult, error) {
	res, entries, err := t.hash(ctx)
	if err == nil && t.Read.checkDamaged(res.Ends) {
		res, entries, err = t.hash(ctx)
	}
	if err != nil {
		return hashResult{}, err
	}
	path := fmt.Sprintf("%shash/%06d-%s.spill", env.Scratch, t.Read.Unit, env.Attempt)
	res.Segments, err = dedup.WriteEntries(ctx, env.Store, path, t.Shards, entries)
	return res, err
}

// hash reads the unit and hashes its contents.
func (t hashTask) hash(ctx context.Context) (hashResult, []dedup.Entry, error) {
	res := hashResult{Digests: make([]digest, len(t.Read.Parts))}
	var entries []dedup.Entry
	ends, err := t.Read.eachRow(ctx, func(row inputRow) error {
		res.Rows++
		if row.Reject != nil {
			res.Rejected++
			res.Digests[row.Part].add(rejected)
			return nil
		}
		content := text.ContentHash(row.Text)
		res.Digests[row.Part].add(content)
		res.TextBytes += int64(len(row.Text))
		if text.IsBlank(row.Text) {
			return nil
		}
		entries = append(entries, contentEntry(content, localRow(t.Read.Unit, row.Ordinal)))
		return nil
	})
	res.Ends = ends
	return res, entries, err
}

// contentEntry is a row's entry in the content index.
func contentEntry(h [16]byte, row int64) dedup.Entry {
	return dedup.Entry{Key: binary.BigEndian.Uint64(h[:8]), Check: binary.BigEndian.Uint64(h[8:]), Row: row}
}
