package formats

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// textFile is a file that is one document.
type textFile struct {
	r     io.Reader
	name  string
	limit int64
	done  bool
}

func newTextFile(r io.Reader, name string, opt Options) *textFile {
	return &textFile{r: r, name: name, limit: opt.MaxRowBytes}
}

func (p *textFile) lines() int64 {
	if p.done {
		return 1
	}
	return 0
}

func (p *textFile) begin() int64 { return 0 }

// next returns the file. An empty file has no rows, as in every format.
func (p *textFile) next(row *Row) (int64, *fault, error) {
	if p.done {
		return 1, nil, io.EOF
	}
	text, err := io.ReadAll(io.LimitReader(p.r, p.limit+1))
	if err != nil {
		return 1, nil, err
	}
	if len(text) == 0 {
		return 1, nil, io.EOF
	}
	p.done = true
	if int64(len(text)) > p.limit {
		return p.long(text)
	}
	text = bytes.TrimPrefix(text, byteOrderMark)
	row.ID, row.Text, row.Source = p.name, text, ""
	return 1, checkText(text), nil
}

func (p *textFile) long(text []byte) (int64, *fault, error) {
	rest, err := io.Copy(io.Discard, p.r)
	return 1, tooLong(bytes.Clone(text[:min(len(text), excerptBytes)]), int64(len(text))+rest, p.limit), err
}

// checkText finds what no text may have.
func checkText(text []byte) *fault {
	if !utf8.Valid(text) {
		return at(reasonUTF8, invalidUTF8(text), text)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return at(reasonNUL, i, text)
	}
	return nil
}
