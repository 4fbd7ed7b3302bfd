package dedup

import (
	"context"
	"slices"

	"github.com/chimera-1/chimera/datasets/store"
)

type resolveTask struct {
	Shard     int
	Graph     []Segment // stars, each edge at both ends
	Options   Options
	Documents []FileRef
	SigCuts   cuts
	RowCuts   cuts
}

type resolveResult struct {
	Base     []Segment // (row of tonight, survivor or 0 if it survives, cluster), by finish shard
	Requests []Segment // (survivor, row of tonight, 0), to be compared, by sign shard
	Clusters int64
	Largest  largest
}

// resolve names the survivor of each component of one shard. Tonight's members
// of a component with published rows get the oldest of these, until finish
// finds a closer one among those they are near to themselves.
func resolve(ctx context.Context, env Env, t resolveTask) (resolveResult, error) {
	m, err := newMerger(ctx, env.Store, t.Graph, 0)
	if err != nil {
		return resolveResult{}, err
	}
	r := &resolver{
		st: env.Store, docs: t.Documents, survivor: t.Options.Survivor,
		base:     newSpill(ctx, env.Store, env.spillPath(stageResolve, t.Shard, "base"), 0, t.RowCuts.shards(), t.RowCuts.byFirst),
		requests: newSpill(ctx, env.Store, env.spillPath(stageResolve, t.Shard, "requests"), 0, t.SigCuts.shards(), t.SigCuts.byFirst),
	}
	defer r.base.abort()
	defer r.requests.abort()
	for m.peek() != nil {
		root, tip := m.peek()[0], m.peek()[1]
		switch {
		case tip < root:
			err = skipNode(m, root) // the star is written at its centre
		case isPublished(root):
			err = r.old(m, root)
		default:
			err = r.young(ctx, m, root)
		}
		if err != nil {
			return resolveResult{}, err
		}
	}
	return r.finish(ctx)
}

func skipNode(m *merger, n node) error {
	for t := m.peek(); t != nil && t[0] == n; t = m.peek() {
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}

type resolver struct {
	st       store.Store
	docs     []FileRef
	survivor string
	base     *spill
	requests *spill
	clusters int64
	largest  largest

	members []int64 // rows of components without a published row, one after the other
	ends    []int   // of each component in members
}

// old handles a component whose oldest published row is root. Its nodes come in
// order: published rows, names of their clusters, tonight's rows, each by
// number. So the smallest number is known before the first row of tonight.
func (r *resolver) old(m *merger, root node) error {
	survivor, cluster := rowOf(root), rowOf(root)
	rows, last, first := int64(0), root, int64(0)
	published := int64(1)
	for t := m.peek(); t != nil && t[0] == root; t = m.peek() {
		if n := t[1]; n != last {
			last = n
			cluster = min(cluster, rowOf(n))
			if isPublished(n) {
				published++
			}
			if isTonight(n) {
				if rows++; rows == 1 {
					first = rowOf(n)
				}
				if err := r.duplicate(rowOf(n), survivor, cluster); err != nil {
					return err
				}
			}
		}
		if err := m.next(); err != nil {
			return err
		}
	}
	if rows > 0 {
		r.clusters++
		r.largest.add(Cluster{Cluster: cluster, Rows: rows + published, Survivor: survivor, Duplicate: first})
	}
	return nil
}

func (r *resolver) duplicate(row, survivor, cluster int64) error {
	if err := r.base.add(triple{uint64(row), uint64(survivor), uint64(cluster)}, nil); err != nil {
		return err
	}
	return r.requests.add(triple{uint64(survivor), uint64(row)}, nil)
}

// young takes a component of tonight's rows. Enough of them are settled at once
// to make looking things up worth while; a component is never divided, so a
// task holds 8 bytes a row of the largest one.
func (r *resolver) young(ctx context.Context, m *merger, root node) error {
	r.members = append(r.members, rowOf(root))
	last := root
	for t := m.peek(); t != nil && t[0] == root; t = m.peek() {
		if n := t[1]; n != last {
			last = n
			r.members = append(r.members, rowOf(n))
		}
		if err := m.next(); err != nil {
			return err
		}
	}
	r.ends = append(r.ends, len(r.members))
	r.clusters++
	if len(r.members) < lookupChunk {
		return nil
	}
	return r.settle(ctx)
}

// settle decides the components at hand.
func (r *resolver) settle(ctx context.Context) error {
	survivors, err := r.choose(ctx)
	if err != nil {
		return err
	}
	from := 0
	for i, to := range r.ends {
		rows := r.members[from:to] // sorted: its first is the cluster's number
		duplicate := rows[0]
		if duplicate == survivors[i] {
			duplicate = rows[1]
		}
		r.largest.add(Cluster{Cluster: rows[0], Rows: int64(len(rows)), Survivor: survivors[i], Duplicate: duplicate})
		for _, row := range rows {
			if row == survivors[i] {
				err = r.base.add(triple{uint64(row), 0, uint64(rows[0])}, nil)
			} else {
				err = r.duplicate(row, survivors[i], rows[0])
			}
			if err != nil {
				return err
			}
		}
		from = to
	}
	r.members, r.ends = r.members[:0], r.ends[:0]
	return nil
}

// choose returns the survivor of each component at hand.
func (r *resolver) choose(ctx context.Context) ([]int64, error) {
	out := make([]int64, len(r.ends))
	if r.survivor == SurvivorLongest {
		return out, r.longest(ctx, out)
	}
	from := 0
	for i, to := range r.ends {
		out[i] = r.members[from]
		if r.survivor == SurvivorLast {
			out[i] = r.members[to-1]
		}
		from = to
	}
	return out, nil
}

// longest chooses by length; doc_ids are looked up only where lengths are equal.
func (r *resolver) longest(ctx context.Context, out []int64) error {
	sorted := slices.Sorted(slices.Values(r.members))
	sizes, err := textBytes(ctx, r.st, r.docs, sorted)
	if err != nil {
		return err
	}
	size := func(row int64) int64 {
		i, _ := slices.BinarySearch(sorted, row)
		return sizes[i]
	}
	tied := map[int][]int64{} // component: longest rows, if there are several
	var all []int64
	from := 0
	for i, to := range r.ends {
		var best []int64
		most := int64(-1)
		for _, row := range r.members[from:to] {
			if s := size(row); s > most {
				best, most = append(best[:0], row), s
			} else if s == most {
				best = append(best, row)
			}
		}
		out[i] = best[0]
		if len(best) > 1 {
			tied[i] = best
			all = append(all, best...)
		}
		from = to
	}
	slices.Sort(all)
	ids, err := LookupDocIDs(ctx, r.st, r.docs, all)
	if err != nil {
		return err
	}
	for i, rows := range tied {
		for _, row := range rows { // ascending: of equal ids the first row stays
			if ids[row] < ids[out[i]] {
				out[i] = row
			}
		}
	}
	return nil
}

func (r *resolver) finish(ctx context.Context) (res resolveResult, err error) {
	if err := r.settle(ctx); err != nil {
		return res, err
	}
	res.Clusters, res.Largest = r.clusters, r.largest
	if res.Base, err = r.base.finish(); err != nil {
		return res, err
	}
	res.Requests, err = r.requests.finish()
	return res, err
}
