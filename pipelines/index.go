package pipelines

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/transforms/dedup"
)

// index writes tonight's entries as runs of text.bands, and merges runs that
// have piled up, so that a lookup touches few.
func (r *run) index(ctx context.Context, content, bands []dedup.Segment, signatures []lake.DataFile) (lake.Change, error) {
	ch := lake.Change{Add: signatures}
	for _, kind := range []struct {
		kind dedup.Kind
		segs []dedup.Segment
		old  []dedup.FileRef
	}{{dedup.ContentEntries, content, r.old.Content}, {dedup.BandEntries, bands, r.old.Bands}} {
		name := func(step string) func(int) string {
			return func(n int) string {
				return lake.DataPath(datasets.TableBands, fmt.Sprintf("%s-%s-%s-%05d-%s", r.plan.tag(), kind.kind, step, n, r.runner.Attempt))
			}
		}
		fresh, err := dedup.WriteIndex(ctx, r, kind.kind, r.plan.Shards, kind.segs, name("run"))
		if err != nil {
			return ch, err
		}
		merges := dedup.PlanMerges(kind.old)
		merged, err := dedup.MergeIndex(ctx, r, merges, name("merged"))
		if err != nil {
			return ch, err
		}
		for _, f := range append(fresh, merged...) {
			ch.Add = append(ch.Add, lake.NewDataFile(f.Path, f.Info))
		}
		for _, m := range merges {
			for _, f := range m.Inputs {
				ch.Remove = append(ch.Remove, f.Path)
			}
		}
	}
	return ch, nil
}
