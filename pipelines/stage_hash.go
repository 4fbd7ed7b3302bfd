package pipelines

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// Rows of tonight have no row id before all of them are counted. Until then a
// row goes by its unit and its ordinal in it. The top bit keeps these names
// apart from row ids and after them: an old row is always the older one.
const localBit = int64(1) << 62

func localRow(unit int, ordinal int64) int64 { return localBit | int64(unit)<<40 | ordinal }

type hashTask struct {
	Read   readTask
	Shards int
	Keep   bool   // what is known of the rows: the input is not read again
	Scheme string // of the signatures to keep; empty for none
}

type hashResult struct {
	Rows      int64 // counted rows, rejects included
	Rejected  int64
	TextBytes int64
	Ends      []formats.End   // of the unit's parts
	Digests   []digest        // likewise
	Segments  []dedup.Segment // content hashes by shard, rows by local name
	Scan      string          // scan file of the rows, if they were kept and there are any
}

// hashStage reads a unit for the first time: it counts rows, so that row ids
// can be given, and hashes contents, so that exact duplicates are known before
// anything expensive is done to them. A night that needs no text beyond signatures
// makes these here, for duplicates too, and reads its input once.
func hashStage(ctx context.Context, env lakeio.Env, t hashTask) (hashResult, error) {
	res, entries, err := t.hash(ctx, env)
	if err == nil && t.Read.checkDamaged(res.Ends) {
		giveEntries(entries)
		res, entries, err = t.hash(ctx, env)
	}
	if err != nil {
		return hashResult{}, err
	}
	defer giveEntries(entries)
	path := fmt.Sprintf("%shash/%06d-%s.spill", env.Scratch, t.Read.Unit, env.Attempt)
	res.Segments, err = dedup.WriteEntries(ctx, env.Store, path, t.Shards, entries)
	return res, err
}

// hash reads the unit and hashes its contents.
func (t hashTask) hash(ctx context.Context, env lakeio.Env) (hashResult, []dedup.Entry, error) {
	res := hashResult{Digests: make([]digest, len(t.Read.Parts))}
	entries := takeEntries()
	keep := t.keeper(env)
	defer keep.abort()
	ends, err := t.Read.eachRow(ctx, func(row inputRow) error {
		s := scan(row)
		res.Rows++
		res.Digests[row.Part].add(s.digest())
		if row.Reject != nil {
			res.Rejected++
		} else {
			res.TextBytes += s.TextBytes
		}
		if row.Reject == nil && !s.Blank {
			entries = append(entries, contentEntry(s.Content, localRow(t.Read.Unit, row.Ordinal)))
		}
		return keep.row(ctx, s)
	})
	if err != nil {
		giveEntries(entries)
		return res, nil, err
	}
	res.Ends = ends
	res.Scan, err = keep.close(ctx)
	return res, entries, err
}

// keeper keeps what is known of rows; a nil one nothing.
type keeper struct {
	*scanWriter
	signer *signer
}

func (t hashTask) keeper(env lakeio.Env) *keeper {
	if !t.Keep {
		return nil
	}
	k := &keeper{scanWriter: newScanWriter(env, t.Read.Unit)}
	if t.Scheme != "" {
		k.signer = newSigner(mustScheme(t.Scheme))
	}
	return k
}

func (k *keeper) row(ctx context.Context, s scanned) error {
	if k == nil {
		return nil
	}
	if k.signer != nil && s.Reject == nil && !s.Blank {
		s.Signature = k.signer.sign(s.Text)
	}
	return k.add(ctx, &s)
}

func (k *keeper) close(ctx context.Context) (string, error) {
	if k == nil {
		return "", nil
	}
	return k.scanWriter.close(ctx)
}

func (k *keeper) abort() {
	if k != nil {
		k.scanWriter.abort()
	}
}

// contentEntry is a row's entry in the content index.
func contentEntry(h [16]byte, row int64) dedup.Entry {
	return dedup.Entry{Key: binary.BigEndian.Uint64(h[:8]), Check: binary.BigEndian.Uint64(h[8:]), Row: row}
}
