package dedup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/chimera-1/chimera/datasets/store"
)

const (
	writeBytes = 256 << 10 // handed to the store at once
	spillBytes = 6 << 20   // records that a spill sorts in memory at once
)

// segmentWriter writes sorted records to a file, segment by segment. The file
// is made with the first record.
type segmentWriter struct {
	ctx  context.Context // of the stage that made the writer
	st   store.Store
	path string
	layout

	out    store.Writer
	buf    []byte
	block  int   // where the open block begins in buf; -1: none is open
	filled int   // records in it
	done   int64 // bytes handed to out
	open   Segment
	segs   []Segment
}

// writeBuffers and spillMemory are used again from one file to the next.
var (
	writeBuffers = sync.Pool{New: func() any { b := make([]byte, 0, writeBytes+writeBytes/8); return &b }}
	spillMemory  = sync.Pool{New: func() any { return new(collected) }}
)

func newSegmentWriter(ctx context.Context, st store.Store, path string, payload int) *segmentWriter {
	return &segmentWriter{ctx: ctx, st: st, path: path, layout: layoutOf(payload), block: -1}
}

// begin starts a segment.
func (w *segmentWriter) begin(shard int) {
	if w.buf == nil {
		w.buf = *writeBuffers.Get().(*[]byte)
	}
	w.open = Segment{File: w.path, Offset: w.done + int64(len(w.buf)), Shard: int32(shard)}
}

// add appends a record to the open segment.
func (w *segmentWriter) add(t *triple, payload []byte) error {
	if w.block < 0 {
		w.block, w.filled = len(w.buf), 0
		w.buf = append(w.buf, make([]byte, checksumSize)...)
	}
	n := len(w.buf)
	w.buf = slices.Grow(w.buf, w.width)[:n+w.width]
	putTriple(w.buf[n:], t)
	if copy(w.buf[n+tripleBytes:], payload) != w.width-tripleBytes {
		panic(fmt.Sprintf("dedup: payload of %d bytes in a record of %d", len(payload), w.width))
	}
	w.open.Count++
	if w.filled++; w.filled < w.perBlock {
		return nil
	}
	w.endBlock()
	if len(w.buf) >= writeBytes {
		return w.flush()
	}
	return nil
}

func (w *segmentWriter) endBlock() {
	if w.block >= 0 {
		seal(w.buf[w.block:], w.done+int64(w.block))
		w.block = -1
	}
}

// end closes the open segment. One without records leaves no trace.
func (w *segmentWriter) end() {
	w.endBlock()
	if w.open.Count > 0 {
		w.open.Length = w.done + int64(len(w.buf)) - w.open.Offset
		w.segs = append(w.segs, w.open)
	}
	w.open = Segment{}
}

func (w *segmentWriter) flush() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.out == nil {
		out, err := w.st.Create(w.ctx, w.path, store.Condition{})
		if err != nil {
			return fmt.Errorf("create spill file %s: %w", w.path, err)
		}
		w.out = out
	}
	if _, err := w.out.Write(w.buf); err != nil {
		return fmt.Errorf("write spill file %s: %w", w.path, err)
	}
	w.done += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// finish makes the file durable and returns its segments in file order.
func (w *segmentWriter) finish() ([]Segment, error) {
	if len(w.buf) > 0 {
		if err := w.flush(); err != nil {
			w.abort()
			return nil, err
		}
	}
	if w.out == nil {
		return nil, nil
	}
	out := w.out
	w.out = nil
	w.release()
	if _, err := out.Commit(w.ctx); err != nil {
		return nil, fmt.Errorf("write spill file %s: %w", w.path, err)
	}
	return w.segs, nil
}

// abort drops an unfinished file. After finish it does nothing.
func (w *segmentWriter) abort() {
	if w.out != nil {
		w.out.Abort()
		w.out = nil
	}
	w.release()
}

func (w *segmentWriter) release() {
	if w.buf != nil {
		buf := w.buf[:0]
		writeBuffers.Put(&buf)
		w.buf = nil
	}
}

// WriteEntries sorts entries in place by (key, check, row) and writes them as
// one file with a segment a shard. Without entries there is no file.
func WriteEntries(ctx context.Context, st store.Store, path string, shards int, entries []Entry) ([]Segment, error) {
	records := asTriples(entries)
	sortTriples(records)
	w := newSegmentWriter(ctx, st, path, 0)
	defer w.abort()
	for len(records) > 0 {
		shard := ShardOf(records[0][0], shards)
		_, last := keyRange(shard, shards)
		w.begin(shard)
		n := 0
		for n < len(records) && records[n][0] <= last {
			if err := w.add(&records[n], nil); err != nil {
				return nil, err
			}
			n++
		}
		w.end()
		records = records[n:]
	}
	return w.finish()
}

// spill collects records in any order and writes them as sorted segments by
// shard, sorting no more than spillBytes at once. Of equal records in one
// segment the first stays.
type spill struct {
	w       *segmentWriter
	shards  int
	shardOf func(*triple) int
	limit   int // records sorted at once
	payload int // bytes of each record's

	*collected
}

// collected are the records that a spill has in memory.
type collected struct {
	records  []triple
	payloads []byte // in the order of adding
}

// recent remembers pairs that went by lately: the bands of similar rows repeat
// the same pair up to 14 times. Spills drop repetitions anyway, but later.
type recent [][2]uint64

func newRecent() recent { return make(recent, 1<<15) }

// seen reports whether the pair went by, and remembers it in place of another.
func (r recent) seen(a, b uint64) bool {
	slot := &r[(a*0x9e3779b97f4a7c15^b*0xc2b2ae3d27d4eb4f)>>49]
	if *slot == [2]uint64{a, b} {
		return true
	}
	*slot = [2]uint64{a, b}
	return false
}

// single is the shardOf of a spill of one shard.
func single(*triple) int { return 0 }

func newSpill(ctx context.Context, st store.Store, path string, payload, shards int, shardOf func(*triple) int) *spill {
	return &spill{
		w: newSegmentWriter(ctx, st, path, payload), payload: payload,
		shards: shards, shardOf: shardOf, limit: spillBytes / (tripleBytes + payload),
		collected: spillMemory.Get().(*collected),
	}
}

func (s *spill) add(t triple, payload []byte) error {
	s.records = append(s.records, t)
	s.payloads = append(s.payloads, payload...)
	if len(s.records) < s.limit {
		return nil
	}
	return s.sort()
}

// sort writes what has been collected.
func (s *spill) sort() error {
	var err error
	if s.payload == 0 {
		err = s.sortPlain()
	} else {
		err = s.sortPayloads()
	}
	s.records, s.payloads = s.records[:0], s.payloads[:0]
	return err
}

// sortPlain deals the records out to their shards, keeping their order, and
// sorts each shard.
func (s *spill) sortPlain() error {
	if s.shards == 1 {
		return s.writeSorted(0, s.records)
	}
	ends := make([]int, s.shards)
	for i := range s.records {
		ends[s.shardOf(&s.records[i])]++
	}
	sum := 0
	for shard, n := range ends {
		ends[shard] = sum
		sum += n
	}
	dealt := make([]triple, len(s.records))
	for i := range s.records {
		shard := s.shardOf(&s.records[i])
		dealt[ends[shard]] = s.records[i]
		ends[shard]++
	}
	from := 0
	for shard, to := range ends {
		if err := s.writeSorted(shard, dealt[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// writeSorted sorts the records of a shard and writes each of them once.
func (s *spill) writeSorted(shard int, part []triple) error {
	sortTriples(part)
	s.w.begin(shard)
	for i := range part {
		if i > 0 && part[i] == part[i-1] {
			continue
		}
		if err := s.w.add(&part[i], nil); err != nil {
			return err
		}
	}
	s.w.end()
	return nil
}

// sortPayloads sorts references: payloads are long and move once.
func (s *spill) sortPayloads() error {
	type ref struct{ shard, index int32 }
	refs := make([]ref, len(s.records))
	for i := range s.records {
		refs[i] = ref{int32(s.shardOf(&s.records[i])), int32(i)}
	}
	slices.SortFunc(refs, func(a, b ref) int {
		if c := cmp.Compare(a.shard, b.shard); c != 0 {
			return c
		}
		return compareTriples(s.records[a.index], s.records[b.index])
	})
	for i, r := range refs {
		if i == 0 || r.shard != refs[i-1].shard {
			s.w.end()
			s.w.begin(int(r.shard))
		} else if s.records[r.index] == s.records[refs[i-1].index] {
			continue
		}
		at := int(r.index) * s.payload
		if err := s.w.add(&s.records[r.index], s.payloads[at:at+s.payload]); err != nil {
			return err
		}
	}
	s.w.end()
	return nil
}

// finish makes the file durable.
func (s *spill) finish() ([]Segment, error) {
	defer s.abort()
	if err := s.sort(); err != nil {
		return nil, err
	}
	return s.w.finish()
}

// abort drops an unfinished file. After finish it does nothing.
func (s *spill) abort() {
	s.w.abort()
	if s.collected != nil {
		s.records, s.payloads = s.records[:0], s.payloads[:0]
		spillMemory.Put(s.collected)
		s.collected = nil
	}
}
