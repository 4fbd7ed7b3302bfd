package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// shadowColumns are the leaf columns of a file with the same schema and nothing
// else. parquet-go decodes pages by a column, and decompresses them by the codec
// of the column's first chunk; columns without chunks take pages as they are.
func shadowColumns(meta *format.FileMetaData) ([]*parquet.Column, error) {
	var proto thrift.CompactProtocol
	footer, err := thrift.Marshal(&proto, &format.FileMetaData{Version: meta.Version, Schema: meta.Schema, ColumnOrders: meta.ColumnOrders})
	if err != nil {
		return nil, err
	}
	file := append([]byte("PAR1"), footer...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(footer)))
	file = append(file, "PAR1"...)
	shadow, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var columns []*parquet.Column
	var walk func(c *parquet.Column)
	walk = func(c *parquet.Column) {
		if c.Leaf() {
			columns = append(columns, c)
		}
		for _, child := range c.Columns() {
			walk(child)
		}
	}
	walk(shadow.Root())
	return columns, nil
}

// The header types of parquet-go wrap one pointer and have no constructor.

func dictionaryHeader(h *format.DictionaryPageHeader) parquet.DictionaryPageHeader {
	return *(*parquet.DictionaryPageHeader)(unsafe.Pointer(&h))
}

func headerV1(h *format.DataPageHeader) parquet.DataPageHeaderV1 {
	return *(*parquet.DataPageHeaderV1)(unsafe.Pointer(&h))
}

func headerV2(h *format.DataPageHeaderV2) parquet.DataPageHeaderV2 {
	return *(*parquet.DataPageHeaderV2)(unsafe.Pointer(&h))
}

// decode turns the payload of a data page into a page.
func (r *pageReader) decode(h *format.PageHeader, payload []byte) (dataPage, error) {
	raw, head, err := r.unpackData(h, payload)
	if err != nil {
		return dataPage{}, err
	}
	var page parquet.Page
	if h.Type == format.DataPage {
		v1 := &h.DataPageHeader.V
		if err = r.checkV1(v1, raw); err == nil {
			page, err = r.column.DecodeDataPageV1(headerV1(v1), raw, r.dict)
		}
	} else {
		v2 := &h.DataPageHeaderV2.V
		if err = r.checkV2(v2, raw, head); err == nil {
			page, err = r.column.DecodeDataPageV2(headerV2(v2), raw, r.dict)
		}
	}
	if err != nil {
		return dataPage{}, err
	}
	return dataPage{page, raw}, nil
}

// unpackData decompresses a page. The levels of a page of version 2 stand in front
// of the rest, never compressed: head is how long they are.
func (r *pageReader) unpackData(h *format.PageHeader, payload []byte) (raw []byte, head int, err error) {
	codec := r.codec
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		if r.isRaw(h) {
			if len(payload) != int(h.UncompressedPageSize) {
				return nil, 0, fmt.Errorf("page of %d bytes, not %d", len(payload), h.UncompressedPageSize)
			}
			return payload, 0, nil
		}
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		v2 := &h.DataPageHeaderV2.V
		n := int64(v2.RepetitionLevelsByteLength) + int64(v2.DefinitionLevelsByteLength)
		if v2.RepetitionLevelsByteLength < 0 || v2.DefinitionLevelsByteLength < 0 ||
			n > int64(len(payload)) || n > int64(h.UncompressedPageSize) {
			return nil, 0, fmt.Errorf("levels of %d bytes in a page of %d", n, len(payload))
		}
		head = int(n)
		if v2.IsCompressed.Valid && !v2.IsCompressed.V {
			codec = format.Uncompressed
		}
	default:
		return nil, 0, errors.New("page without its header")
	}
	raw, err = unpack(codec, payload[head:], int(h.UncompressedPageSize)-head, payload[:head])
	return raw, head, err
}

func (r *pageReader) checkCount(n int32) error {
	if n < 0 || n > maxPageValues || int64(n) > r.meta.NumValues {
		return fmt.Errorf("page of %d values in a column of %d", n, r.meta.NumValues)
	}
	return nil
}

// checkV1 adds up the runs of the levels and looks at the values behind them.
func (r *pageReader) checkV1(h *format.DataPageHeader, raw []byte) error {
	if err := r.checkCount(h.NumValues); err != nil {
		return err
	}
	for _, level := range []struct {
		max      int
		encoding format.Encoding
	}{
		{r.column.MaxRepetitionLevel(), h.RepetitionLevelEncoding},
		{r.column.MaxDefinitionLevel(), h.DefinitionLevelEncoding},
	} {
		if level.max == 0 {
			continue
		}
		if level.encoding != format.RLE {
			return fmt.Errorf("levels in %v", level.encoding)
		}
		if len(raw) < 4 || uint64(binary.LittleEndian.Uint32(raw)) > uint64(len(raw)-4) {
			return errors.New("levels reach beyond their page")
		}
		n := 4 + int(binary.LittleEndian.Uint32(raw))
		if err := checkRuns(raw[4:n], bits.Len(uint(level.max)), h.NumValues); err != nil {
			return err
		}
		raw = raw[n:]
	}
	return r.checkValues(h.Encoding, h.NumValues, raw)
}

func (r *pageReader) checkV2(h *format.DataPageHeaderV2, raw []byte, head int) error {
	if err := r.checkCount(h.NumValues); err != nil {
		return err
	}
	repetition, definition := raw[:h.RepetitionLevelsByteLength], raw[h.RepetitionLevelsByteLength:head]
	err := errors.Join(
		checkRuns(repetition, bits.Len(uint(r.column.MaxRepetitionLevel())), h.NumValues),
		checkRuns(definition, bits.Len(uint(r.column.MaxDefinitionLevel())), h.NumValues),
	)
	if err != nil {
		return err
	}
	return r.checkValues(h.Encoding, h.NumValues, raw[head:])
}

// checkValues looks at counts that encodings carry in front of their values, and
// loads the dictionary if the values point into it.
func (r *pageReader) checkValues(e format.Encoding, n int32, raw []byte) error {
	switch e {
	case format.PlainDictionary, format.RLEDictionary:
		if err := r.loadDictionary(); err != nil {
			return fmt.Errorf("dictionary: %w", err)
		}
		if len(raw) == 0 {
			return nil
		}
		return checkRuns(raw[1:], int(raw[0]), n)
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		return checkDelta(raw, n)
	case format.RLE: // of booleans, behind their length
		if len(raw) < 4 {
			return nil
		}
		return checkRuns(raw[4:], 1, n)
	default:
		return nil
	}
}

// runPadding is how many values the last bit-packed run may have too many.
// Writers pad to 8, or to their own blocks.
const runPadding = 1024

// checkRuns adds up the runs of the RLE and bit-packed hybrid.
func checkRuns(b []byte, width int, n int32) error {
	var total uint64
	for len(b) > 0 {
		header, k := binary.Uvarint(b)
		if k <= 0 {
			return errors.New("run without length")
		}
		b = b[k:]
		count, size := header>>1, uint64(width+7)/8
		if header&1 == 1 {
			size = count * uint64(width)
			count *= 8
		}
		total += count
		if count > maxPageValues || total > uint64(n)+runPadding || size > uint64(len(b)) {
			return fmt.Errorf("runs of more than %d values", n)
		}
		b = b[size:]
	}
	return nil
}

// checkDelta looks at the header of delta-encoded values: block size, miniblocks,
// count.
func checkDelta(b []byte, n int32) error {
	for _, limit := range []uint64{1 << 20, 1 << 16, uint64(n)} {
		v, k := binary.Uvarint(b)
		if k <= 0 || v > limit {
			return fmt.Errorf("delta encoding of more than %d values", n)
		}
		b = b[k:]
	}
	return nil
}
