package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/chimera-1/chimera/datasets/store"
)

// Bytes that the readers of one merge hold together, and one of them at most.
const (
	mergeBytes  = 16 << 20
	windowBytes = 256 << 10
)

// segmentReader reads a segment record by record. It opens the file for every
// window it reads, so that a merge of thousands of segments holds no files.
type segmentReader struct {
	ctx context.Context // of the merge that made the reader
	st  store.Store
	seg Segment
	layout

	window []byte // whole blocks
	size   int    // capacity of the window
	next   int64  // offset in the segment of the first byte after the window
	at     int    // of the next record in the window; 0: at a block's start
	end    int    // of the records of the open block
	left   int64  // records not read yet

	record  triple // the current one
	payload []byte // of the current one; valid until the next call
}

func newSegmentReader(ctx context.Context, st store.Store, seg Segment, payload, window int) (*segmentReader, error) {
	r := &segmentReader{ctx: ctx, st: st, seg: seg, layout: layoutOf(payload), left: seg.Count}
	if err := r.check(seg); err != nil {
		return nil, err
	}
	r.size = max(window/r.layout.size(), 1) * r.layout.size()
	return r, nil
}

// advance moves to the next record; false after the last.
func (r *segmentReader) advance() (bool, error) {
	if r.at == r.end {
		if r.left == 0 {
			return false, nil
		}
		if err := r.openBlock(); err != nil {
			return false, err
		}
	}
	last := r.record
	r.record = getTriple(r.window[r.at:])
	r.payload = r.window[r.at+tripleBytes : r.at+r.width]
	if r.record.less(&last) {
		return false, fmt.Errorf("%s: records of the segment at %d are not sorted: %w", r.seg.File, r.seg.Offset, ErrDamaged)
	}
	r.at += r.width
	r.left--
	return true, nil
}

// openBlock moves to the next block and checks it.
func (r *segmentReader) openBlock() error {
	if r.end == len(r.window) {
		if err := r.fill(); err != nil {
			return err
		}
	}
	start := r.end
	size := int(min(int64(r.layout.size()), checksumSize+r.left*int64(r.width)))
	place := r.seg.Offset + r.next - int64(len(r.window)-start)
	if start+size > len(r.window) || !sealed(r.window[start:start+size], place) {
		return fmt.Errorf("%s: block at byte %d: wrong checksum: %w", r.seg.File, place, ErrDamaged)
	}
	r.at, r.end = start+checksumSize, start+size
	return nil
}

// fill reads the next window.
func (r *segmentReader) fill() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	n := int(min(int64(r.size), r.seg.Length-r.next))
	if cap(r.window) < n {
		r.window = make([]byte, n)
	}
	r.window = r.window[:n]
	r.at, r.end = 0, 0
	f, err := r.st.Open(r.ctx, r.seg.File)
	if err != nil {
		return fmt.Errorf("open spill file: %w", err)
	}
	defer f.Close()
	if read, err := f.ReadAt(r.window, r.seg.Offset+r.next); read < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrDamaged
		}
		return fmt.Errorf("%s: read %d bytes at %d: %w", r.seg.File, n, r.seg.Offset+r.next, err)
	}
	r.next += int64(n)
	return nil
}

// seek skips blocks whose records are all less than key in their first word.
// It is called before the first advance.
func (r *segmentReader) seek(key uint64) error {
	blocks := (r.seg.Count + int64(r.perBlock) - 1) / int64(r.perBlock)
	lo, hi := int64(0), blocks-1 // the block to start with
	for lo < hi {
		mid := (lo + hi + 1) / 2
		r.skipTo(mid)
		if err := r.openBlock(); err != nil {
			return err
		}
		if getTriple(r.window[r.at:])[0] < key {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	r.skipTo(max(lo, 0))
	return nil
}

// skipTo puts the reader before a block.
func (r *segmentReader) skipTo(block int64) {
	r.window, r.at, r.end = r.window[:0], 0, 0
	r.next = block * int64(r.layout.size())
	r.left = r.seg.Count - block*int64(r.perBlock)
}
