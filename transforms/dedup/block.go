package dedup

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// A spill file is a row of segments, a segment a row of blocks, a block a
// checksum and as many records as fit 4080 bytes. The last block of a segment
// may be shorter. A record is a triple, little endian, and a payload of the
// same length throughout the segment. The checksum is the XXH3 of the records,
// seeded with the block's place in the file, so that a block in the wrong place
// is found as well.
const (
	tripleBytes  = 24
	blockBytes   = 4080
	checksumSize = 8
)

// layout is how records of one width lie in a segment.
type layout struct {
	width    int // bytes of a record
	perBlock int
}

// layoutOf is the layout of triples with a payload.
func layoutOf(payload int) layout {
	width := tripleBytes + payload
	if width > blockBytes {
		panic(fmt.Sprintf("dedup: a record of %d bytes fits no block", width))
	}
	return layout{width: width, perBlock: blockBytes / width}
}

// size is the number of bytes of a whole block.
func (l layout) size() int { return checksumSize + l.perBlock*l.width }

// length is the number of bytes that count records take.
func (l layout) length(count int64) int64 {
	blocks := (count + int64(l.perBlock) - 1) / int64(l.perBlock)
	return blocks*checksumSize + count*int64(l.width)
}

// check refuses a reference that no writer makes.
func (l layout) check(s Segment) error {
	if s.Count < 0 || s.Offset < 0 || s.Length < 0 || s.Count > s.Length || s.Length != l.length(s.Count) {
		return fmt.Errorf("%s: segment of %d bytes at %d says it has %d records of %d bytes: %w", s.File, s.Length, s.Offset, s.Count, l.width, ErrDamaged)
	}
	return nil
}

// seal writes the checksum of a block that lies at offset of its file.
func seal(block []byte, offset int64) {
	binary.LittleEndian.PutUint64(block, xxh3.HashSeed(block[checksumSize:], uint64(offset)))
}

// sealed reports whether the checksum is right.
func sealed(block []byte, offset int64) bool {
	return binary.LittleEndian.Uint64(block) == xxh3.HashSeed(block[checksumSize:], uint64(offset))
}

func putTriple(dst []byte, t *triple) {
	binary.LittleEndian.PutUint64(dst, t[0])
	binary.LittleEndian.PutUint64(dst[8:], t[1])
	binary.LittleEndian.PutUint64(dst[16:], t[2])
}

func getTriple(src []byte) triple {
	_ = src[23]
	return triple{binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:]), binary.LittleEndian.Uint64(src[16:])}
}
