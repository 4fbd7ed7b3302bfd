package formats

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// A rowParser cuts rows out of a stream of bytes.
type rowParser interface {
	// next returns a row, or the fault of one, and its number. An error of the
	// stream comes after all rows that end before it.
	next(row *Row) (number int64, bad *fault, err error)
	lines() int64 // what the numbers have counted so far
	begin() int64 // offset in the stream at which the last row started
}

const (
	fieldID = iota
	fieldText
	fieldSource
	fieldCount
)

// jsonl parses JSON Lines.
type jsonl struct {
	in      *lines
	scanner *jsonScanner
	fields  FieldMap
	text    []byte // the unescaped text, reused
	other   []byte
	source  string // of the last row: sources repeat
}

func newJSONL(r io.Reader, opt Options) *jsonl {
	return &jsonl{
		in:      newLines(r, opt.MaxRowBytes),
		scanner: newJSONScanner([]string{fieldID: opt.Fields.ID, fieldText: opt.Fields.Text, fieldSource: opt.Fields.Source}),
		fields:  opt.Fields,
	}
}

func (p *jsonl) lines() int64 { return p.in.number }
func (p *jsonl) begin() int64 { return p.in.begin }

func (p *jsonl) next(row *Row) (int64, *fault, error) {
	for {
		line, size, err := p.in.next()
		if err != nil {
			return p.in.number + 1, nil, err
		}
		if size > p.in.limit {
			return p.in.number, tooLong(line, size, p.in.limit), nil
		}
		if p.in.begin == 0 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		if blankLine(line) {
			continue
		}
		return p.in.number, p.parse(line, row), nil
	}
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

func tooLong(head []byte, size, limit int64) *fault {
	return &fault{reason: reasonLong, value: float64(size), hasValue: true,
		threshold: float64(limit), hasLimit: true, excerpt: head}
}

func blankLine(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

func (p *jsonl) parse(line []byte, row *Row) *fault {
	if !utf8.Valid(line) {
		return at(reasonUTF8, invalidUTF8(line), line)
	}
	bad, object := p.scanner.scan(line[:len(line)+1], len(line))
	switch {
	case bad >= 0:
		return at(reasonNoJSON, bad, line)
	case !object:
		return &fault{reason: reasonNoObject, excerpt: line}
	}
	return p.fill(line, row)
}

// invalidUTF8 is the offset of the first byte that starts no character.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

func (p *jsonl) fill(line []byte, row *Row) (bad *fault) {
	v := &p.scanner.values[fieldText]
	switch {
	case !v.found:
		return &fault{reason: missingField(p.fields.Text), excerpt: line}
	case v.kind != '"':
		return &fault{reason: wrongType(p.fields.Text, v.what()), excerpt: around(line, v.start)}
	}
	if row.Text, bad = p.str(&p.text, line, v); bad != nil {
		return bad
	}
	if row.ID, bad = p.id(line); bad != nil {
		return bad
	}
	row.Source, bad = p.sourceOf(line)
	return bad
}

// what names a value's type in a reject.
func (v *jsonValue) what() string {
	switch v.kind {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// str is the value of a string: the line itself where nothing is escaped.
func (p *jsonl) str(buf *[]byte, line []byte, v *jsonValue) ([]byte, *fault) {
	raw := line[v.start:v.end]
	if !v.escaped {
		return raw, nil
	}
	out, bad, reason := unescape((*buf)[:0], raw)
	*buf = out
	if reason != "" {
		return nil, at(reason, v.start+bad, line)
	}
	return out, nil
}

func (p *jsonl) id(line []byte) (string, *fault) {
	v := &p.scanner.values[fieldID]
	switch {
	case !v.found || v.kind == 'n':
		return "", nil
	case v.kind == 0:
		return string(line[v.start:v.end]), nil
	case v.kind != '"':
		return "", &fault{reason: wrongType(p.fields.ID, v.what()), excerpt: around(line, v.start)}
	}
	b, bad := p.str(&p.other, line, v)
	return string(b), bad
}

func (p *jsonl) sourceOf(line []byte) (string, *fault) {
	v := &p.scanner.values[fieldSource]
	switch {
	case !v.found || v.kind == 'n':
		return "", nil
	case v.kind != '"':
		return "", &fault{reason: wrongType(p.fields.Source, v.what()), excerpt: around(line, v.start)}
	}
	b, bad := p.str(&p.other, line, v)
	if string(b) != p.source {
		p.source = string(b)
	}
	return p.source, bad
}
