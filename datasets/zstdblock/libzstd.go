//go:build cgo

package zstdblock

import (
	"runtime"

	"github.com/DataDog/zstd"
)

// Name is the codec of this build.
const Name = "libzstd 1.5.7"

// idle holds contexts, a megabyte of tables each, that nobody uses. What it has
// no room for the garbage collector frees.
var idle = make(chan zstd.Ctx, 2*runtime.NumCPU())

func take() zstd.Ctx {
	select {
	case c := <-idle:
		return c
	default:
		return zstd.NewCtx()
	}
}

func give(c zstd.Ctx) {
	select {
	case idle <- c:
	default:
	}
}

// Encode packs src into a frame, in dst if that has the capacity.
func Encode(dst, src []byte) ([]byte, error) {
	c := take()
	defer give(c)
	return c.CompressLevel(dst, src, zstd.BestSpeed)
}

// Decode unpacks the frames of src into dst and returns how many bytes that are.
// It is an error if dst has no room for them, and takes no memory, whatever src
// says of its size.
func Decode(dst, src []byte) (int, error) {
	if err := checkFrames(src); err != nil || len(src) == 0 {
		return 0, err
	}
	room := dst
	if len(dst) == 0 {
		room = make([]byte, 1) // the binding wants an address
	}
	c := take()
	defer give(c)
	n, err := c.DecompressInto(room, src)
	if err == nil && n > len(dst) {
		return 0, errRoom
	}
	return n, err
}
