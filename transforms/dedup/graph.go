package dedup

import (
	"context"

	"github.com/chimera-1/chimera/datasets/store"
)

// node is a vertex of the graph of near rows. Published rows of the lake come
// first, then names of their clusters, then tonight's rows: so the smallest
// node of a component is its oldest published row, if it has one.
type node = uint64

const (
	nameBit  node = 1 << 62 // a cluster that a published row belongs to, by its number
	newBit   node = 1 << 63 // a row of tonight
	rowOfBit      = nameBit - 1
)

func published(row int64) node   { return node(row) }
func clusterName(row int64) node { return nameBit | node(row) }
func tonight(row int64) node     { return newBit | node(row) }
func isTonight(n node) bool      { return n&newBit != 0 }
func isPublished(n node) bool    { return n&(newBit|nameBit) == 0 }
func rowOf(n node) int64         { return int64(n & rowOfBit) }

// nodeShard spreads nodes evenly whatever their numbers (the finaliser of
// SplitMix64).
func nodeShard(n node, shards int) int {
	n ^= n >> 30
	n *= 0xbf58476d1ce4e5b9
	n ^= n >> 27
	n *= 0x94d049bb133111eb
	n ^= n >> 31
	return ShardOf(n, shards)
}

// edgeSpill writes edges. When many have come together it keeps a spanning
// forest of them only.
type edgeSpill struct {
	s      *spill
	recent recent
}

func newEdgeSpill(ctx context.Context, st store.Store, path string) *edgeSpill {
	return &edgeSpill{newSpill(ctx, st, path, 0, 1, single), newRecent()}
}

func (e *edgeSpill) add(a, b node) error {
	if b < a {
		a, b = b, a
	}
	if e.recent.seen(a, b) {
		return nil
	}
	e.s.records = append(e.s.records, triple{a, b})
	if len(e.s.records) < e.s.limit {
		return nil
	}
	e.contract()
	if len(e.s.records) < e.s.limit/2 {
		return nil
	}
	return e.s.sort()
}

// contract replaces what has been collected by stars with the same components.
func (e *edgeSpill) contract() {
	f := newForest(len(e.s.records))
	for _, t := range e.s.records {
		f.join(t[0], t[1])
	}
	e.s.records = e.s.records[:0]
	f.each(func(n, root node) {
		if n != root {
			e.s.records = append(e.s.records, triple{root, n})
		}
	})
}
