package dedup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

type finishTask struct {
	Shard      int
	Base       []Segment // see resolveResult
	Contacts   []Segment // see contact
	Signed     []Segment // (row of tonight, survivor or published row, 0) with the latter's signature
	FirstUnit  int
	Bounds     []int64 // of the units of this shard
	Signatures []FileRef
	Documents  []FileRef
	Options    Options
}

type finishResult struct {
	Outcomes []Segment // by unit
	Bridges  int64
}

// finish settles the rows of some units: each duplicate gets the published row
// that it is most similar to among those it is near to, the others become
// bridges.
func finish(ctx context.Context, env Env, t finishTask) (finishResult, error) {
	opt := t.Options
	opt.MinSimilarity, opt.MinJaccard = 0, 0 // every pair counts: only how similar it is matters
	scores, err := newComparer(ctx, env.Store, t.Signed, t.Signatures, t.Documents, opt)
	if err != nil {
		return finishResult{}, err
	}
	base, err := newMerger(ctx, env.Store, t.Base, 0)
	if err != nil {
		return finishResult{}, err
	}
	contacts, err := newMerger(ctx, env.Store, t.Contacts, 0)
	if err != nil {
		return finishResult{}, err
	}
	f := &finisher{contacts: contacts, scores: scores,
		w: newSegmentWriter(ctx, env.Store, env.spillPath(stageFinish, t.Shard, "outcomes"), outcomePayload), first: t.FirstUnit, bounds: t.Bounds}
	defer f.w.abort()
	for b := base.peek(); b != nil; b = base.peek() {
		if err := f.row(ctx, Outcome{Row: int64(b[0]), DuplicateOf: int64(b[1]), Cluster: int64(b[2])}); err != nil {
			return finishResult{}, err
		}
		if err := base.next(); err != nil {
			return finishResult{}, err
		}
	}
	f.w.end()
	outcomes, err := f.w.finish()
	return finishResult{outcomes, f.bridges}, err
}

type finisher struct {
	contacts *merger
	scores   *comparer
	w        *segmentWriter
	first    int     // unit
	bounds   []int64 // of the units, as far as they are not done
	unit     int     // of the open segment, from 1; 0: none is open
	bridges  int64

	pairs []compared // compared, not used yet
	near  []contact  // of the row at hand
}

// row writes the outcome of the next row.
func (f *finisher) row(ctx context.Context, o Outcome) error {
	if err := f.loadContacts(o.Row); err != nil {
		return err
	}
	pairs, err := f.loadPairs(ctx, o.Row)
	if err != nil {
		return err
	}
	if o.DuplicateOf != 0 {
		if err := f.choose(&o, pairs); err != nil {
			return err
		}
	}
	f.openUnit(o.Row)
	return writeOutcome(f.w, o)
}

// loadContacts gathers the published rows that a row is near to, each once.
func (f *finisher) loadContacts(row int64) error {
	f.near = f.near[:0]
	for t := f.contacts.peek(); t != nil && int64(t[0]) <= row; t = f.contacts.peek() {
		c := contactOf(t)
		if n := len(f.near); n > 0 && f.near[n-1].of == c.of {
			if c.direct {
				f.near[n-1] = c // of equal pairs the direct ones come last, the scored ones all alike
			}
		} else if c.row == row {
			f.near = append(f.near, c)
		}
		if err := f.contacts.next(); err != nil {
			return err
		}
	}
	return nil
}

// loadPairs returns the row's pairs with rows that it may be a duplicate of.
func (f *finisher) loadPairs(ctx context.Context, row int64) ([]compared, error) {
	for {
		for len(f.pairs) > 0 && f.pairs[0].row < row {
			f.pairs = f.pairs[1:]
		}
		if len(f.pairs) > 0 {
			break
		}
		var err error
		if f.pairs, err = f.scores.next(ctx); err != nil || len(f.pairs) == 0 {
			return nil, err
		}
	}
	n := 0
	for n < len(f.pairs) && f.pairs[n].row == row {
		n++
	}
	pairs := f.pairs[:n]
	f.pairs = f.pairs[n:]
	return pairs, nil
}

// choose settles a duplicate: the closest of the published rows it is near to
// itself, the oldest of equally close ones, else the survivor that the cluster has.
func (f *finisher) choose(o *Outcome, pairs []compared) error {
	best := -1
	for i := range f.near {
		c := &f.near[i]
		if !c.direct {
			continue
		}
		if !c.scored {
			sim, err := similarity(pairs, o.Row, c.of)
			if err != nil {
				return err
			}
			c.sim = sim
		}
		if best < 0 || c.sim > f.near[best].sim { // contacts come oldest first
			best = i
		}
	}
	if best >= 0 {
		o.DuplicateOf, o.Similarity = f.near[best].of, f.near[best].sim
	} else {
		sim, err := similarity(pairs, o.Row, o.DuplicateOf)
		if err != nil {
			return err
		}
		o.Similarity = sim
	}
	for _, c := range f.near {
		if c.of != o.DuplicateOf {
			o.Bridges = append(o.Bridges, c.of)
		}
	}
	if len(o.Bridges) > 0 {
		f.bridges++
	}
	return nil
}

// similarity finds the pair of a row with another.
func similarity(pairs []compared, row, other int64) (float32, error) {
	i, ok := slices.BinarySearchFunc(pairs, other, func(p compared, other int64) int { return cmp.Compare(p.other, other) })
	if !ok {
		return 0, fmt.Errorf("rows %d and %d were not compared: %w", row, other, ErrDamaged)
	}
	return float32(pairs[i].similarity), nil
}

// openUnit starts the segment of the row's unit.
func (f *finisher) openUnit(row int64) {
	unit := f.unit
	for unit == 0 || unit < len(f.bounds) && row >= f.bounds[unit] {
		unit++
	}
	if unit == len(f.bounds) || row < f.bounds[0] {
		panic(fmt.Sprintf("dedup: row %d is in no unit", row))
	}
	if unit != f.unit {
		f.w.end()
		f.w.begin(f.first + unit - 1)
		f.unit = unit
	}
}
