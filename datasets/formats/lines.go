package formats

import (
	"bytes"
	"errors"
	"io"
)

const (
	lineBuffer = 256 << 10 // stays in the second-level cache
	readAtMost = 256 << 10
	slack      = 8 // bytes behind a line that scanners may read
)

// lines cuts a stream at line feeds. It holds one line at a time, and of a line
// beyond the limit only the start.
type lines struct {
	r     io.Reader
	limit int64

	buf        []byte
	start, end int // unread bytes of buf
	err        error
	number     int64 // physical lines returned
	offset     int64 // of buf[start] in the stream
	begin      int64 // offset of the line returned last
}

func newLines(r io.Reader, limit int64) *lines {
	return &lines{r: r, limit: limit, buf: make([]byte, lineBuffer+slack)}
}

// next returns the next line without its line feed; the byte behind it may be
// overwritten. Of a line longer than the limit it returns the first bytes and,
// in size, the true length. The error comes after all lines before it; a line
// that the end of the stream cuts is a line, one that another error cuts is not.
func (l *lines) next() (line []byte, size int64, err error) {
	searched := 0
	for {
		have := l.buf[l.start:l.end]
		if i := bytes.IndexByte(have[searched:], '\n'); i >= 0 {
			return l.cut(searched+i, 1)
		}
		searched = len(have)
		if int64(searched) > l.limit {
			return l.long()
		}
		if l.err != nil {
			if searched > 0 && errors.Is(l.err, io.EOF) {
				return l.cut(searched, 0)
			}
			return nil, 0, l.err
		}
		l.read()
	}
}

// cut returns the first n unread bytes as a line that ends in sep bytes more.
func (l *lines) cut(n, sep int) ([]byte, int64, error) {
	if int64(n) > l.limit {
		return l.long()
	}
	line := l.buf[l.start : l.start+n]
	l.consume(n, sep)
	return line, int64(n), nil
}

func (l *lines) consume(n, sep int) {
	l.begin = l.offset
	l.number++
	l.start += n + sep
	l.offset += int64(n + sep)
}

// read adds bytes to the buffer, growing it only as far as the limit asks.
func (l *lines) read() {
	if l.start > 0 {
		l.end = copy(l.buf, l.buf[l.start:l.end])
		l.start = 0
	}
	if free := len(l.buf) - slack - l.end; free == 0 {
		grown := make([]byte, min(2*int64(len(l.buf)), l.limit+readAtMost+slack))
		copy(grown, l.buf[:l.end])
		l.buf = grown
	}
	n, err := l.r.Read(l.buf[l.end : len(l.buf)-slack])
	l.end += n
	l.err = err
}

// long passes over a line beyond the limit and keeps only its first bytes.
func (l *lines) long() ([]byte, int64, error) {
	head := bytes.Clone(l.buf[l.start:min(l.end, l.start+excerptBytes)])
	begin, size := l.offset, int64(0)
	for {
		have := l.buf[l.start:l.end]
		if i := bytes.IndexByte(have, '\n'); i >= 0 {
			size += int64(i)
			l.consume(i, 1)
			l.begin = begin
			return head, size, nil
		}
		size += int64(len(have))
		l.offset += int64(len(have))
		l.start, l.end = 0, 0
		if l.err != nil {
			if !errors.Is(l.err, io.EOF) {
				return nil, 0, l.err
			}
			l.begin = begin
			l.number++
			return head, size, nil
		}
		l.read()
	}
}
