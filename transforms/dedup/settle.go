package dedup

import (
	"context"
	"fmt"
)

type settleTask struct {
	Task, Hop, Shard int
	Probes           []Segment // (old row, bucket, row of the bucket that it stands for)
	Decisions        []FileRef
	Exclude          []Segment
	Shards           int
	OldCuts          cuts
	Last             bool // no further hop is allowed
}

type settleResult struct {
	Settled  []Segment // (bucket, published row, row of the bucket that stands for it), by bucket
	Next     []Segment // probes of rows that stand for another, by settle shard
	Clusters []Segment // edges between published rows and the names of their clusters
}

// settle finds what the old rows of one range of rows stand for: a published
// row for itself, a near duplicate for its survivor, any other for nothing.
func settle(ctx context.Context, env Env, t settleTask) (settleResult, error) {
	m, err := newMerger(ctx, env.Store, t.Probes, 0)
	if err != nil {
		return settleResult{}, err
	}
	lo, _ := t.OldCuts.span(t.Shard)
	exclude, err := newMergerFrom(ctx, env.Store, t.Exclude, 0, uint64(lo))
	if err != nil {
		return settleResult{}, err
	}
	path := func(what string) string { return env.spillPath(stageSettle, t.Hop*1000+t.Shard, what) }
	s := &settler{
		last:     t.Last,
		exclude:  exclude,
		settled:  newSpill(ctx, env.Store, path("settled"), 0, t.Shards, func(r *triple) int { return ShardOf(r[0], t.Shards) }),
		next:     newSpill(ctx, env.Store, path("next"), 0, t.OldCuts.shards(), t.OldCuts.byFirst),
		clusters: newEdgeSpill(ctx, env.Store, path("clusters")),
	}
	defer s.abort()
	for m.peek() != nil {
		if err := s.load(m); err != nil {
			return settleResult{}, err
		}
		decisions, err := effectiveDecisions(ctx, env.Store, t.Decisions, s.rows)
		if err != nil {
			return settleResult{}, err
		}
		if err := s.decide(decisions); err != nil {
			return settleResult{}, err
		}
	}
	return s.finish()
}

// settler works on probes in row order, some at a time.
type settler struct {
	last     bool
	exclude  *merger
	settled  *spill
	next     *spill
	clusters *edgeSpill

	rows   []int64  // distinct rows of the probes at hand
	probes []triple // with the index of their row as first word
}

// load takes the next probes. The probes of one row may be split.
func (s *settler) load(m *merger) error {
	s.rows, s.probes = s.rows[:0], s.probes[:0]
	for p := m.peek(); p != nil && len(s.probes) < 4*lookupChunk; p = m.peek() {
		row := int64(p[0])
		if n := len(s.rows); n == 0 || s.rows[n-1] != row {
			if n == lookupChunk {
				return nil
			}
			s.rows = append(s.rows, row)
		}
		s.probes = append(s.probes, triple{uint64(len(s.rows) - 1), p[1], p[2]})
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}

func (s *settler) decide(decisions []decision) error {
	for i, row := range s.rows {
		out, err := s.excluded(row)
		if err != nil {
			return err
		}
		if out {
			decisions[i] = decision{}
		}
		if d := decisions[i]; d.kept && d.cluster != 0 && d.cluster < row {
			if err := s.clusters.add(published(row), clusterName(d.cluster)); err != nil {
				return err
			}
		}
	}
	for _, p := range s.probes {
		row, bucket, via := s.rows[p[0]], p[1], p[2]
		var err error
		switch d := decisions[p[0]]; {
		case d.kept:
			err = s.settled.add(triple{bucket, uint64(row), via}, nil)
		case d.duplicateOf != 0 && s.last:
			err = fmt.Errorf("row %d is a near duplicate of a duplicate, %d times over: text.decisions holds a cycle", row, maxHops)
		case d.duplicateOf != 0:
			err = s.next.add(triple{uint64(d.duplicateOf), bucket, via}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// excluded reports whether a row is on the list. Rows come in ascending order.
func (s *settler) excluded(row int64) (bool, error) {
	e := s.exclude.peek()
	for ; e != nil && int64(e[0]) < row; e = s.exclude.peek() {
		if err := s.exclude.next(); err != nil {
			return false, err
		}
	}
	return e != nil && int64(e[0]) == row, nil
}

func (s *settler) finish() (res settleResult, err error) {
	if res.Settled, err = s.settled.finish(); err != nil {
		return res, err
	}
	if res.Next, err = s.next.finish(); err != nil {
		return res, err
	}
	res.Clusters, err = s.clusters.s.finish()
	return res, err
}

func (s *settler) abort() {
	s.settled.abort()
	s.next.abort()
	s.clusters.s.abort()
}
