package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/store"
)

const (
	maxUnitBytes = 64 << 20  // 1-3 s of signals on one core
	minUnitBytes = 1 << 20   // below it a unit costs more to run than to read
	shardBytes   = 256 << 20 // raw input bytes a dedup shard: some 30 MB of entries
	maxShards    = 256
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

// unit is a piece of one input file that one task reads.
type unit struct {
	ID   int
	File int // index in plan.Files
	formats.Unit
}

// cut makes the plan of a run over files.
func (c Curate) cut(ctx context.Context, files []pinned, generation int32) (plan, error) {
	p := plan{Revision: c.Revision, Generation: generation, Started: c.Now().UTC().Truncate(time.Microsecond), Files: files}
	var total int64
	for _, f := range files {
		total += formats.RawSize(f.Input)
	}
	target := c.UnitBytes
	if target == 0 {
		target = min(max(total/int64(4*c.Workers), minUnitBytes), maxUnitBytes)
	}
	for i, f := range files {
		in := f.Input
		if f.Spool != "" {
			p.Units = append(p.Units, unit{ID: len(p.Units), File: i, Unit: formats.Unit{Input: in}})
			continue
		}
		cuts, err := formats.Plan(ctx, []formats.Input{in}, target)
		if err != nil {
			return plan{}, err
		}
		for _, u := range cuts {
			p.Units = append(p.Units, unit{ID: len(p.Units), File: i, Unit: u})
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

// clearScratch removes what an attempt with another plan left.
func clearScratch(ctx context.Context, st store.Store, prefix string) error {
	files, err := st.List(ctx, prefix)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := st.Delete(ctx, f.Path); err != nil && !errors.Is(err, store.ErrNotExist) {
			return err
		}
	}
	return nil
}
