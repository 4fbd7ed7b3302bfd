package parquetio

import (
	"encoding/binary"
	"errors"
)

// Types of Thrift's compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const maxThriftDepth = 32

var errThrift = errors.New("lengths in metadata exceed its size")

// checkThrift walks one Thrift struct and refuses it if a length or count in it
// exceeds what is left of b. parquet-go allocates what a count asks for before
// it looks for the elements; a flipped byte could so ask for all memory, which
// no recover survives.
func checkThrift(b []byte) error {
	_, err := thriftSize(b)
	return err
}

// thriftSize is the number of bytes that the struct at the start of b takes.
func thriftSize(b []byte) (int, error) {
	w := thriftWalk{b: b}
	if w.structure(0); w.bad {
		return 0, errThrift
	}
	return len(b) - len(w.b), nil
}

type thriftWalk struct {
	b   []byte
	bad bool
}

func (w *thriftWalk) fail() { w.bad, w.b = true, nil }

func (w *thriftWalk) byte() byte {
	if len(w.b) == 0 {
		w.fail()
		return 0
	}
	c := w.b[0]
	w.b = w.b[1:]
	return c
}

func (w *thriftWalk) varint() uint64 {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		w.fail()
		return 0
	}
	w.b = w.b[n:]
	return v
}

func (w *thriftWalk) skip(n uint64) {
	if n > uint64(len(w.b)) {
		w.fail()
		return
	}
	w.b = w.b[n:]
}

func (w *thriftWalk) structure(depth int) {
	if depth > maxThriftDepth {
		w.fail()
	}
	for !w.bad {
		header := w.byte()
		typ := header & 0x0F
		if typ == thriftStop {
			return
		}
		if header>>4 == 0 {
			w.varint() // field id
		}
		if typ != thriftTrue && typ != thriftFalse { // a boolean field is its type
			w.value(typ, depth)
		}
	}
}

func (w *thriftWalk) value(typ byte, depth int) {
	switch typ {
	case thriftTrue, thriftFalse, thriftByte:
		w.skip(1)
	case thriftI16, thriftI16 + 1, thriftI64:
		w.varint()
	case thriftDouble:
		w.skip(8)
	case thriftBinary:
		w.skip(w.varint())
	case thriftList, thriftSet:
		w.list(depth)
	case thriftMap:
		w.mapping(depth)
	case thriftStruct:
		w.structure(depth + 1)
	default:
		w.fail()
	}
}

func (w *thriftWalk) list(depth int) {
	header := w.byte()
	n := uint64(header >> 4)
	if n == 15 {
		n = w.varint()
	}
	w.values(n, header&0x0F, depth)
}

func (w *thriftWalk) mapping(depth int) {
	n := w.varint()
	if n == 0 {
		return
	}
	types := w.byte()
	if n > uint64(len(w.b)) {
		w.fail()
	}
	for ; n > 0 && !w.bad; n-- {
		w.value(types>>4, depth+1)
		w.value(types&0x0F, depth+1)
	}
}

// values walks the elements of a list: each takes at least a byte.
func (w *thriftWalk) values(n uint64, typ byte, depth int) {
	if n > uint64(len(w.b)) || depth > maxThriftDepth {
		w.fail()
	}
	for ; n > 0 && !w.bad; n-- {
		w.value(typ, depth+1)
	}
}
