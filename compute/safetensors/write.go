package safetensors

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Tensor is a tensor to be written. Its bytes are Data or, when Fill is set,
// what Fill writes: so tensors can be made, converted or copied one at a time
// and need not be in memory together.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte                  // little-endian, row-major
	Fill  func(w io.Writer) error // must write as many bytes as type and shape take
}

// Of makes a tensor of values in their own type. It shares their memory on
// little-endian machines and copies them elsewhere.
func Of[T Number](name string, shape []int, values []T) Tensor {
	t := Tensor{Name: name, DType: dtypeOf[T](), Shape: shape, Data: rawBytes(values)}
	if !littleEndian {
		t.Data = slices.Clone(t.Data)
		swapBytes(t.Data, wordSize(t.DType))
	}
	return t
}

// Copy makes a tensor that is written from an open file, which must stay open.
func Copy(v View) Tensor {
	return Tensor{Name: v.Name, DType: v.DType, Shape: v.Shape, Fill: func(w io.Writer) error {
		_, err := io.Copy(w, v.Reader())
		return err
	}}
}

// size checks the tensor and returns the number of its bytes.
func (t *Tensor) size() (int64, error) {
	switch {
	case t.Name == metadataKey:
		return 0, broken(RuleName, t.Name, "is taken")
	case !utf8.ValidString(t.Name):
		return 0, broken(RuleName, t.Name, "invalid UTF-8")
	case !t.DType.valid():
		return 0, broken(RuleDType, t.Name, "unknown: %v", t.DType)
	}
	n, err := byteSize(t.Name, t.DType, t.Shape)
	if err == nil && t.Fill == nil && n != int64(len(t.Data)) {
		err = broken(RuleSize, t.Name, "%v of shape %v takes %d bytes, has %d", t.DType, t.Shape, n, len(t.Data))
	}
	return n, err
}

// Write writes a file of tensors to w. The same tensors and metadata give the
// same bytes in whatever order they are passed. Nothing is written when they
// cannot make a valid file. A nil map of metadata leaves it out.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	sorted := canonical(tensors)
	head, err := encodeHeader(sorted, metadata)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.Write(head); err != nil {
		return fmt.Errorf("safetensors: write header: %w", err)
	}
	for i := range sorted {
		if err := sorted[i].write(out); err != nil {
			return writing(err, sorted[i].Name)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("safetensors: write: %w", err)
	}
	return nil
}

// Size is the number of bytes that Write would write.
func Size(tensors []Tensor, metadata map[string]string) (int64, error) {
	head, err := encodeHeader(canonical(tensors), metadata)
	total := int64(len(head))
	for i := range tensors {
		n, _ := tensors[i].size() // checked by encodeHeader
		total += n
	}
	return total, err
}

// canonical orders tensors as the reference implementation does.
func canonical(tensors []Tensor) []Tensor {
	return slices.SortedStableFunc(slices.Values(tensors), func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType, a.DType), cmp.Compare(a.Name, b.Name))
	})
}

// writing says what was being written, unless the error does.
func writing(err error, name string) error {
	var e *FormatError
	if errors.As(err, &e) {
		return inTensor(err, name)
	}
	return fmt.Errorf("safetensors: write tensor %s: %w", quoteShort(name), err)
}

func (t *Tensor) write(w io.Writer) error {
	if t.Fill == nil {
		_, err := w.Write(t.Data)
		return err
	}
	want, err := t.size()
	if err != nil {
		return err
	}
	exact := &exactWriter{w: w, left: want}
	if err := t.Fill(exact); err != nil {
		return err
	}
	if exact.left > 0 {
		return broken(RuleSize, t.Name, "takes %d bytes, was filled with %d", want, want-exact.left)
	}
	return nil
}

// exactWriter refuses more bytes than a tensor has.
type exactWriter struct {
	w    io.Writer
	left int64
}

func (e *exactWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > e.left {
		return 0, broken(RuleSize, "", "filled with more bytes than type and shape take")
	}
	n, err := e.w.Write(p)
	e.left -= int64(n)
	return n, err
}

// encodeHeader returns the length and the padded header of sorted tensors.
func encodeHeader(sorted []Tensor, metadata map[string]string) ([]byte, error) {
	b := make([]byte, 8, 8+128*(len(sorted)+1))
	b = append(b, '{')
	b, err := appendMetadata(b, metadata)
	if err != nil {
		return nil, err
	}
	names := make(map[string]struct{}, len(sorted))
	var offset int64
	for i := range sorted {
		t := &sorted[i]
		if _, dup := names[t.Name]; dup {
			return nil, broken(RuleDuplicate, t.Name, "two tensors have it")
		}
		names[t.Name] = struct{}{}
		n, err := t.size()
		if err != nil {
			return nil, err
		}
		if offset+n < offset {
			return nil, broken(RuleOverflow, t.Name, "all tensors together")
		}
		b = appendEntry(b, t, offset, offset+n)
		offset += n
	}
	b = append(b, '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	if len(b)-8 > MaxHeader {
		return nil, broken(RuleLength, "", "%d bytes, more than %d", len(b)-8, MaxHeader)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
	return b, nil
}

func appendMetadata(b []byte, metadata map[string]string) ([]byte, error) {
	if metadata == nil {
		return b, nil
	}
	b = append(b, `"`+metadataKey+`":{`...)
	for i, key := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return nil, broken(RuleMetadata, "", "%s: invalid UTF-8", quoteShort(key))
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		b = appendString(b, metadata[key])
	}
	return append(b, '}'), nil
}

func appendEntry(b []byte, t *Tensor, begin, end int64) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = appendString(b, t.Name)
	b = append(b, `:{"dtype":"`+t.DType.String()+`","shape":[`...)
	for i, n := range t.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = append(b, `],"data_offsets":[`...)
	b = strconv.AppendInt(b, begin, 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, end, 10)
	return append(b, "]}"...)
}

// appendString appends a JSON string with the escapes that must be, no others.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, fmt.Sprintf(`\u%04x`, c)...)
		}
	}
	return append(b, '"')
}
