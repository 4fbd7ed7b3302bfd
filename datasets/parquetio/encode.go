package parquetio

import (
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
	codec "github.com/parquet-go/parquet-go/compress/zstd"
)

// zstdWindow is how far back zstd looks: a page, which is all there is. The
// default of the fastest level is four times that, and each encoder keeps twice
// its window.
const zstdWindow = pageBytes

// writeCodec compresses pages. All writers of a level share its encoders: an
// encoder is megabytes of tables, and a work unit has several files.
type writeCodec struct {
	codec.Codec // its Decode
	encoder     *zstd.Encoder
}

func (c *writeCodec) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
}

var writeCodecs struct {
	sync.Mutex
	byLevel map[zstd.EncoderLevel]*writeCodec
}

func codecOf(level zstd.EncoderLevel) *writeCodec {
	if level == 0 {
		level = zstd.SpeedFastest
	}
	writeCodecs.Lock()
	defer writeCodecs.Unlock()
	if c := writeCodecs.byLevel[level]; c != nil {
		return c
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(zstdWindow), zstd.WithEncoderConcurrency(runtime.NumCPU()),
		zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		panic("parquetio: zstd encoder: " + err.Error())
	}
	c := &writeCodec{encoder: e}
	if writeCodecs.byLevel == nil {
		writeCodecs.byLevel = map[zstd.EncoderLevel]*writeCodec{}
	}
	writeCodecs.byLevel[level] = c
	return c
}
