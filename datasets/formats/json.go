package formats

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// maxDepth is how deep JSON may nest, as in encoding/json.
const maxDepth = 10000

// A jsonValue is where the value of a wanted field lies in the line.
type jsonValue struct {
	kind       byte // first byte of the value: " { [ t f n, 0 for a number, '-' never
	found      bool
	start, end int  // of a string without its quotes
	escaped    bool // the string has escapes
}

// A jsonKey is a node of the tree of wanted paths.
type jsonKey struct {
	name     string
	children []*jsonKey
	value    int // index of the wanted value, -1 for a step on the way
}

// A jsonScanner checks that a line is one JSON value (RFC 8259, nothing more) and
// notes where the wanted fields are, in one pass. Of keys that occur twice the
// last one counts, as in Python's json.
type jsonScanner struct {
	root   *jsonKey
	values []jsonValue
	b      []byte // the line and a zero byte behind it
	bad    int    // offset of the first byte that is no JSON
	key    []byte
}

func newJSONScanner(paths []string) *jsonScanner {
	s := &jsonScanner{root: &jsonKey{value: -1}, values: make([]jsonValue, len(paths))}
	for i, path := range paths {
		if path == "" {
			continue
		}
		s.root.add([]string{path}, i)
		if steps := strings.Split(path, "."); len(steps) > 1 {
			s.root.add(steps, i)
		}
	}
	return s
}

func (k *jsonKey) add(steps []string, value int) {
	for _, step := range steps {
		child := k.child([]byte(step))
		if child == nil {
			child = &jsonKey{name: step, value: -1}
			k.children = append(k.children, child)
		}
		k = child
	}
	k.value = value
}

func (k *jsonKey) child(name []byte) *jsonKey {
	for _, c := range k.children {
		if c.name == string(name) {
			return c
		}
	}
	return nil
}

// scan reads a line of n bytes; b has at least one byte more, which it
// overwrites. It returns the offset of the first byte that is no JSON, or -1, and
// whether the value is an object.
func (s *jsonScanner) scan(b []byte, n int) (bad int, object bool) {
	b = b[:n+1]
	b[n] = 0 // ends every loop: no JSON has a zero byte
	s.b = b
	clear(s.values)
	i := s.space(0)
	object = b[i] == '{'
	if object {
		i = s.object(i+1, 1, s.root)
	} else {
		i = s.value(i, 1, nil)
	}
	if i < 0 {
		return s.bad, object
	}
	if i = s.space(i); i != n {
		return i, object
	}
	return -1, object
}

func (s *jsonScanner) fail(i int) int {
	s.bad = i
	return -1
}

func (s *jsonScanner) space(i int) int {
	for {
		switch s.b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		default:
			return i
		}
	}
}

// object reads on behind an opening brace and returns the index behind the
// closing one, or -1, as all of these do.
func (s *jsonScanner) object(i, depth int, node *jsonKey) int {
	if depth > maxDepth {
		return s.fail(i)
	}
	if i = s.space(i); s.b[i] == '}' {
		return i + 1
	}
	for {
		if s.b[i] != '"' {
			return s.fail(i)
		}
		end, escaped := s.str(i + 1)
		if end < 0 {
			return end
		}
		child := s.lookup(node, i+1, end, escaped)
		if i = s.space(end + 1); s.b[i] != ':' {
			return s.fail(i)
		}
		if i = s.value(s.space(i+1), depth, child); i < 0 {
			return i
		}
		i = s.space(i)
		switch s.b[i] {
		case ',':
			i = s.space(i + 1)
		case '}':
			return i + 1
		default:
			return s.fail(i)
		}
	}
}

// lookup finds the wanted key and forgets what an earlier key of that name had.
func (s *jsonScanner) lookup(node *jsonKey, start, end int, escaped bool) *jsonKey {
	if node == nil {
		return nil
	}
	name := s.b[start:end]
	if escaped {
		var reason string
		if s.key, _, reason = unescape(s.key[:0], name); reason != "" {
			return nil // no wanted name has such characters
		}
		name = s.key
	}
	child := node.child(name)
	if child != nil {
		s.forget(child)
	}
	return child
}

func (s *jsonScanner) forget(k *jsonKey) {
	if k.value >= 0 {
		s.values[k.value] = jsonValue{}
	}
	for _, c := range k.children {
		s.forget(c)
	}
}

func (s *jsonScanner) array(i, depth int) int {
	if depth > maxDepth {
		return s.fail(i)
	}
	if i = s.space(i); s.b[i] == ']' {
		return i + 1
	}
	for {
		if i = s.value(i, depth, nil); i < 0 {
			return i
		}
		i = s.space(i)
		switch s.b[i] {
		case ',':
			i = s.space(i + 1)
		case ']':
			return i + 1
		default:
			return s.fail(i)
		}
	}
}

// value reads one value and notes it if key is a wanted field.
func (s *jsonScanner) value(i, depth int, key *jsonKey) int {
	v := jsonValue{kind: s.b[i], found: true, start: i}
	var end int
	switch s.b[i] {
	case '"':
		v.start = i + 1
		if v.end, v.escaped = s.str(i + 1); v.end < 0 {
			return -1
		}
		end = v.end + 1
	case '{':
		end = s.object(i+1, depth+1, key)
	case '[':
		end = s.array(i+1, depth+1)
	case 't':
		end = s.literal(i, "true")
	case 'f':
		end = s.literal(i, "false")
	case 'n':
		end = s.literal(i, "null")
	default:
		v.kind = 0
		end = s.number(i)
		v.end = end
	}
	if end >= 0 && key != nil && key.value >= 0 {
		s.values[key.value] = v
	}
	return end
}

func (s *jsonScanner) literal(i int, word string) int {
	for j := range len(word) {
		if s.b[i+j] != word[j] {
			return s.fail(i + j)
		}
	}
	return i + len(word)
}

func (s *jsonScanner) number(i int) int {
	if s.b[i] == '-' {
		i++
	}
	switch c := s.b[i]; {
	case c == '0':
		i++
	case '1' <= c && c <= '9':
		i = s.digits(i)
	default:
		return s.fail(i)
	}
	if s.b[i] == '.' {
		if i++; !isDigit(s.b[i]) {
			return s.fail(i)
		}
		i = s.digits(i)
	}
	if s.b[i]|0x20 == 'e' {
		i++
		if s.b[i] == '+' || s.b[i] == '-' {
			i++
		}
		if !isDigit(s.b[i]) {
			return s.fail(i)
		}
		i = s.digits(i)
	}
	return i
}

func (s *jsonScanner) digits(i int) int {
	for isDigit(s.b[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// str reads on behind an opening quote and returns the index of the closing one.
// It looks at eight bytes at a time: a byte below 0x20, a quote or a backslash
// leaves its high bit set, and the lowest such bit is never a false one.
func (s *jsonScanner) str(i int) (end int, escaped bool) {
	b := s.b
	for {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			quote, slash := x^(ones*'"'), x^(ones*'\\')
			hit := ((x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highs
			if hit != 0 {
				i += bits.TrailingZeros64(hit) / 8
				break
			}
			i += 8
		}
		switch c := b[i]; {
		case c == '"':
			return i, escaped
		case c < 0x20:
			return s.fail(i), false
		case c == '\\':
			escaped = true
			if i = s.escape(i + 1); i < 0 {
				return -1, false
			}
		default:
			i++
		}
	}
}

// escape reads on behind a backslash.
func (s *jsonScanner) escape(i int) int {
	switch s.b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for j := i + 1; j < i+5; j++ {
			if unhex(s.b[j]) < 0 {
				return s.fail(j)
			}
		}
		return i + 5
	default:
		return s.fail(i)
	}
}

func unhex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	default:
		return -1
	}
}
