package dedup

import (
	"context"
	"math"
)

type pairTask struct {
	Shard   int
	Touched []Segment // (bucket, 0, row of tonight)
	Settled []Segment // (bucket, published row, row of the bucket that stands for it)
	Narrow  bool
	SigCuts cuts
	RowCuts cuts
}

type pairResult struct {
	Pairs    []Segment // to be narrowed: (row of the bucket, row of tonight, node of the published row), by sign shard
	Edges    []Segment
	Contacts []Segment // see contact, by finish shard
	Requests []Segment // (published row, row of tonight, 0), to be compared, by sign shard
}

// contact is a row of tonight that is near to a published row.
type contact struct {
	row, of int64
	direct  bool // they share a band themselves, not over a near duplicate of the published one
	scored  bool // similarity is known
	sim     float32
}

const (
	directFlag = 1 << 32
	scoredFlag = 1 << 33
)

func (c contact) triple() triple {
	word := uint64(math.Float32bits(c.sim))
	if c.direct {
		word |= directFlag
	}
	if c.scored {
		word |= scoredFlag
	}
	return triple{uint64(c.row), uint64(c.of), word}
}

func contactOf(t *triple) contact {
	return contact{int64(t[0]), int64(t[1]), t[2]&directFlag != 0, t[2]&scoredFlag != 0, math.Float32frombits(uint32(t[2]))}
}

// pairUp joins, bucket by bucket, tonight's rows with the published ones.
func pairUp(ctx context.Context, env Env, t pairTask) (pairResult, error) {
	touched, err := newMerger(ctx, env.Store, t.Touched, 0)
	if err != nil {
		return pairResult{}, err
	}
	settled, err := newMerger(ctx, env.Store, t.Settled, 0)
	if err != nil {
		return pairResult{}, err
	}
	path := func(what string) string { return env.spillPath(stagePair, t.Shard, what) }
	p := &pairer{
		narrow:   t.Narrow,
		recent:   newRecent(),
		pairs:    newSpill(ctx, env.Store, path("pairs"), 0, t.SigCuts.shards(), t.SigCuts.byFirst),
		edges:    newEdgeSpill(ctx, env.Store, path("edges")),
		contacts: newSpill(ctx, env.Store, path("contacts"), 0, t.RowCuts.shards(), t.RowCuts.byFirst),
		requests: newSpill(ctx, env.Store, path("requests"), 0, t.SigCuts.shards(), t.SigCuts.byFirst),
	}
	defer p.abort()
	for s := settled.peek(); s != nil; s = settled.peek() {
		bucket := s[0]
		if err := p.load(settled, bucket); err != nil {
			return pairResult{}, err
		}
		for r := touched.peek(); r != nil && r[0] <= bucket; r = touched.peek() {
			if r[0] == bucket {
				if err := p.join(int64(r[2])); err != nil {
					return pairResult{}, err
				}
			}
			if err := touched.next(); err != nil {
				return pairResult{}, err
			}
		}
	}
	return p.finish()
}

// target is a published row of a bucket, or what a near duplicate in the bucket
// stands for.
type target struct{ row, via int64 }

type pairer struct {
	narrow   bool
	pairs    *spill
	edges    *edgeSpill
	contacts *spill
	requests *spill

	targets []target
	recent  recent // pairs and contacts
}

// load takes the published rows of a bucket. Where a band is enough, one
// connection to each is enough as well: a direct one if there is one.
func (p *pairer) load(settled *merger, bucket uint64) error {
	p.targets = p.targets[:0]
	for s := settled.peek(); s != nil && s[0] == bucket; s = settled.peek() {
		n, next := len(p.targets), target{int64(s[1]), int64(s[2])}
		switch {
		case !p.narrow && n > 0 && p.targets[n-1].row == next.row:
			if next.via == next.row {
				p.targets[n-1] = next
			}
		case n < maxTargets:
			p.targets = append(p.targets, next)
		case next.via == next.row: // published rows matter more than those that stand for them
			p.targets[n-1] = next
		}
		if err := settled.next(); err != nil {
			return err
		}
	}
	return nil
}

// join joins a row of tonight with the published rows of its bucket.
func (p *pairer) join(row int64) error {
	for _, t := range p.targets {
		if p.recent.seen(uint64(row), uint64(t.via)) {
			continue
		}
		var err error
		if p.narrow {
			err = p.pairs.add(triple{uint64(t.via), uint64(row), published(t.row)}, nil)
		} else {
			err = p.contact(row, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// contact makes a row of tonight and a published one near.
func (p *pairer) contact(row int64, t target) error {
	if err := p.edges.add(published(t.row), tonight(row)); err != nil {
		return err
	}
	direct := t.via == t.row
	if err := p.contacts.add(contact{row: row, of: t.row, direct: direct}.triple(), nil); err != nil || !direct {
		return err
	}
	return p.requests.add(triple{uint64(t.row), uint64(row)}, nil)
}

func (p *pairer) finish() (res pairResult, err error) {
	if res.Pairs, err = p.pairs.finish(); err != nil {
		return res, err
	}
	if res.Edges, err = p.edges.s.finish(); err != nil {
		return res, err
	}
	if res.Contacts, err = p.contacts.finish(); err != nil {
		return res, err
	}
	res.Requests, err = p.requests.finish()
	return res, err
}

func (p *pairer) abort() {
	p.pairs.abort()
	p.edges.s.abort()
	p.contacts.abort()
	p.requests.abort()
}
