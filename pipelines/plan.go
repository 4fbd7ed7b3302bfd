package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/store"
)

const (
	maxUnitBytes   = 64 << 20  // 1-3 s of signals on one core
	unitsPerWorker = 8         // of a small night: what is left over when one worker is done first
	minUnitBytes   = 1 << 20   // below it a unit costs more to run than to read
	shardBytes     = 256 << 20 // raw input bytes a dedup shard: some 30 MB of entries
	maxShards      = 256

	maxUnitNames = 1 << 20 // bytes that a unit's parts may take in a task
	partBytes    = 640     // of a part, without its names, in a task or its result

	storedExpansion = 3 // of documents, in the lake and in compressed inputs
)

// plan is how a run's work is cut. It is written down when the run begins, so
// that a later attempt cuts the same way whatever machine it runs on.
type plan struct {
	Revision   string    // program that made the plan: another version starts afresh
	Generation int32     // number the run will publish
	Started    time.Time // start of the first attempt: ingested_at of every row
	Files      []pinned
	Units      []unit
	Shards     int
}

// unit is what one task reads: a piece of a large file, or several small files.
type unit struct {
	ID    int
	Parts []part
}

// part is a piece of one input file.
type part struct {
	File int // index in plan.Files
	formats.Unit
}

// cut makes the plan of a run over files; of a run that reads the lake instead,
// stored is the size of the documents there.
func (c Curate) cut(ctx context.Context, files []pinned, generation int32, stored int64) (plan, error) {
	p := plan{Revision: c.Revision, Generation: generation, Started: c.Now().UTC().Truncate(time.Microsecond), Files: files}
	total := stored
	for _, f := range files {
		total += rawSize(f.Input)
	}
	target := c.UnitBytes
	if target == 0 {
		target = min(max(total/int64(unitsPerWorker*c.Workers), minUnitBytes), maxUnitBytes)
	}
	var size, named int64
	for i, f := range files {
		pieces, err := f.pieces(ctx, target)
		if err != nil {
			return plan{}, err
		}
		for _, piece := range pieces {
			names := partBytes + int64(len(f.Path)+len(f.Name)+len(f.Source))
			if len(p.Units) == 0 || size+piece.Bytes > target || named+names > maxUnitNames {
				p.Units = append(p.Units, unit{ID: len(p.Units)})
				size, named = 0, 0
			}
			u := &p.Units[len(p.Units)-1]
			u.Parts = append(u.Parts, part{File: i, Unit: piece})
			size, named = size+piece.Bytes, named+names
		}
	}
	p.Shards = c.Shards
	if p.Shards == 0 {
		p.Shards = int(min(max(total/shardBytes, 1), maxShards))
		if total > 8<<20 {
			p.Shards = max(p.Shards, c.Workers)
		}
	}
	return p, nil
}

func (f pinned) pieces(ctx context.Context, target int64) ([]formats.Unit, error) {
	if f.Spool != "" { // read as a stream
		return []formats.Unit{{Input: f.Input, Bytes: f.Size}}, nil
	}
	return formats.Plan(ctx, []formats.Input{f.Input}, target)
}

// rawSize guesses how many bytes of rows a file holds.
func rawSize(in formats.Input) int64 {
	switch {
	case in.Kind == formats.Parquet, strings.HasSuffix(in.Path, ".gz"), strings.HasSuffix(in.Path, ".zst"):
		return storedExpansion * in.Size
	}
	return in.Size
}

// loadPlan returns the plan an earlier attempt left, if it is still good: same
// program, and no other night has taken its generation since.
func loadPlan(ctx context.Context, st store.Store, path, revision string, generation int32) (plan, bool, error) {
	b, _, err := st.ReadFile(ctx, path)
	if errors.Is(err, store.ErrNotExist) {
		return plan{}, false, nil
	}
	if err != nil {
		return plan{}, false, err
	}
	var p plan
	if json.Unmarshal(b, &p) != nil || p.Revision != revision || p.Generation != generation {
		return plan{}, false, nil
	}
	return p, true, nil
}

func savePlan(ctx context.Context, st store.Store, path string, p plan) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	_, err = st.Put(ctx, path, b, store.Condition{})
	return err
}

// tag names the generation that the run will publish.
func (p plan) tag() string { return datasets.Tag(p.Generation) }
