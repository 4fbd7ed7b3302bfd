package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// components of a graph over numbers, by this package: the smallest member of
// each node's component.
func componentsOf(t *testing.T, edges [][2]uint64, segments, taskEdges int) (map[node]node, int) {
	t.Helper()
	l := newTestLake()
	ctx := t.Context()
	var segs []Segment
	for i := range segments {
		s := newEdgeSpill(ctx, l.st, fmt.Sprintf("edges/%d", i))
		for j := i; j < len(edges); j += segments {
			check(t, s.add(edges[j][0], edges[j][1]))
		}
		part, err := s.s.finish()
		check(t, err)
		segs = append(segs, part...)
	}
	r := &shuffled{env: Env{l.st, "s/", "a1"}, rng: newRand(3), workers: 2}
	n := &near{Input: Input{TaskEdges: taskEdges}, r: r, edges: segs}
	graph, rounds, err := n.components(ctx)
	check(t, err)
	out := map[node]node{}
	for _, shard := range graph {
		check(t, Merge(ctx, l.st, shard, func(e Entry) error {
			if e.Key < e.Check {
				if old, ok := out[e.Check]; ok && old != e.Key {
					t.Errorf("node %d is in the stars of %d and %d", e.Check, old, e.Key)
				}
				out[e.Check] = e.Key
			}
			return nil
		}))
	}
	return out, rounds
}

// flood finds the same by visiting neighbours.
func flood(edges [][2]uint64) map[node]node {
	neighbours := map[node][]node{}
	for _, e := range edges {
		neighbours[e[0]] = append(neighbours[e[0]], e[1])
		neighbours[e[1]] = append(neighbours[e[1]], e[0])
	}
	out, seen := map[node]node{}, map[node]bool{}
	for _, start := range sortedKeys(neighbours) {
		for queue := []node{start}; len(queue) > 0; queue = queue[1:] {
			if n := queue[0]; !seen[n] {
				seen[n] = true
				if n != start {
					out[n] = start
				}
				queue = append(queue, neighbours[n]...)
			}
		}
	}
	return out
}

func TestComponents(t *testing.T) {
	const n = 100_000
	rng := newRand(1)
	names := rng.Perm(n) // numbers of nodes along a path tell nothing
	path := make([][2]uint64, 0, n)
	sorted := make([][2]uint64, 0, n)
	star := make([][2]uint64, 0, n)
	tree := make([][2]uint64, 0, n)
	for i := 1; i < n; i++ {
		sorted = append(sorted, [2]uint64{uint64(i - 1), uint64(i)})
	}
	for i := 1; i < n/4; i++ {
		path = append(path, [2]uint64{uint64(names[i-1]), uint64(names[i])})
		star = append(star, [2]uint64{n / 2, uint64(i + n/2)})
		tree = append(tree, [2]uint64{uint64(names[i/2]), uint64(names[i])})
	}
	var grid, random [][2]uint64
	for y := range 100 {
		for x := range 100 {
			grid = append(grid, [2]uint64{uint64(y*100 + x), uint64(y*100 + (x+1)%100)}, [2]uint64{uint64(y*100 + x), uint64((y+1)%100*100 + x)})
		}
	}
	for range 20_000 {
		random = append(random, [2]uint64{rng.Uint64N(n / 4), rng.Uint64N(n / 4)})
	}
	random = slices.DeleteFunc(random, func(e [2]uint64) bool { return e[0] == e[1] })
	for _, tt := range []struct {
		name      string
		edges     [][2]uint64
		taskEdges int
		rounds    int // most that are allowed
	}{
		{"path in one task", path, 1 << 20, 0},
		{"path", path, 3000, 15}, // log2(n) and no more
		{"path in order", sorted, 10_000, 17},
		{"path, tiny tasks", path[:2000], 10, 11},
		{"star", star, 3000, 1},
		{"binary tree", tree, 3000, 9},
		{"grid", grid, 3000, 9},
		{"random", random, 3000, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edges := slices.Clone(tt.edges)
			rand.New(rand.NewPCG(5, 5)).Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
			got, rounds := componentsOf(t, edges, 9, tt.taskEdges)
			want := flood(edges)
			if len(got) != len(want) {
				t.Fatalf("%d nodes below a root, want %d", len(got), len(want))
			}
			for n, root := range want {
				if got[n] != root {
					t.Fatalf("node %d has root %d, want %d", n, got[n], root)
				}
			}
			if rounds > tt.rounds {
				t.Errorf("%d rounds, want at most %d", rounds, tt.rounds)
			}
			t.Logf("%d rounds", rounds)
		})
	}
}

// TestEdgeSpillContracts: a spill of many edges among few nodes stays small.
func TestEdgeSpillContracts(t *testing.T) {
	l := newTestLake()
	s := newEdgeSpill(t.Context(), l.st, "edges")
	rng := newRand(2)
	const nodes = 1000
	for range 4 * s.s.limit {
		check(t, s.add(rng.Uint64N(nodes), nodes+rng.Uint64N(nodes)))
	}
	segs, err := s.s.finish()
	check(t, err)
	if n := records(segs); n > int64(s.s.limit) {
		t.Errorf("%d records, though 2000 nodes need 1999", n)
	}
}
