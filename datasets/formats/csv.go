package formats

import (
	"bytes"
	"errors"
	"io"
)

// States of the CSV scanner.
const (
	csvFieldStart = iota
	csvBare
	csvQuoted
	csvQuoteSeen // a quote inside quotes: the end, or half of an escaped quote
	csvReturn    // a carriage return behind a closing quote
	csvBroken    // text behind a closing quote: skip to the end of the line
)

// A csvField is a field's place in its record.
type csvField struct {
	start, end int
	doubled    bool // has "" for "
}

// csvRecords cuts a stream into records as RFC 4180 has them: a field that
// starts with a quote ends at the next single one and may hold separators and
// line ends; quotes inside other fields stand for themselves. Records may end in
// LF or CRLF.
type csvRecords struct {
	r     io.Reader
	comma byte
	limit int64

	buf        []byte
	start, end int
	err        error
	offset     int64 // of buf[start] in the stream

	state  int
	pos    int // bytes of the record scanned so far
	fields []csvField
	broken bool
	head   []byte // of a record beyond the limit; nil if it is within
	size   int64
}

func newCSVRecords(r io.Reader, comma byte, limit int64) *csvRecords {
	return &csvRecords{r: r, comma: comma, limit: limit, buf: make([]byte, lineBuffer)}
}

// A csvRecord is one record, valid until the next.
type csvRecord struct {
	data   []byte
	fields []csvField
	begin  int64
	bad    *fault
}

// next returns the next record that is not an empty line.
func (c *csvRecords) next() (csvRecord, error) {
	for {
		rec, err := c.record()
		if err != nil || rec.bad != nil || len(rec.fields) > 1 || len(rec.data) > 0 {
			return rec, err
		}
	}
}

func (c *csvRecords) record() (csvRecord, error) {
	c.state, c.pos, c.fields, c.broken, c.head, c.size = csvFieldStart, 0, c.fields[:0], false, nil, 0
	begin := c.offset
	for {
		if c.scan(c.buf[c.start:c.end]) {
			return c.finish(begin, 1), nil
		}
		if c.head != nil || int64(c.pos) > c.limit {
			c.discard()
		}
		if c.err != nil {
			return c.last(begin)
		}
		c.read()
	}
}

// scan goes on from pos and says whether the record has ended; pos is then at its
// line feed.
func (c *csvRecords) scan(b []byte) bool {
	for c.pos < len(b) {
		ch := b[c.pos]
		switch c.state {
		case csvFieldStart:
			c.state = csvBare
			if ch == '"' {
				c.state = csvQuoted
				c.pos++
			}
			c.fields = append(c.fields, csvField{start: c.pos})
			continue
		case csvBare:
			c.pos += bareLen(b[c.pos:], c.comma)
			if c.pos == len(b) {
				return false
			}
			if c.close(c.pos, b[c.pos]) {
				return true
			}
		case csvQuoted:
			i := bytes.IndexByte(b[c.pos:], '"')
			if i < 0 {
				c.pos = len(b)
				return false
			}
			c.pos += i
			c.state = csvQuoteSeen
		case csvQuoteSeen:
			if c.afterQuote(ch) {
				return true
			}
		case csvReturn:
			if ch == '\n' {
				return c.close(c.pos-2, ch)
			}
			c.state, c.broken = csvBroken, true
			continue
		case csvBroken:
			i := bytes.IndexByte(b[c.pos:], '\n')
			if i < 0 {
				c.pos = len(b)
				return false
			}
			c.pos += i
			return true
		}
		c.pos++
	}
	return false
}

// afterQuote takes the character behind a quote in a quoted field and says
// whether the record has ended.
func (c *csvRecords) afterQuote(ch byte) bool {
	switch ch {
	case '"':
		c.state = csvQuoted
		c.field().doubled = true
	case c.comma, '\n':
		return c.close(c.pos-1, ch)
	case '\r':
		c.state = csvReturn
	default:
		c.state, c.broken = csvBroken, true
	}
	return false
}

// bareLen is the length of an unquoted field.
func bareLen(b []byte, comma byte) int {
	for i, ch := range b {
		if ch == comma || ch == '\n' {
			return i
		}
	}
	return len(b)
}

func (c *csvRecords) field() *csvField { return &c.fields[len(c.fields)-1] }

// close ends the field at an offset and says whether that ends the record.
func (c *csvRecords) close(end int, ch byte) bool {
	c.field().end = end
	c.state = csvFieldStart
	return ch == '\n'
}

// finish hands out the record that pos ends, sep bytes before the next.
func (c *csvRecords) finish(begin int64, sep int) csvRecord {
	data := c.buf[c.start : c.start+c.pos]
	size := c.size + int64(c.pos)
	c.start += c.pos + sep
	c.offset += int64(c.pos + sep)
	rec := csvRecord{data: data, fields: c.fields, begin: begin}
	switch {
	case c.head != nil || size > c.limit:
		if c.head == nil {
			c.head = bytes.Clone(data[:min(len(data), excerptBytes)])
		}
		rec.bad = tooLong(c.head, size, c.limit)
	case c.broken:
		rec.bad = &fault{reason: reasonQuote, excerpt: data}
	}
	rec.trimReturn()
	return rec
}

// trimReturn takes the carriage return of a CRLF off an unquoted last field.
func (r *csvRecord) trimReturn() {
	if r.bad != nil || len(r.fields) == 0 {
		return
	}
	last := &r.fields[len(r.fields)-1]
	if last.end == len(r.data) && last.end > last.start && r.data[last.end-1] == '\r' {
		last.end--
		if len(r.fields) == 1 && last.end == 0 {
			r.data = r.data[:0] // an empty line
		}
	}
}

// last is the record that the end of the stream cuts.
func (c *csvRecords) last(begin int64) (csvRecord, error) {
	if !errors.Is(c.err, io.EOF) {
		return csvRecord{}, c.err
	}
	if c.pos == 0 && c.size == 0 {
		return csvRecord{}, io.EOF
	}
	open := c.state == csvQuoted
	switch c.state {
	case csvFieldStart: // behind a separator
		c.fields = append(c.fields, csvField{start: c.pos, end: c.pos})
	case csvBare:
		c.field().end = c.pos
	case csvQuoteSeen:
		c.field().end = c.pos - 1
	case csvReturn:
		c.field().end = c.pos - 2
	}
	rec := c.finish(begin, 0)
	if open && rec.bad == nil {
		rec.bad = &fault{reason: reasonOpenQuote, excerpt: rec.data}
	}
	return rec, nil
}

// discard drops what was scanned of a record beyond the limit.
func (c *csvRecords) discard() {
	if c.head == nil {
		c.head = bytes.Clone(c.buf[c.start:min(c.end, c.start+excerptBytes)])
	}
	c.size += int64(c.pos)
	c.offset += int64(c.pos)
	c.start += c.pos
	c.pos = 0
	c.fields = append(c.fields[:0], csvField{}) // only the state still counts
}

func (c *csvRecords) read() {
	if c.start > 0 {
		c.end = copy(c.buf, c.buf[c.start:c.end])
		c.start = 0
	}
	if c.end == len(c.buf) {
		grown := make([]byte, min(2*int64(len(c.buf)), c.limit+readAtMost))
		copy(grown, c.buf[:c.end])
		c.buf = grown
	}
	n, err := c.r.Read(c.buf[c.end:])
	c.end += n
	c.err = err
}

const (
	reasonQuote     = "text after closing quote"
	reasonOpenQuote = "quote not closed"
	reasonFields    = "wrong number of fields"
)

// csvFile parses CSV and TSV files with a header.
type csvFile struct {
	records *csvRecords
	names   FieldMap
	columns [fieldCount]int // -1: the file has none
	width   int             // fields of the header; 0: not read yet
	count   int64
	started int64
	bufs    [fieldCount][]byte
}

func newCSV(r io.Reader, comma byte, opt Options) *csvFile {
	return &csvFile{records: newCSVRecords(r, comma, opt.MaxRowBytes), names: opt.Fields}
}

func (p *csvFile) lines() int64 { return p.count }
func (p *csvFile) begin() int64 { return p.started }

func (p *csvFile) next(row *Row) (int64, *fault, error) {
	if p.width == 0 {
		if bad, err := p.header(); err != nil {
			return p.count + 1, nil, err
		} else if bad != nil {
			return p.count, bad, nil
		}
	}
	rec, err := p.records.next()
	if err != nil {
		return p.count + 1, nil, err
	}
	p.count++
	p.started = rec.begin
	if rec.bad != nil {
		return p.count, rec.bad, nil
	}
	return p.count, p.fill(&rec, row), nil
}

// header reads the names of the columns; of two alike the last one counts. One
// that cannot be read is itself the first record, and none has a text.
func (p *csvFile) header() (*fault, error) {
	rec, err := p.records.next()
	if err != nil {
		return nil, err
	}
	if rec.bad != nil {
		p.width = -1
		p.count++
		return rec.bad, nil
	}
	p.width = len(rec.fields)
	p.columns = [fieldCount]int{-1, -1, -1}
	for i := range rec.fields {
		name := string(bytes.TrimPrefix(rec.value(i, nil), byteOrderMark))
		for f, want := range [fieldCount]string{p.names.ID, p.names.Text, p.names.Source} {
			if want != "" && name == want {
				p.columns[f] = i
			}
		}
	}
	return nil, nil
}

func (p *csvFile) fill(rec *csvRecord, row *Row) *fault {
	if p.width > 0 && len(rec.fields) != p.width {
		return &fault{reason: reasonFields, value: float64(len(rec.fields)), hasValue: true,
			threshold: float64(p.width), hasLimit: true, excerpt: rec.data}
	}
	if p.width < 0 || p.columns[fieldText] < 0 {
		return &fault{reason: missingField(p.names.Text), excerpt: rec.data}
	}
	var values [fieldCount][]byte
	for f, i := range p.columns {
		if i < 0 {
			continue
		}
		values[f] = rec.value(i, &p.bufs[f])
		if bad := checkText(values[f]); bad != nil {
			return bad
		}
	}
	row.ID, row.Text = string(values[fieldID]), values[fieldText]
	if string(values[fieldSource]) != row.Source {
		row.Source = string(values[fieldSource])
	}
	return nil
}

// value is a field without its quotes, in buf where it had to be changed.
func (r *csvRecord) value(i int, buf *[]byte) []byte {
	f := r.fields[i]
	raw := r.data[f.start:f.end]
	if !f.doubled {
		return raw
	}
	var out []byte
	if buf != nil {
		out = (*buf)[:0]
	}
	for {
		i := bytes.IndexByte(raw, '"')
		if i < 0 {
			break
		}
		out = append(out, raw[:i+1]...)
		raw = raw[i+2:] // a quote in a quoted field is always doubled
	}
	out = append(out, raw...)
	if buf != nil {
		*buf = out
	}
	return out
}
