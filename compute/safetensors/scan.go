package safetensors

import (
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON that a stranger wrote, without building values and without
// recursion into what no rule asks for. A general JSON package hides what
// matters here: it keeps the last of two equal keys, allows exponents in
// integers and replaces broken escapes. The text must be valid UTF-8.
type scanner struct {
	text []byte
	pos  int
}

func (s *scanner) fail(format string, args ...any) error {
	return s.breaks(RuleJSON, format, args...)
}

func (s *scanner) breaks(rule Rule, format string, args ...any) error {
	return broken(rule, "", "byte %d of the header: %s", s.pos, fmt.Sprintf(format, args...))
}

// peek skips white space and returns the next byte, 0 at the end. A NUL in the
// text is not white space and fits nowhere either.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// accept takes the byte c if it is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) expect(c byte) error {
	if s.accept(c) {
		return nil
	}
	return s.fail("want %q, have %s", c, s.here())
}

// here names what is next, for messages.
func (s *scanner) here() string {
	if s.pos >= len(s.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRune(s.text[s.pos:])
	return fmt.Sprintf("%q", r)
}

// object calls each for every key of an object; each must consume the value.
// It does not look for equal keys: what they mean is each's business.
func (s *scanner) object(each func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.accept('}') {
		return nil
	}
	for {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if s.accept('}') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// array calls each for every element of an array; each must consume it.
func (s *scanner) array(each func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.accept(']') {
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if s.accept(']') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// str reads a string. It allocates no more than the string takes in the text.
func (s *scanner) str() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	start := s.pos
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return string(s.text[start : s.pos-1]), nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.fail("control character %q in a string", c)
		}
	}
	return "", s.fail("a string does not end")
}

// escaped goes on with a string that began at start and has an escape at pos.
func (s *scanner) escaped(start int) (string, error) {
	out := append([]byte(nil), s.text[start:s.pos]...)
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(out), nil
		case c < ' ':
			return "", s.fail("control character %q in a string", c)
		case c != '\\':
			out = append(out, c)
			s.pos++
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
	}
	return "", s.fail("a string does not end")
}

// escape reads an escape sequence, of which a pair of surrogates is one.
func (s *scanner) escape() (rune, error) {
	if s.pos+1 >= len(s.text) {
		return 0, s.fail("a string does not end")
	}
	c := s.text[s.pos+1]
	if c == 'u' {
		return s.unicode()
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(from) {
		if from[i] == c {
			s.pos += 2
			return rune(to[i]), nil
		}
	}
	return 0, s.fail("unknown escape in a string")
}

func (s *scanner) unicode() (rune, error) {
	hi, ok := s.hex4(s.pos)
	if !ok {
		return 0, s.fail("\\u needs four hexadecimal digits")
	}
	if !utf16.IsSurrogate(hi) {
		s.pos += 6
		return hi, nil
	}
	lo, ok := s.hex4(s.pos + 6)
	r := utf16.DecodeRune(hi, lo)
	if !ok || r == utf8.RuneError {
		return 0, s.fail("half a surrogate pair")
	}
	s.pos += 12
	return r, nil
}

// hex4 reads \uXXXX at a place of the text.
func (s *scanner) hex4(at int) (rune, bool) {
	if at+6 > len(s.text) || s.text[at] != '\\' || s.text[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.text[at+2 : at+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads a whole number from 0 to 2^63-1: digits alone, and no zero before
// others.
func (s *scanner) number() (int64, error) {
	switch c := s.peek(); {
	case c == '-':
		return 0, s.breaks(RuleNumber, "negative")
	case c < '0' || c > '9':
		return 0, s.breaks(RuleNumber, "want a number, have %s", s.here())
	}
	start, n := s.pos, uint64(0)
	for ; s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9'; s.pos++ {
		d := uint64(s.text[s.pos] - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, s.breaks(RuleNumber, "above 2^63-1")
		}
		n = n*10 + d
	}
	if s.text[start] == '0' && s.pos > start+1 {
		return 0, s.breaks(RuleNumber, "leading zero")
	}
	if s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '.', 'e', 'E':
			return 0, s.breaks(RuleNumber, "fraction or exponent")
		}
	}
	return int64(n), nil
}
