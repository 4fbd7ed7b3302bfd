//go:build !cgo

package zstdblock

import (
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Name is the codec of this build.
const Name = "klauspost/compress"

// window is how far back the encoder looks: a page of a Parquet file, which is all
// there is. The default of the fastest level is four times that, and each encoder
// keeps twice its window.
const window = 1 << 20

// encoder is shared: an encoder is megabytes of tables, and a work unit has
// several files.
var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(runtime.NumCPU()),
		zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		panic("zstdblock: encoder: " + err.Error())
	}
	return e
})

// decoder is shared as well. It decodes into the capacity it is given, never
// beyond.
var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic("zstdblock: decoder: " + err.Error())
	}
	return d
})

// Encode packs src into a frame, in dst if that has the capacity.
func Encode(dst, src []byte) ([]byte, error) {
	return encoder().EncodeAll(src, dst[:0]), nil
}

// Decode unpacks the frames of src into dst and returns how many bytes that are.
// It is an error if dst has no room for them, and takes no memory, whatever src
// says of its size.
func Decode(dst, src []byte) (int, error) {
	if len(src) == 0 {
		return 0, nil
	}
	out, err := decoder().DecodeAll(src, dst[:0:len(dst)])
	return len(out), err
}
