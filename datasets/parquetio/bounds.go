package parquetio

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// truncated is how many characters of a string, or bytes of a binary, a bound
// keeps: Iceberg's default metrics mode.
const truncated = 16

// Bounds are a column's statistics as Iceberg's manifests hold them. Lower and
// Upper are in Iceberg's single-value binary serialisation, which for our types
// is Parquet's PLAIN encoding without length; strings and binaries are cut to 16
// characters or bytes, the upper bound rounded up. They are nil if there is no
// bound: only nulls, a NaN, or a column without bounds.
type Bounds struct {
	Lower, Upper []byte
	Nulls        int64
	Values       int64 // nulls included
	Bytes        int64 // compressed
}

// leafElements are the leaves of a schema, in column order.
func leafElements(meta *format.FileMetaData) []*format.SchemaElement {
	var leaves []*format.SchemaElement
	for i := range meta.Schema {
		if meta.Schema[i].Type.Valid {
			leaves = append(leaves, &meta.Schema[i])
		}
	}
	return leaves
}

// fileBounds merges the statistics of all row groups.
func fileBounds(meta *format.FileMetaData) map[int]Bounds {
	columns := make(map[int]Bounds)
	for i, leaf := range leafElements(meta) {
		if leaf.FieldID != 0 {
			columns[int(leaf.FieldID)] = columnBounds(meta, i, leaf)
		}
	}
	return columns
}

func columnBounds(meta *format.FileMetaData, column int, leaf *format.SchemaElement) Bounds {
	kind := parquet.Kind(leaf.Type.V)
	var b Bounds
	known := true
	for g := range meta.RowGroups {
		c := &meta.RowGroups[g].Columns[column].MetaData
		b.Values += c.NumValues
		b.Nulls += c.Statistics.NullCount
		b.Bytes += c.TotalCompressedSize
		lower, upper := c.Statistics.MinValue, c.Statistics.MaxValue
		switch {
		case c.Statistics.NullCount == c.NumValues: // only nulls: no bounds needed
		case lower == nil || upper == nil || isNaN(kind, lower) || isNaN(kind, upper):
			known = false
		default:
			b.widen(kind, lower, upper)
		}
	}
	if !known {
		b.Lower, b.Upper = nil, nil
	}
	return b.truncate(kind, isText(leaf))
}

func (b *Bounds) widen(kind parquet.Kind, lower, upper []byte) {
	if b.Lower == nil || compare(kind, lower, b.Lower) < 0 {
		b.Lower = bytes.Clone(lower)
	}
	if b.Upper == nil || compare(kind, upper, b.Upper) > 0 {
		b.Upper = bytes.Clone(upper)
	}
}

func compare(kind parquet.Kind, a, b []byte) int {
	return parquetType(kind).Compare(kind.Value(a), kind.Value(b))
}

func parquetType(kind parquet.Kind) parquet.Type {
	switch kind {
	case parquet.Boolean:
		return parquet.BooleanType
	case parquet.Int32:
		return parquet.Int32Type
	case parquet.Int64:
		return parquet.Int64Type
	case parquet.Float:
		return parquet.FloatType
	case parquet.Double:
		return parquet.DoubleType
	default:
		return parquet.ByteArrayType
	}
}

func isNaN(kind parquet.Kind, v []byte) bool {
	switch kind {
	case parquet.Float:
		return math.IsNaN(float64(kind.Value(v).Float()))
	case parquet.Double:
		return math.IsNaN(kind.Value(v).Double())
	default:
		return false
	}
}

func isText(leaf *format.SchemaElement) bool {
	_, text := leaf.LogicalType.Value.(*format.StringType)
	return text || leaf.ConvertedType.Valid && leaf.ConvertedType.V == deprecated.UTF8
}

// truncate cuts strings and binaries. Fixed-length values stay whole, as
// Iceberg wants fixed and uuid.
func (b Bounds) truncate(kind parquet.Kind, text bool) Bounds {
	if kind != parquet.ByteArray || b.Lower == nil {
		return b
	}
	if text {
		b.Lower, b.Upper = truncateText(b.Lower), roundUpText(b.Upper)
	} else {
		b.Lower, b.Upper = b.Lower[:min(truncated, len(b.Lower))], roundUpBytes(b.Upper)
	}
	return b
}

// truncateText is the first characters of s: a prefix sorts before the whole.
func truncateText(s []byte) []byte {
	end := 0
	for range truncated {
		if end == len(s) {
			break
		}
		_, n := utf8.DecodeRune(s[end:])
		end += n
	}
	return s[:end]
}

// roundUpText is the least string of at most 16 characters that sorts at or
// after everything that starts like s: the last character that has a successor
// is replaced by it. There is none for a run of U+10FFFF.
func roundUpText(s []byte) []byte {
	head := truncateText(s)
	if len(head) == len(s) {
		return s
	}
	for len(head) > 0 {
		r, n := utf8.DecodeLastRune(head)
		head = head[:len(head)-n]
		if next, ok := nextRune(r); ok {
			return utf8.AppendRune(bytes.Clone(head), next)
		}
	}
	return nil
}

func nextRune(r rune) (rune, bool) {
	switch r {
	case utf8.MaxRune:
		return 0, false
	case 0xD7FF: // surrogates are no characters
		return 0xE000, true
	default:
		return r + 1, true
	}
}

// roundUpBytes is roundUpText for binaries.
func roundUpBytes(s []byte) []byte {
	if len(s) <= truncated {
		return s
	}
	head := bytes.Clone(s[:truncated])
	for i := len(head) - 1; i >= 0; i-- {
		if head[i] != 0xFF {
			head[i]++
			return head[:i+1]
		}
	}
	return nil
}

// splits are the offsets where row groups start.
func splits(meta *format.FileMetaData) []int64 {
	var offsets []int64
	for g := range meta.RowGroups {
		offsets = append(offsets, chunkStart(&meta.RowGroups[g].Columns[0].MetaData))
	}
	return offsets
}

// chunkStart is where a column chunk begins: at its dictionary, if it has one.
func chunkStart(meta *format.ColumnMetaData) int64 {
	if meta.DictionaryPageOffset != 0 {
		return min(meta.DictionaryPageOffset, meta.DataPageOffset)
	}
	return meta.DataPageOffset
}
