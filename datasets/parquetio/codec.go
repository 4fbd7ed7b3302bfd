package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"

	"github.com/chimera-1/chimera/datasets/zstdblock"
)

// buffers are recycled when Arrow has let go of the page that was in them.
var buffers sync.Pool // *[]byte

// padding is what the bit unpacking of parquet-go reads beyond its input.
const padding = 64

// newBuffer is a buffer of n bytes with some capacity behind it.
func newBuffer(n int) []byte {
	if b, ok := buffers.Get().(*[]byte); ok && cap(*b) >= n+padding {
		return (*b)[:n]
	}
	return make([]byte, n, n+padding)
}

func recycle(b []byte) {
	if cap(b) > 0 {
		buffers.Put(&b)
	}
}

// unpack decompresses src to exactly size bytes, behind a copy of head.
func unpack(codec format.CompressionCodec, src []byte, size int, head []byte) ([]byte, error) {
	out := newBuffer(len(head) + size)
	copy(out, head)
	n, err := unpackInto(codec, out[len(head):], src)
	if err == nil && n != size {
		err = fmt.Errorf("page unpacks to %d bytes, not %d", n, size)
	}
	if err != nil {
		recycle(out)
		return nil, err
	}
	return out, nil
}

func unpackInto(codec format.CompressionCodec, dst, src []byte) (int, error) {
	switch codec {
	case format.Uncompressed:
		if len(src) != len(dst) {
			return len(src), nil
		}
		return copy(dst, src), nil
	case format.Zstd:
		return zstdblock.Decode(dst, src)
	case format.Snappy:
		n, err := snappy.DecodedLen(src)
		if err != nil || n != len(dst) {
			return n, err
		}
		out, err := snappy.Decode(dst, src)
		return len(out), err
	case format.Gzip:
		zr, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return 0, err
		}
		return fill(dst, zr)
	case format.Brotli:
		return fill(dst, brotli.NewReader(bytes.NewReader(src)))
	case format.Lz4Raw:
		return lz4.UncompressBlock(src, dst)
	default:
		return 0, fmt.Errorf("pages are compressed with %v, which is not supported", codec)
	}
}

// fill reads all of r, which must not hold more than dst has room for.
func fill(dst []byte, r io.Reader) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return n, err
	}
	var one [1]byte
	if k, err := r.Read(one[:]); k > 0 || err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n + k, err
	}
	return n, nil
}
