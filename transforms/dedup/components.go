package dedup

import (
	"context"
	"fmt"
)

// maxRounds bounds the rounds of the stars. Kiveris et al. prove O(log^2 n) for
// n nodes; paths numbered in order, the worst case known, need log2(n).
const maxRounds = 100

// components finds the connected components of n.edges. The graph comes back as
// stars, by node shard, each edge at both of its ends: the smallest node of a
// component joined with every other one. One task never has more than TaskEdges
// edges in memory; a graph that is larger goes through rounds of stars.
func (n *near) components(ctx context.Context) (graph [][]Segment, rounds int, err error) {
	total := records(n.edges)
	if total == 0 {
		return nil, 0, nil
	}
	shards := int((total + int64(n.TaskEdges) - 1) / int64(n.TaskEdges))
	var tasks []contractTask
	var load int64
	for _, s := range n.edges {
		if len(tasks) == 0 || load+s.Count > int64(n.TaskEdges) {
			tasks = append(tasks, contractTask{Task: len(tasks), Shards: shards, Limit: n.TaskEdges})
			load = 0
		}
		t := &tasks[len(tasks)-1]
		t.Edges = append(t.Edges, s)
		load += s.Count
	}
	results, err := run[contractResult](ctx, n.r, stageContract, tasks)
	if err != nil {
		return nil, 0, err
	}
	var found []Segment
	for _, r := range results {
		found = append(found, r.Graph...)
	}
	graph = byShard(shards, found)
	if len(results) == 1 && results[0].Whole {
		return graph, 0, nil
	}
	return stars(ctx, n.r, graph)
}

// stars alternates large stars and small stars until the graph is a forest of
// stars.
func stars(ctx context.Context, r Runner, graph [][]Segment) (_ [][]Segment, rounds int, err error) {
	for rounds = range maxRounds {
		links, pending, err := starRound[largeResult](ctx, r, stageLargeStar, rounds, graph)
		if err != nil || pending == 0 {
			return graph, rounds, err
		}
		if graph, _, err = starRound[smallResult](ctx, r, stageSmallStar, rounds, links); err != nil {
			return nil, rounds, err
		}
	}
	return nil, maxRounds, fmt.Errorf("connected components: not found after %d rounds", maxRounds)
}

// starResult is what the two kinds of star have in common.
type starResult interface {
	found() (segs []Segment, pending int64)
}

func starRound[R starResult](ctx context.Context, r Runner, stage string, round int, graph [][]Segment) ([][]Segment, int64, error) {
	tasks := make([]starTask, len(graph))
	for i, segs := range graph {
		tasks[i] = starTask{Round: round, Shard: i, Shards: len(graph), Graph: segs}
	}
	results, err := run[R](ctx, r, stage, tasks)
	if err != nil {
		return nil, 0, err
	}
	var all []Segment
	var pending int64
	for _, res := range results {
		segs, n := res.found()
		all = append(all, segs...)
		pending += n
	}
	return byShard(len(graph), all), pending, nil
}

type contractTask struct {
	Task   int
	Edges  []Segment // (node, node), in one shard
	Shards int       // node shards
	Limit  int       // edges held in memory
}

type contractResult struct {
	Graph []Segment // (node, node), both ways, by shard of the first
	Whole bool      // these are the stars of all edges of the task
}

// contract replaces edges by stars with the same components, Limit edges at a
// time, and deals them out to the shards of their nodes.
func contract(ctx context.Context, env Env, t contractTask) (contractResult, error) {
	m, err := newMerger(ctx, env.Store, t.Edges, 0)
	if err != nil {
		return contractResult{}, err
	}
	out := newGraphSpill(ctx, env, env.spillPath(stageContract, t.Task, "graph"), t.Shards)
	defer out.abort()
	parts := 0
	for ; m.peek() != nil; parts++ {
		f := newForest(0)
		for n := 0; n < t.Limit && m.peek() != nil; n++ {
			e := m.peek()
			f.join(e[0], e[1])
			if err := m.next(); err != nil {
				return contractResult{}, err
			}
		}
		var failed error
		f.each(func(n, root node) {
			if n != root && failed == nil {
				failed = addBothWays(out, root, n)
			}
		})
		if failed != nil {
			return contractResult{}, failed
		}
	}
	graph, err := out.finish()
	return contractResult{Graph: graph, Whole: parts == 1}, err
}

// newGraphSpill deals edges out to the shards of their first node.
func newGraphSpill(ctx context.Context, env Env, path string, shards int) *spill {
	return newSpill(ctx, env.Store, path, 0, shards, func(t *triple) int { return nodeShard(t[0], shards) })
}

func addBothWays(s *spill, a, b node) error {
	if err := s.add(triple{a, b}, nil); err != nil {
		return err
	}
	return s.add(triple{b, a}, nil)
}
