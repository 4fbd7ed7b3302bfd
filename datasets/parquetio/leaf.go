package parquetio

import (
	"errors"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

var (
	errRepeated = errors.New("is a list or map, not a flat column")
	errPhysical = errors.New("has a type that is not supported")
)

// A leaf is a column with values, and how its values become Arrow's.
type leaf struct {
	path        string
	index       int // among the leaves of a row group
	typ         arrow.DataType
	width       int  // bytes a value of fixed width takes; 0 for strings and booleans
	maxLevel    byte // definition level of a value that is not null
	unsupported error
}

func leavesOf(root *parquet.Column) map[string]*leaf {
	leaves := make(map[string]*leaf)
	var walk func(c *parquet.Column)
	walk = func(c *parquet.Column) {
		if c.Leaf() {
			leaves[dotted(c.Path())] = leafOf(c)
		}
		for _, child := range c.Columns() {
			walk(child)
		}
	}
	walk(root)
	return leaves
}

func leafOf(c *parquet.Column) *leaf {
	l := &leaf{path: dotted(c.Path()), index: c.Index(), maxLevel: byte(c.MaxDefinitionLevel())}
	if c.MaxRepetitionLevel() > 0 {
		l.unsupported = errRepeated
		return l
	}
	l.typ = arrowType(c.Type())
	switch t := l.typ.(type) {
	case nil:
		l.unsupported = errPhysical
	case arrow.FixedWidthDataType:
		if t.ID() != arrow.BOOL {
			l.width = t.BitWidth() / 8
		}
	}
	return l
}

// arrowType maps what Arrow can hold over the same bytes; nil is anything else.
// Small integers stay 32 bits wide, as Parquet stores them.
func arrowType(t parquet.Type) arrow.DataType {
	var logical any
	if lt := t.LogicalType(); lt != nil {
		logical = lt.Value
	}
	switch t.Kind() {
	case parquet.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case parquet.Int32:
		return int32Type(logical)
	case parquet.Int64:
		return int64Type(logical)
	case parquet.Float:
		return arrow.PrimitiveTypes.Float32
	case parquet.Double:
		return arrow.PrimitiveTypes.Float64
	case parquet.ByteArray:
		return bytesType(logical)
	case parquet.FixedLenByteArray:
		return &arrow.FixedSizeBinaryType{ByteWidth: t.Length()}
	default:
		return nil
	}
}

func int32Type(logical any) arrow.DataType {
	switch t := logical.(type) {
	case *format.DateType:
		return arrow.FixedWidthTypes.Date32
	case *format.IntType:
		if !t.IsSigned {
			return arrow.PrimitiveTypes.Uint32
		}
	}
	return arrow.PrimitiveTypes.Int32
}

func int64Type(logical any) arrow.DataType {
	switch t := logical.(type) {
	case *format.TimestampType:
		return timestampType(t)
	case *format.IntType:
		if !t.IsSigned {
			return arrow.PrimitiveTypes.Uint64
		}
	}
	return arrow.PrimitiveTypes.Int64
}

func timestampType(t *format.TimestampType) arrow.DataType {
	ts := &arrow.TimestampType{Unit: arrow.Microsecond}
	switch t.Unit.Value.(type) {
	case *format.MilliSeconds:
		ts.Unit = arrow.Millisecond
	case *format.NanoSeconds:
		ts.Unit = arrow.Nanosecond
	}
	if t.IsAdjustedToUTC {
		ts.TimeZone = "UTC"
	}
	return ts
}

func bytesType(logical any) arrow.DataType {
	switch logical.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return arrow.BinaryTypes.String
	default:
		return arrow.BinaryTypes.Binary
	}
}
