package pipelines

import (
	"context"

	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

func init() {
	for _, name := range dedup.Stages() {
		lakeio.RegisterRaw(name, func(ctx context.Context, env lakeio.Env, task []byte) ([]byte, error) {
			return dedup.Do(ctx, dedup.Env(env), name, task)
		})
	}
}

// nearInput is what near dedup works on, by unit.
type nearInput struct {
	kept       []dedup.Segment
	docs       []dedup.FileRef // attributes of the rows that compete
	signatures []dedup.FileRef // tonight's signatures
	exclude    []dedup.Segment
	bounds     []int64 // first row of each unit, and the row after the last
}

// near finds near duplicates and returns the outcomes by unit.
func (r *run) near(ctx context.Context, in nearInput) (dedup.Result, error) {
	if r.c.Dedup.Exact || len(in.kept) == 0 {
		return dedup.Result{Outcomes: make([][]dedup.Segment, max(len(in.bounds)-1, 0))}, nil
	}
	d := r.c.Dedup
	return dedup.Near(ctx, r, dedup.Input{
		Options: dedup.Options{Scheme: d.Scheme, Survivor: d.Survivor, MinSimilarity: d.MinSimilarity, Verify: d.Verify, MinJaccard: d.MinJaccard},
		Shards:  r.plan.Shards, Kept: in.kept, Documents: in.docs, Signatures: in.signatures, Old: r.old, Exclude: in.exclude, Bounds: in.bounds,
	})
}
