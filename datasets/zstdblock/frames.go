//go:build cgo

package zstdblock

import (
	"errors"

	"github.com/klauspost/compress/zstd"
)

var (
	errFrame = errors.New("no zstd frame")
	errRoom  = errors.New("zstd frame is larger than it should be")
)

// checkFrames makes sure that src is made of frames as RFC 8878 has them. libzstd
// also reads formats that were in use before 2016, with decoders that hardly
// anybody runs any more; hostile bytes are not to reach these.
func checkFrames(src []byte) error {
	for len(src) > 0 {
		var h zstd.Header
		if err := h.Decode(src); err != nil {
			return err
		}
		n := frameSize(&h, src)
		if n <= 0 || n > int64(len(src)) {
			return errFrame
		}
		src = src[n:]
	}
	return nil
}

// frameSize adds up the blocks of the frame that src begins with (RFC 8878, 3.1.1);
// 0 if they go on beyond src.
func frameSize(h *zstd.Header, src []byte) int64 {
	const blockHeader, checksum = 3, 4
	off := int64(h.HeaderSize)
	if h.Skippable {
		return off + int64(h.SkippableSize)
	}
	for last := false; !last; {
		if off+blockHeader > int64(len(src)) {
			return 0
		}
		b := src[off:]
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
	return off
}
