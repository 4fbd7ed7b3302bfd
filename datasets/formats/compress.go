package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A compression is how the bytes of a file are packed, whatever its name says.
type compression string

const (
	plain     compression = ""
	gzipped   compression = "gzip"
	zstandard compression = "zstd"
)

const magicBytes = 4

// sniff tells a compression by the first bytes of a file.
func sniff(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return gzipped
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return zstandard
	case len(head) == magicBytes && head[0]&0xF0 == 0x50 && bytes.Equal(head[1:], []byte{0x2A, 0x4D, 0x18}):
		return zstandard // a skippable frame, as parallel compressors start with
	default:
		return plain
	}
}

// A decoder decompresses a stream. Its errors are damage.
type decoder interface {
	io.Reader
	Close() error
}

// decoder reads the packed bytes of r.
func (c compression) decoder(r io.Reader) (decoder, error) {
	switch c {
	case gzipped:
		return newGzip(r)
	case zstandard:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62))
		if err != nil {
			return nil, err
		}
		return zstdDecoder{d}, nil
	default:
		return io.NopCloser(r), nil
	}
}

type zstdDecoder struct{ *zstd.Decoder }

func (d zstdDecoder) Close() error {
	d.Decoder.Close()
	return nil
}

// gzipDecoder reads the members of a gzip file one by one, so that it knows
// where each begins.
type gzipDecoder struct {
	in     *bufio.Reader
	zr     *gzip.Reader
	n      int64 // bytes decoded
	member int64 // offset at which the current member begins
}

func newGzip(r io.Reader) (*gzipDecoder, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	zr, err := gzip.NewReader(in)
	if err != nil {
		return nil, noEOF(err)
	}
	zr.Multistream(false)
	return &gzipDecoder{in: in, zr: zr}, nil
}

func (d *gzipDecoder) Read(b []byte) (int, error) {
	for {
		n, err := d.zr.Read(b)
		d.n += int64(n)
		if n > 0 && err == io.EOF {
			err = nil
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		if err := d.nextMember(); err != nil {
			return 0, err
		}
	}
}

// nextMember goes on behind a member that is whole. Zero bytes behind the last
// one are padding, as tape and block devices leave it.
func (d *gzipDecoder) nextMember() error {
	for {
		c, err := d.in.ReadByte()
		if err != nil {
			return err // io.EOF: the file is whole
		}
		if c != 0 {
			d.in.UnreadByte()
			break
		}
	}
	d.member = d.n
	err := d.zr.Reset(d.in)
	d.zr.Multistream(false)
	return noEOF(err)
}

func (d *gzipDecoder) Close() error { return d.zr.Close() }

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// damageReason is the reject's reason for an error of a decoder.
func (c compression) damageReason(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("truncated %s", c)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return "zstd window over 128 MiB"
	default:
		return fmt.Sprintf("corrupt %s", c)
	}
}
