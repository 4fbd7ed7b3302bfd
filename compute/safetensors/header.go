package safetensors

import (
	"cmp"
	"errors"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// MaxHeader is the size of the largest header that the format allows.
const MaxHeader = 100_000_000

const metadataKey = "__metadata__"

// entry is what a header says of one tensor.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64 // within the buffer
}

// header is a parsed header that obeys every rule.
type header struct {
	metadata map[string]string // nil: none
	entries  []entry           // in the order of their bytes
	index    map[string]int    // name to place in entries
}

// parseHeader parses the header of a file whose buffer has size bytes.
func parseHeader(text []byte, size int64) (*header, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, broken(RuleStart, "", "want '{'")
	}
	if !utf8.Valid(text) {
		return nil, broken(RuleUTF8, "", "invalid UTF-8")
	}
	h := &header{index: map[string]int{}}
	s := &scanner{text: text}
	if err := s.object(func(key string) error { return h.member(s, key) }); err != nil {
		return nil, err
	}
	for ; s.pos < len(text); s.pos++ {
		if text[s.pos] != ' ' {
			return nil, s.fail("want spaces to the end, have %s", s.here())
		}
	}
	if err := h.layOut(size); err != nil {
		return nil, err
	}
	return h, nil
}

// member reads one member of the header's object.
func (h *header) member(s *scanner, key string) error {
	if key == metadataKey {
		return h.readMetadata(s)
	}
	if _, dup := h.index[key]; dup {
		return broken(RuleDuplicate, key, "byte %d of the header", s.pos)
	}
	e := entry{name: key}
	if err := e.read(s); err != nil {
		return inTensor(err, key)
	}
	if err := e.check(); err != nil {
		return err
	}
	h.index[key] = len(h.entries)
	h.entries = append(h.entries, e)
	return nil
}

// inTensor adds the tensor's name to an error of the scanner.
func inTensor(err error, name string) error {
	var e *FormatError
	if errors.As(err, &e) && e.Tensor == "" {
		e.Tensor = name
	}
	return err
}

func (h *header) readMetadata(s *scanner) error {
	if h.metadata != nil {
		return broken(RuleDuplicate, metadataKey, "byte %d of the header", s.pos)
	}
	if s.peek() != '{' {
		return s.breaks(RuleMetadata, "want an object, have %s", s.here())
	}
	h.metadata = map[string]string{}
	return s.object(func(key string) error {
		if _, dup := h.metadata[key]; dup {
			return s.breaks(RuleDuplicate, "metadata %s", quoteShort(key))
		}
		if s.peek() != '"' {
			return s.breaks(RuleMetadata, "%s: want a string, have %s", quoteShort(key), s.here())
		}
		value, err := s.str()
		h.metadata[key] = value
		return err
	})
}

// read reads a tensor's object, in which each of three fields stands once.
func (e *entry) read(s *scanner) error {
	var dtype, shape, offsets int
	err := s.object(func(field string) error {
		switch field {
		case "dtype":
			dtype++
			return e.readDType(s)
		case "shape":
			shape++
			return e.readShape(s)
		case "data_offsets":
			offsets++
			return e.readOffsets(s)
		}
		return s.breaks(RuleField, "unknown field %s", quoteShort(field))
	})
	if err == nil && (dtype != 1 || shape != 1 || offsets != 1) {
		err = s.breaks(RuleField, "want dtype, shape and data_offsets once each, have them %d, %d and %d times", dtype, shape, offsets)
	}
	return err
}

func (e *entry) readDType(s *scanner) error {
	if s.peek() != '"' {
		return s.breaks(RuleDType, "want a string, have %s", s.here())
	}
	name, err := s.str()
	if err != nil {
		return err
	}
	var ok bool
	if e.dtype, ok = ParseDType(name); !ok {
		return s.breaks(RuleDType, "unknown: %s", quoteShort(name))
	}
	return nil
}

func (e *entry) readShape(s *scanner) error {
	e.shape = []int{}
	return s.array(func() error {
		n, err := s.number()
		if err == nil && n > math.MaxInt {
			err = s.breaks(RuleNumber, "%d is above this machine's largest int", n)
		}
		e.shape = append(e.shape, int(n))
		return err
	})
}

func (e *entry) readOffsets(s *scanner) error {
	count := 0
	err := s.array(func() error {
		n, err := s.number()
		switch count++; count {
		case 1:
			e.begin = n
		case 2:
			e.end = n
		}
		return err
	})
	if err == nil && count != 2 {
		err = s.breaks(RuleOffsets, "want two, have %d", count)
	}
	return err
}

// check holds offsets against type and shape.
func (e *entry) check() error {
	if e.end < e.begin {
		return broken(RuleOffsets, e.name, "ends at %d, before its begin at %d", e.end, e.begin)
	}
	size, err := byteSize(e.name, e.dtype, e.shape)
	if err != nil {
		return err
	}
	if e.end-e.begin != size {
		return broken(RuleSize, e.name, "%v of shape %v takes %d bytes, the offsets give %d", e.dtype, e.shape, size, e.end-e.begin)
	}
	return nil
}

// byteSize is the number of bytes of a tensor. The product over the shape is
// taken from the left and may not overflow on the way, even when a zero follows.
func byteSize(name string, dtype DType, shape []int) (int64, error) {
	count := uint64(1)
	for _, n := range shape {
		if n < 0 {
			return 0, broken(RuleNumber, name, "negative size in shape %v", shape)
		}
		hi, lo := bits.Mul64(count, uint64(n))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, broken(RuleOverflow, name, "shape %v", shape)
		}
		count = lo
	}
	hi, total := bits.Mul64(count, uint64(dtype.Bits()))
	if hi != 0 || total > math.MaxInt64 {
		return 0, broken(RuleOverflow, name, "shape %v of %d bits each", shape, dtype.Bits())
	}
	if total%8 != 0 {
		return 0, broken(RuleSubByte, name, "shape %v of %d bits each does not fill whole bytes", shape, dtype.Bits())
	}
	return int64(total / 8), nil
}

// layOut sorts the tensors by their bytes and checks that they tile the buffer.
func (h *header) layOut(size int64) error {
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var at int64
	for i, e := range h.entries {
		h.index[e.name] = i
		switch {
		case e.end > size:
			return broken(RulePastEnd, e.name, "ends at %d, the buffer at %d", e.end, size)
		case e.begin < at:
			return broken(RuleOverlap, e.name, "begins at %d, within tensor %s", e.begin, quoteShort(h.entries[i-1].name))
		case e.begin > at:
			return broken(RuleHole, e.name, "begins at %d, the one before it ends at %d", e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return broken(RuleTrailing, "", "the last tensor ends at %d, the buffer at %d", at, size)
	}
	return nil
}
