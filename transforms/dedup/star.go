package dedup

import "context"

// The two operations of Kiveris, Lattanzi, Mirrokni, Rastogi and Vassilvitskii,
// "Connected Components in MapReduce and Beyond" (SoCC 2014). Both keep the
// components of the graph as they are. They stream: a node with any number of
// neighbours needs no memory.

type starTask struct {
	Round, Shard, Shards int
	Graph                []Segment // (node, neighbour), sorted
}

type largeResult struct {
	Links   []Segment // (node, smaller neighbour), by shard of the node
	Pending int64     // nodes that are neither the centre of a star nor a tip of just one
}

func (r largeResult) found() ([]Segment, int64) { return r.Links, r.Pending }

// largeStar links the larger neighbours of each node to the smallest node of
// its neighbourhood. The graph has each edge at both ends.
func largeStar(ctx context.Context, env Env, t starTask) (largeResult, error) {
	m, err := newMerger(ctx, env.Store, t.Graph, 0)
	if err != nil {
		return largeResult{}, err
	}
	out := newGraphSpill(ctx, env, env.spillPath(stageLargeStar, t.Round*10000+t.Shard, "links"), t.Shards)
	defer out.abort()
	var res largeResult
	for m.peek() != nil {
		u, least := m.peek()[0], m.peek()[1]
		smaller, larger := 0, 0
		last := u // neighbours come sorted, repeated ones together
		for e := m.peek(); e != nil && e[0] == u; e = m.peek() {
			if v := e[1]; v != last {
				last = v
				if v < u {
					smaller++
				} else {
					larger++
					if err := out.add(triple{v, min(u, least)}, nil); err != nil {
						return res, err
					}
				}
			}
			if err := m.next(); err != nil {
				return res, err
			}
		}
		if smaller > 1 || smaller == 1 && larger > 0 {
			res.Pending++
		}
	}
	res.Links, err = out.finish()
	return res, err
}

type smallResult struct {
	Graph []Segment // (node, node), both ways, by shard of the first
}

func (r smallResult) found() ([]Segment, int64) { return r.Graph, 0 }

// smallStar links each node and its smaller neighbours to the smallest of them.
// The graph has each edge at its larger end.
func smallStar(ctx context.Context, env Env, t starTask) (smallResult, error) {
	m, err := newMerger(ctx, env.Store, t.Graph, 0)
	if err != nil {
		return smallResult{}, err
	}
	out := newGraphSpill(ctx, env, env.spillPath(stageSmallStar, t.Round*10000+t.Shard, "graph"), t.Shards)
	defer out.abort()
	for m.peek() != nil {
		u, least := m.peek()[0], m.peek()[1]
		if err := addBothWays(out, u, least); err != nil {
			return smallResult{}, err
		}
		for last := least; m.peek() != nil && m.peek()[0] == u; {
			if v := m.peek()[1]; v != last {
				last = v
				if err := addBothWays(out, v, least); err != nil {
					return smallResult{}, err
				}
			}
			if err := m.next(); err != nil {
				return smallResult{}, err
			}
		}
	}
	graph, err := out.finish()
	return smallResult{graph}, err
}
