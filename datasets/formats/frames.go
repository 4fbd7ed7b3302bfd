package formats

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

var errFrame = errors.New("no zstd frame")

// goodFrames is the number of bytes that the frames before the first bad one
// decompress to.
func (p *pinned) goodFrames() int64 {
	var good int64
	for off := int64(0); off < p.in.Size; {
		next, err := p.frameEnd(off)
		if err != nil {
			return good
		}
		dec, err := zstandard.decoder(p.section(off, next))
		if err != nil {
			return good
		}
		n, err := io.Copy(io.Discard, dec)
		dec.Close()
		if err != nil {
			return good
		}
		good += n
		off = next
	}
	return good
}

// frameEnd walks the block headers of the frame at off (RFC 8878, 3.1.1).
func (p *pinned) frameEnd(off int64) (int64, error) {
	const maxHeader, blockHeader, checksum = 18, 3, 4
	head, err := p.peek(off, maxHeader)
	if err != nil {
		return 0, err
	}
	var h zstd.Header
	if err := h.Decode(head); err != nil {
		return 0, err
	}
	off += int64(h.HeaderSize)
	if h.Skippable {
		return off + int64(h.SkippableSize), nil
	}
	for last := false; !last; {
		b, err := p.peek(off, blockHeader)
		if err != nil || len(b) < blockHeader {
			return 0, errFrame
		}
		bits := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		last = bits&1 == 1
		size := bits >> 3
		if bits>>1&3 == 1 { // one byte, repeated
			size = 1
		}
		off += blockHeader + size
	}
	if h.HasCheckSum {
		off += checksum
	}
	return off, nil
}

func (p *pinned) peek(off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	k, err := p.ReadAt(b, off)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return b[:k], nil
}
