package pipelines

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// clusterText is how much of a member's text travels to the page: enough for
// its word diff.
const clusterText = 16 << 10

// clusters are the night's largest near-duplicate clusters with two members
// each, whose similarity is measured on the texts.
func (r *run) clusters(ctx context.Context, found []dedup.Cluster, docs []dedup.FileRef) ([]report.Cluster, error) {
	if len(found) == 0 || r.c.SkipTextWrites {
		return nil, nil
	}
	var rows []int64
	for _, c := range found {
		rows = append(rows, c.Survivor, c.Duplicate)
	}
	slices.Sort(rows)
	members, err := r.members(ctx, slices.Compact(rows), docs)
	if err != nil {
		return nil, err
	}
	h := mustScheme(r.c.Dedup.Scheme).New()
	var out []report.Cluster
	for _, c := range found {
		a, b := members[c.Survivor], members[c.Duplicate]
		out = append(out, report.Cluster{Size: c.Rows, Survivor: a.shown(), Duplicate: b.shown(), Verified: true,
			Similarity: minhash.Jaccard(h.ShingleSet(nil, a.Text), h.ShingleSet(nil, b.Text))})
	}
	return out, nil
}

// member is one document of a cluster, whole.
type member struct{ report.Member }

// shown cuts the text to what the page needs.
func (m member) shown() report.Member {
	m.Chars = int64(utf8.RuneCountInString(m.Text))
	m.Text = window(m.Text, 0, clusterText)
	return m.Member
}

func (r *run) members(ctx context.Context, rows []int64, docs []dedup.FileRef) (map[int64]member, error) {
	env := lakeio.Env{Store: r.l.Store()}
	out := map[int64]member{}
	for _, f := range docs {
		from, _ := slices.BinarySearch(rows, f.Lo)
		to, _ := slices.BinarySearch(rows, f.Hi+1)
		if from == to {
			continue
		}
		err := eachBatch(ctx, env, f.Path, func(p *parquetio.File) *parquetio.Batches {
			return p.Lookup(ctx, "row_id", rows[from:to], "row_id", "doc_id", "source", "text", "origin_file", "origin_row")
		}, func(b batchView) error {
			ids, origins := b.int64s(0), b.int64s(5)
			for i := range ids.Len() {
				row := ids.Value(i)
				if _, wanted := slices.BinarySearch(rows, row); wanted {
					out[row] = member{report.Member{RowID: row, DocID: b.str(1, i), Source: b.str(2, i), Text: b.str(3, i),
						Row: rowName(b.str(4, i), origins.Value(i)), Old: datasets.GenerationOf(row) < r.plan.Generation}}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
