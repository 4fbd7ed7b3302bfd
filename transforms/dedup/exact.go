package dedup

import (
	"context"

	"github.com/chimera-1/chimera/datasets/store"
)

// Exact finds the rows of one shard whose content has been seen: it calls emit
// with every such row and the smallest row of the same content, tonight's or
// old. Rows come in no particular order, each once. Of the index it reads
// Content only.
func Exact(ctx context.Context, st store.Store, shard, shards int, segs []Segment, old Index, emit func(row, survivor int64) error) error {
	lo, hi := keyRange(shard, shards)
	known, err := openOld(ctx, st, old.Content, lo, hi, true)
	if err != nil {
		return err
	}
	defer closeOld(known)
	m, err := newMerger(ctx, st, segs, 0)
	if err != nil {
		return err
	}
	var same []Entry // old entries of the key at hand
	for t := m.peek(); t != nil; t = m.peek() {
		if key := t[0]; len(same) == 0 || same[0].Key != key {
			same = same[:0]
			err := eachOld(known, key, func(e Entry) error { same = append(same, e); return nil })
			if err != nil {
				return err
			}
		}
		if err := exactGroup(m, same, *t, emit); err != nil {
			return err
		}
	}
	return nil
}

// exactGroup handles the rows of one content, of which first is the smallest
// of tonight. Half a hash may be shared by several contents.
func exactGroup(m *merger, same []Entry, first triple, emit func(row, survivor int64) error) error {
	survivor := int64(first[2])
	for _, e := range same {
		if e.Check == first[1] {
			survivor = min(survivor, e.Row)
		}
	}
	for t := m.peek(); t != nil && t[0] == first[0] && t[1] == first[1]; t = m.peek() {
		if row := int64(t[2]); row != survivor {
			if err := emit(row, survivor); err != nil {
				return err
			}
		}
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}
