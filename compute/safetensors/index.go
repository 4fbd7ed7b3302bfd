package safetensors

import (
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// The usual names of a model's files.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// index says which file of a folder holds which tensor.
type index struct {
	total int64             // bytes of all tensors, as stated; -1: not stated
	files map[string]string // tensor to file name
}

// readIndex reads an index, which is bounded as a header is.
func readIndex(path string) (*index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxHeader+1))
	if err != nil {
		return nil, inFile(err, path, "read index")
	}
	if len(text) > MaxHeader {
		return nil, inFile(broken(RuleIndex, "", "more than %d bytes", MaxHeader), path, "")
	}
	x, err := parseIndex(text)
	if err != nil {
		return nil, inFile(err, path, "read index")
	}
	return x, nil
}

func parseIndex(text []byte) (*index, error) {
	if !utf8.Valid(text) {
		return nil, broken(RuleUTF8, "", "invalid UTF-8")
	}
	x := &index{total: -1}
	s := &scanner{text: text}
	metadata := false
	err := s.object(func(key string) error {
		switch {
		case key == "weight_map" && x.files == nil:
			return x.readFiles(s)
		case key == "metadata" && !metadata:
			metadata = true
			return x.readTotal(s)
		case key == "weight_map" || key == "metadata":
			return s.breaks(RuleDuplicate, "%s", key)
		}
		return s.skip(0)
	})
	switch {
	case err != nil:
		return nil, err
	case s.peek() != 0 || s.pos < len(text):
		return nil, s.fail("want the end, have %s", s.here())
	case x.files == nil:
		return nil, broken(RuleIndex, "", "no weight_map")
	}
	return x, nil
}

func (x *index) readFiles(s *scanner) error {
	x.files = map[string]string{}
	return s.object(func(name string) error {
		if _, dup := x.files[name]; dup {
			return broken(RuleDuplicate, name, "byte %d of the index", s.pos)
		}
		file, err := s.str()
		if err != nil {
			return err
		}
		if !plainName(file) {
			return broken(RuleIndex, name, "%s is not the plain name of a file beside the index", quoteShort(file))
		}
		x.files[name] = file
		return nil
	})
}

// readTotal reads total_size; writers of indexes put other things beside it.
func (x *index) readTotal(s *scanner) error {
	return s.object(func(key string) (err error) {
		if key != "total_size" {
			return s.skip(0)
		}
		if x.total >= 0 {
			return s.breaks(RuleDuplicate, "total_size")
		}
		x.total, err = s.number()
		return err
	})
}

// plainName refuses what could lead out of the folder on any system, and names
// that are no file's.
func plainName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 255 {
		return false
	}
	for _, c := range name {
		if c == '/' || c == '\\' || c == ':' || c < ' ' {
			return false
		}
	}
	return true
}

// skip passes over a value that no rule asks for.
func (s *scanner) skip(depth int) error {
	const deepest = 64
	if depth > deepest {
		return s.fail("nested deeper than %d", deepest)
	}
	switch c := s.peek(); c {
	case '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, err := s.str()
		return err
	}
	return s.skipWord()
}

// skipWord passes over true, false, null or any number.
func (s *scanner) skipWord() error {
	start := s.pos
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'E':
			continue
		}
		break
	}
	switch word := string(s.text[start:s.pos]); word {
	case "true", "false", "null":
		return nil
	default:
		if !jsonNumber(word) {
			s.pos = start
			return s.fail("want a value, have %s", s.here())
		}
		return nil
	}
}

// jsonNumber checks the grammar: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func jsonNumber(w string) bool {
	digits := func() int {
		n := 0
		for n < len(w) && w[n] >= '0' && w[n] <= '9' {
			n++
		}
		return n
	}
	if w != "" && w[0] == '-' {
		w = w[1:]
	}
	n := digits()
	if n == 0 || n > 1 && w[0] == '0' {
		return false
	}
	w = w[n:]
	if w != "" && w[0] == '.' {
		w = w[1:]
		if n = digits(); n == 0 {
			return false
		}
		w = w[n:]
	}
	if w != "" && (w[0] == 'e' || w[0] == 'E') {
		w = w[1:]
		if w != "" && (w[0] == '+' || w[0] == '-') {
			w = w[1:]
		}
		if n = digits(); n == 0 {
			return false
		}
		w = w[n:]
	}
	return w == ""
}
