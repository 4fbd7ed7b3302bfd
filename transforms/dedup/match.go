package dedup

import "context"

// Rows that share a band are a bucket. A bucket of hostile or boilerplate rows
// may hold a large part of the corpus; these limits keep work linear in it.
const (
	allPairs   = 128 // rows of a bucket that narrowing compares pair by pair; of larger ones each with the first and its neighbours
	maxTargets = 64  // published rows of a bucket that tonight's rows are joined with, the oldest
)

type matchTask struct {
	Shard, Shards int
	Segments      []Segment // tonight's band entries
	Bands         []FileRef
	Narrow        bool
	OldCuts       cuts
	SigCuts       cuts
}

type matchResult struct {
	Edges   []Segment // tonight's rows with each other
	Pairs   []Segment // the same, to be narrowed: (row, later row, node of the first), by sign shard
	Probes  []Segment // (old row, bucket, old row), by settle shard
	Touched []Segment // (bucket, 0, row of tonight) of the buckets with old rows
}

// match walks the buckets of one shard.
func match(ctx context.Context, env Env, t matchTask) (matchResult, error) {
	lo, hi := keyRange(t.Shard, t.Shards)
	old, err := openOld(ctx, env.Store, t.Bands, lo, hi, false)
	if err != nil {
		return matchResult{}, err
	}
	defer closeOld(old)
	m, err := newMerger(ctx, env.Store, t.Segments, 0)
	if err != nil {
		return matchResult{}, err
	}
	path := func(what string) string { return env.spillPath(stageMatch, t.Shard, what) }
	b := &bucketWalk{
		narrow:  t.Narrow,
		recent:  newRecent(),
		edges:   newEdgeSpill(ctx, env.Store, path("edges")),
		pairs:   newSpill(ctx, env.Store, path("pairs"), 0, t.SigCuts.shards(), t.SigCuts.byFirst),
		probes:  newSpill(ctx, env.Store, path("probes"), 0, t.OldCuts.shards(), t.OldCuts.byFirst),
		touched: newSpill(ctx, env.Store, path("touched"), 0, 1, single),
	}
	defer b.abort()
	for r := m.peek(); r != nil; r = m.peek() {
		if err := b.bucket(m, old, r[0]); err != nil {
			return matchResult{}, err
		}
	}
	return b.finish(t.Shard)
}

// bucketWalk takes what match finds.
type bucketWalk struct {
	narrow  bool
	edges   *edgeSpill
	pairs   *spill
	probes  *spill
	touched *spill

	rows   []int64 // of the bucket at hand, at most allPairs
	recent recent  // pairs
}

// bucket handles the rows of one bucket, old and new.
func (b *bucketWalk) bucket(m *merger, old []*oldKeys, key uint64) error {
	known := false
	err := eachOld(old, key, func(e Entry) error {
		known = true
		return b.probes.add(triple{uint64(e.Row), key, uint64(e.Row)}, nil)
	})
	if err != nil {
		return err
	}
	b.rows = b.rows[:0]
	count, last := 0, int64(-1)
	for t := m.peek(); t != nil && t[0] == key; t = m.peek() {
		row := int64(t[2])
		if known {
			if err := b.touched.add(triple{key, 0, t[2]}, nil); err != nil {
				return err
			}
		}
		if err := b.row(row, last, count); err != nil {
			return err
		}
		last = row
		count++
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}

// row joins a row with those of the bucket before it: by a chain of edges to
// the first where a band is enough, else by pairs.
func (b *bucketWalk) row(row, last int64, count int) error {
	if count == 0 {
		b.rows = append(b.rows, row)
		return nil
	}
	if !b.narrow {
		return b.edges.add(tonight(b.rows[0]), tonight(row))
	}
	if count < allPairs {
		for _, r := range b.rows {
			if err := b.pair(r, row); err != nil {
				return err
			}
		}
		b.rows = append(b.rows, row)
		return nil
	}
	if err := b.pair(b.rows[0], row); err != nil {
		return err
	}
	return b.pair(last, row)
}

func (b *bucketWalk) pair(first, later int64) error {
	if b.recent.seen(uint64(first), uint64(later)) {
		return nil
	}
	return b.pairs.add(triple{uint64(first), uint64(later), tonight(first)}, nil)
}

func (b *bucketWalk) finish(shard int) (res matchResult, err error) {
	if res.Edges, err = b.edges.s.finish(); err != nil {
		return res, err
	}
	if res.Pairs, err = b.pairs.finish(); err != nil {
		return res, err
	}
	if res.Probes, err = b.probes.finish(); err != nil {
		return res, err
	}
	res.Touched, err = b.touched.finish()
	for i := range res.Touched {
		res.Touched[i].Shard = int32(shard)
	}
	return res, err
}

func (b *bucketWalk) abort() {
	b.edges.s.abort()
	b.pairs.abort()
	b.probes.abort()
	b.touched.abort()
}
