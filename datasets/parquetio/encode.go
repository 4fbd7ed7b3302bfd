package parquetio

import (
	codec "github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/chimera-1/chimera/datasets/zstdblock"
)

// writeCodec compresses pages. The codec in it gives its name to the file.
type writeCodec struct{ codec.Codec }

func (*writeCodec) Encode(dst, src []byte) ([]byte, error) { return zstdblock.Encode(dst, src) }
