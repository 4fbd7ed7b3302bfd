package dedup

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

func randomEntries(rng *rand.Rand, n int, kind string) []Entry {
	out := make([]Entry, n)
	for i := range out {
		switch kind {
		case "hashes":
			out[i] = Entry{rng.Uint64(), rng.Uint64(), rng.Int64()}
		case "rows":
			out[i] = Entry{5<<40 | rng.Uint64N(uint64(n)), rng.Uint64N(14), rng.Int64N(9)}
		case "one key":
			out[i] = Entry{1 << 60, 0, rng.Int64N(int64(n))}
		case "one key, sorted":
			out[i] = Entry{1 << 60, 0, int64(i)}
		case "two keys apart":
			out[i] = Entry{rng.Uint64N(2) << 63, rng.Uint64N(3), int64(n - i)}
		case "high bits":
			out[i] = Entry{rng.Uint64() &^ (1<<40 - 1), 7, rng.Int64()}
		}
	}
	return out
}

func TestSortTriples(t *testing.T) {
	rng := newRand(1)
	for _, kind := range []string{"hashes", "rows", "one key", "one key, sorted", "two keys apart", "high bits"} {
		for _, n := range []int{0, 1, 2, 48, 49, 1000, 70_000} {
			got := asTriples(randomEntries(rng, n, kind))
			want := slices.Clone(got)
			slices.SortFunc(want, compareTriples)
			sortTriples(got)
			if !slices.Equal(got, want) {
				t.Errorf("%d entries of kind %s are not sorted", n, kind)
			}
		}
	}
}

// TestShardsTileTheKeys: every key lies in the range of its shard.
func TestShardsTileTheKeys(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 7, 64, 255, 256} {
		next := uint64(0)
		for s := range shards {
			lo, hi := keyRange(s, shards)
			if lo != next || ShardOf(lo, shards) != s || ShardOf(hi, shards) != s {
				t.Errorf("shard %d of %d is [%d, %d], the one before ends at %d", s, shards, lo, hi, next-1)
			}
			next = hi + 1
		}
		if next != 0 {
			t.Errorf("the last of %d shards ends at %d", shards, next-1)
		}
	}
}

func TestMergeOfUnits(t *testing.T) {
	ctx, st := t.Context(), store.NewMemory()
	rng := newRand(2)
	for _, units := range []int{1, 2, 7, 300} {
		const shards = 3
		var all []Entry
		var segs []Segment
		for u := range units {
			e := randomEntries(rng, rng.IntN(700), "hashes")
			all = append(all, e...)
			part, err := WriteEntries(ctx, st, fmt.Sprintf("%d/%d", units, u), shards, e)
			check(t, err)
			segs = append(segs, part...)
		}
		slices.SortFunc(asTriples(all), compareTriples)
		var got []Entry
		for _, list := range byShard(shards, segs) {
			check(t, Merge(ctx, st, list, func(e Entry) error { got = append(got, e); return nil }))
		}
		if !slices.Equal(got, all) {
			t.Errorf("%d units: the merged entries are not the written ones", units)
		}
	}
}

func TestMergeFrom(t *testing.T) {
	ctx, st := t.Context(), store.NewMemory()
	var e []Entry
	for i := range 2000 {
		e = append(e, ExcludeEntry(int64(2*i)))
	}
	segs, err := WriteEntries(ctx, st, "x", 1, e)
	check(t, err)
	for _, from := range []uint64{0, 1, 2, 338, 339, 340, 341, 342, 1999, 3998, 3999, 9999} {
		m, err := newMergerFrom(ctx, st, segs, 0, from)
		check(t, err)
		for m.peek() != nil && m.peek()[0] < from {
			check(t, m.next())
		}
		want := (from + 1) / 2 * 2
		switch r := m.peek(); {
		case r == nil && want < 4000:
			t.Errorf("from %d: nothing, want %d", from, want)
		case r != nil && r[0] != want:
			t.Errorf("from %d: %d, want %d", from, r[0], want)
		}
	}
}

// TestSpillWithPayload writes more than fits its memory at once.
func TestSpillWithPayload(t *testing.T) {
	ctx, st := t.Context(), store.NewMemory()
	for _, payload := range []int{0, 8, 448, 896} {
		s := newSpill(ctx, st, fmt.Sprint(payload), payload, 4, func(r *triple) int { return int(r[2] % 4) })
		s.limit = 100
		rng := newRand(uint64(payload))
		want := map[triple]string{}
		for i := range 1000 {
			r := triple{rng.Uint64N(50), uint64(i), rng.Uint64()}
			p := strings.Repeat(fmt.Sprintf("%08d", i), payload/8)
			want[r] = p
			check(t, s.add(r, []byte(p)))
			check(t, s.add(r, []byte(p)))
		}
		segs, err := s.finish()
		check(t, err)
		got := map[triple]string{}
		for shard, list := range byShard(4, segs) {
			m, err := newMerger(ctx, st, list, payload)
			check(t, err)
			last := triple{}
			for r := m.peek(); r != nil; r = m.peek() {
				if int(r[2]%4) != shard || r.less(&last) {
					t.Fatalf("payload %d: %v after %v in shard %d", payload, *r, last, shard)
				}
				last = *r
				got[*r] = string(m.payload())
				check(t, m.next())
			}
		}
		if len(got) != len(want) {
			t.Errorf("payload %d: %d records, want %d", payload, len(got), len(want))
		}
		for r, p := range want {
			if got[r] != p {
				t.Errorf("payload %d: %v has %q, want %q", payload, r, got[r], p)
			}
		}
	}
}

// TestDamage flips every bit of a small file in turn, cuts it at every length,
// and exchanges blocks: nothing goes unnoticed.
func TestDamage(t *testing.T) {
	ctx, st := t.Context(), store.NewMemory()
	segs, err := WriteEntries(ctx, st, "f", 1, randomEntries(newRand(4), 400, "hashes"))
	check(t, err)
	whole, _, err := st.ReadFile(ctx, "f")
	check(t, err)
	read := func() (n int, err error) {
		err = Merge(ctx, st, segs, func(Entry) error { n++; return nil })
		return n, err
	}
	if n, err := read(); n != 400 || err != nil {
		t.Fatalf("whole file: %d entries, %v", n, err)
	}
	spoil := func(what string, data []byte) {
		t.Helper()
		_, err := st.Put(ctx, "f", data, store.Condition{})
		check(t, err)
		if _, err := read(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "f") {
			t.Errorf("%s: %v, want ErrDamaged and the file's name", what, err)
		}
	}
	for i := 0; i < len(whole); i += 7 {
		data := slices.Clone(whole)
		data[i] ^= 1 << (i % 8)
		spoil(fmt.Sprintf("bit flipped in byte %d", i), data)
		spoil(fmt.Sprintf("cut at %d", i), whole[:i])
	}
	block := layoutOf(0).size()
	swapped := slices.Concat(whole[block:2*block], whole[:block], whole[2*block:])
	spoil("blocks exchanged", swapped)
	_, err = st.Put(ctx, "f", whole, store.Condition{})
	check(t, err)
	for _, s := range []Segment{
		{File: "f", Length: segs[0].Length, Count: segs[0].Count + 1},
		{File: "f", Length: segs[0].Length, Count: -1},
		{File: "f", Length: -8, Count: 0},
		{File: "f", Offset: -1, Length: segs[0].Length, Count: segs[0].Count},
		{File: "f", Offset: int64(block), Length: segs[0].Length, Count: segs[0].Count},
		{File: "f", Length: 1 << 62, Count: 1 << 57},
	} {
		if err := Merge(ctx, st, []Segment{s}, func(Entry) error { return nil }); !errors.Is(err, ErrDamaged) {
			t.Errorf("reference %+v: %v, want ErrDamaged", s, err)
		}
	}
}

// FuzzSegment reads arbitrary bytes under arbitrary references: entries in
// order, or an error that says damage, and no more memory than the file is long.
func FuzzSegment(f *testing.F) {
	st := store.NewMemory()
	segs, err := WriteEntries(context.Background(), st, "seed", 1, randomEntries(newRand(9), 200, "hashes"))
	check(f, err)
	whole, _, err := st.ReadFile(context.Background(), "seed")
	check(f, err)
	f.Add(whole, int64(0), segs[0].Length, segs[0].Count, 0)
	f.Add(whole[:len(whole)-1], int64(0), segs[0].Length, segs[0].Count, 0)
	f.Add([]byte{}, int64(0), int64(32), int64(1), 0)
	f.Add(whole, int64(0), layoutOf(8).length(126), int64(126), 8)
	f.Fuzz(func(t *testing.T, data []byte, offset, length, count int64, payload int) {
		if payload < 0 || payload > 1000 {
			t.Skip()
		}
		ctx, st := t.Context(), store.NewMemory()
		_, err := st.Put(ctx, "f", data, store.Condition{})
		check(t, err)
		m, err := newMerger(ctx, st, []Segment{{File: "f", Offset: offset, Length: length, Count: count}}, payload)
		last, n := triple{}, int64(0)
		for err == nil && m.peek() != nil {
			if m.peek().less(&last) {
				t.Fatal("not sorted")
			}
			last = *m.peek()
			n++
			err = m.next()
		}
		if err == nil && n != count {
			t.Fatalf("%d records, want %d", n, count)
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}

// TestNoSpace: a full disk is an error that names file and cause, and leaves
// nothing behind.
func TestNoSpace(t *testing.T) {
	mem := store.NewMemory()
	st := &storetest.Faulty{Store: mem, Space: 1 << 20}
	_, err := WriteEntries(t.Context(), st, "spill/f", 2, randomEntries(newRand(1), 100_000, "hashes"))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "spill/f") {
		t.Errorf("error %v, want ENOSPC and the file's name", err)
	}
	if files, err := mem.List(t.Context(), ""); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	st := store.NewMemory()
	segs, err := WriteEntries(ctx, st, "f", 1, randomEntries(newRand(1), 100_000, "hashes"))
	check(t, err)
	n := 0
	err = Merge(ctx, st, segs, func(Entry) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n > windowBytes/tripleBytes {
		t.Errorf("after %d entries: %v, want context.Canceled within a window", n, err)
	}
}
