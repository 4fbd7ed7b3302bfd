package parquetio

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	firstHeader   = 4 << 10 // enough for any header but one with long bounds
	longestHeader = 16 << 20
	windowBytes   = 256 << 10
	maxPageValues = 1 << 26
)

// pageReader reads the pages of a column chunk. It does what parquet-go's own
// reader does, but lets nothing in a file decide how much memory is taken:
// sizes are held against the chunk, decompression stops at the declared size,
// and counts in front of runs are added up before they are expanded.
type pageReader struct {
	source *source
	column *parquet.Column // of the file's shadow: not compressed
	codec  format.CompressionCodec
	meta   *format.ColumnMetaData

	off, end int64 // of the next page, and of the chunk
	start    int64 // of the first data page
	dict     parquet.Dictionary
	window   []byte // bytes of the file from base on
	base     int64
	ahead    int64 // how far to read ahead next
	farthest int64 // and at most
}

func newPageReader(f *File, group, column int) *pageReader {
	meta := &f.pf.Metadata().RowGroups[group].Columns[column].MetaData
	r := &pageReader{source: f.source, column: f.columns[column], codec: meta.Codec, meta: meta, farthest: windowBytes}
	r.off = chunkStart(meta)
	r.end = r.off + meta.TotalCompressedSize
	r.start = meta.DataPageOffset
	if meta.Codec == format.Uncompressed {
		r.farthest = firstHeader // pages go past the window
	}
	r.ahead = r.farthest
	return r
}

// seek goes on at the page at an offset of the file, which is said to have so many
// bytes: it is read alone, but the more is read behind it the further it goes.
func (r *pageReader) seek(off, size int64) {
	r.off = off
	r.ahead = min(max(size, firstHeader), r.farthest)
}

// A dataPage is a decoded page and the buffer it was decompressed into, which
// the page may still point into.
type dataPage struct {
	parquet.Page
	buffer []byte
}

// next returns the next data page, or io.EOF.
func (r *pageReader) next() (dataPage, error) {
	for r.off < r.end {
		h, payload, err := r.load()
		if err != nil {
			return dataPage{}, err
		}
		switch h.Type {
		case format.DictionaryPage:
			if err := r.dictionary(h, payload); err != nil {
				return dataPage{}, fmt.Errorf("dictionary: %w", err)
			}
		case format.DataPage, format.DataPageV2:
			return r.decode(h, payload)
		}
	}
	return dataPage{}, io.EOF
}

// load reads a page's header and payload and steps behind it.
func (r *pageReader) load() (*format.PageHeader, []byte, error) {
	h, n, err := r.header()
	if err != nil {
		return nil, nil, fmt.Errorf("page header at %d: %w", r.off, err)
	}
	size := int64(h.CompressedPageSize)
	if size < 0 || size > r.end-r.off-n {
		return nil, nil, fmt.Errorf("page of %d bytes at %d reaches beyond its column", size, r.off)
	}
	if h.UncompressedPageSize < 0 || int64(h.UncompressedPageSize) > r.meta.TotalUncompressedSize {
		return nil, nil, fmt.Errorf("page of %d raw bytes in a column of %d", h.UncompressedPageSize, r.meta.TotalUncompressedSize)
	}
	read := r.bytes
	if r.isRaw(h) {
		read = r.ownBytes
	}
	payload, err := read(r.off+n, size)
	if err != nil {
		return nil, nil, err
	}
	if h.CRC != 0 && crc32.ChecksumIEEE(payload) != uint32(h.CRC) {
		return nil, nil, fmt.Errorf("checksum of the page at %d does not match", r.off)
	}
	r.off += n + size
	return h, payload, nil
}

// header decodes the header at off, which it has to find the end of.
func (r *pageReader) header() (*format.PageHeader, int64, error) {
	for size := int64(firstHeader); ; size *= 16 {
		size = min(size, r.end-r.off)
		b, err := r.bytes(r.off, size)
		if err != nil {
			return nil, 0, err
		}
		if n, err := thriftSize(b); err == nil {
			var proto thrift.CompactProtocol
			h := new(format.PageHeader)
			err := thrift.NewDecoder(proto.NewReaderFromBytes(b[:n])).Decode(h)
			return h, int64(n), err
		} else if size == r.end-r.off || size >= longestHeader {
			return nil, 0, err
		}
	}
}

// bytes returns n bytes of the file, valid until the next call, reading ahead as
// far as the chunk goes.
func (r *pageReader) bytes(off, n int64) ([]byte, error) {
	if off < r.base || off+n > r.base+int64(len(r.window)) {
		size := min(max(n, r.ahead), r.end-off)
		r.ahead = min(2*r.ahead, r.farthest)
		if int64(cap(r.window)) < size {
			r.window = make([]byte, size)
		}
		r.window, r.base = r.window[:size], off
		k, err := r.source.ReadAt(r.window, off)
		r.window = r.window[:k]
		if int64(k) < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return r.window[off-r.base:][:n], nil
}

// isRaw says that the payload of a page is the page as it is to be decoded.
func (r *pageReader) isRaw(h *format.PageHeader) bool {
	return r.codec == format.Uncompressed && h.Type == format.DataPage
}

// ownBytes returns n bytes of the file in a buffer of their own, with what the
// window has of them.
func (r *pageReader) ownBytes(off, n int64) ([]byte, error) {
	buf := newBuffer(int(n))
	have := 0
	if at := off - r.base; at >= 0 && at < int64(len(r.window)) {
		have = copy(buf, r.window[at:])
	}
	if have == len(buf) {
		return buf, nil
	}
	if k, err := r.source.ReadAt(buf[have:], off+int64(have)); k < len(buf)-have {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf, nil
}

func (r *pageReader) dictionary(h *format.PageHeader, payload []byte) error {
	raw, err := unpack(r.codec, payload, int(h.UncompressedPageSize), nil)
	if err != nil {
		return err
	}
	header := &h.DictionaryPageHeader.V
	if n := int(header.NumValues); n < 0 || n > len(raw) && r.column.Type().Kind() != parquet.Boolean {
		return fmt.Errorf("%d values in %d bytes", n, len(raw))
	}
	r.dict, err = r.column.DecodeDictionary(dictionaryHeader(header), raw)
	return err
}

// loadDictionary reads the dictionary of a chunk that was entered by a seek.
func (r *pageReader) loadDictionary() error {
	if r.dict != nil {
		return nil
	}
	back := r.off
	defer func() { r.off = back }()
	r.off = chunkStart(r.meta)
	h, payload, err := r.load()
	if err != nil {
		return err
	}
	if h.Type != format.DictionaryPage {
		return errors.New("no dictionary page")
	}
	return r.dictionary(h, payload)
}
