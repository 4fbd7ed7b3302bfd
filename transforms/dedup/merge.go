package dedup

import (
	"context"

	"github.com/chimera-1/chimera/datasets/store"
)

// merger yields the records of sorted segments in order: a tournament tree of
// losers, one comparison a level and record.
type merger struct {
	readers []*segmentReader
	tree    []player // tree[0] is the winner, tree[i] the loser at inner node i
}

// player is a reader in the tournament. Its first word stands beside it because
// most games are decided by it.
type player struct {
	key    uint64
	reader int32
	done   bool
}

// newMerger starts a merge. Records have a payload of that many bytes.
func newMerger(ctx context.Context, st store.Store, segs []Segment, payload int) (*merger, error) {
	return newMergerFrom(ctx, st, segs, payload, 0)
}

// newMergerFrom skips most of the records whose first word is less than from.
func newMergerFrom(ctx context.Context, st store.Store, segs []Segment, payload int, from uint64) (*merger, error) {
	m := &merger{}
	window := min(mergeBytes/max(len(segs), 1), windowBytes)
	for _, s := range segs {
		r, err := newSegmentReader(ctx, st, s, payload, window)
		if err != nil {
			return nil, err
		}
		if from > 0 {
			if err := r.seek(from); err != nil {
				return nil, err
			}
		}
		m.readers = append(m.readers, r)
	}
	return m, m.build()
}

// build plays the first tournament, from the leaves up.
func (m *merger) build() error {
	n := len(m.readers)
	if n == 0 {
		return nil
	}
	m.tree = make([]player, n)
	winners := make([]player, 2*n)
	for i := range m.readers {
		p, err := m.draw(int32(i))
		if err != nil {
			return err
		}
		winners[n+i] = p
	}
	for i := n - 1; i > 0; i-- {
		a, b := winners[2*i], winners[2*i+1]
		if m.before(&b, &a) {
			a, b = b, a
		}
		winners[i], m.tree[i] = a, b
	}
	m.tree[0] = winners[1]
	return nil
}

// draw reads the next record of a reader.
func (m *merger) draw(reader int32) (player, error) {
	r := m.readers[reader]
	ok, err := r.advance()
	return player{key: r.record[0], reader: reader, done: !ok}, err
}

// before reports whether a's record comes before b's.
func (m *merger) before(a, b *player) bool {
	if a.done || b.done {
		return !a.done
	}
	if a.key != b.key {
		return a.key < b.key
	}
	return m.readers[a.reader].record.less(&m.readers[b.reader].record)
}

// peek returns the least record, or nil after the last. It and its payload are
// valid until next.
func (m *merger) peek() *triple {
	if len(m.tree) == 0 || m.tree[0].done {
		return nil
	}
	return &m.readers[m.tree[0].reader].record
}

func (m *merger) payload() []byte { return m.readers[m.tree[0].reader].payload }

// next moves past the least record.
func (m *merger) next() error {
	p, err := m.draw(m.tree[0].reader)
	if err != nil {
		return err
	}
	for i := (len(m.readers) + int(p.reader)) / 2; i > 0; i /= 2 {
		if m.before(&m.tree[i], &p) {
			m.tree[i], p = p, m.tree[i]
		}
	}
	m.tree[0] = p
	return nil
}

// Merge calls emit with the entries of sorted segments in the order of (key,
// check, row).
func Merge(ctx context.Context, st store.Store, segs []Segment, emit func(Entry) error) error {
	m, err := newMerger(ctx, st, segs, 0)
	if err != nil {
		return err
	}
	for t := m.peek(); t != nil; t = m.peek() {
		if err := emit(Entry{Key: t[0], Check: t[1], Row: int64(t[2])}); err != nil {
			return err
		}
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}
