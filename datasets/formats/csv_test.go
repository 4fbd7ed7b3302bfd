package formats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestCSV(t *testing.T) {
	check(t, "x.csv", "\xEF\xBB\xBFid,text,more\r\n1,one,\r\n\r\n2,\"two\nlines, \"\"quoted\"\"\",x\n,bare \"quote\" stays,\n3,\"\",\n4,caf\xe9,\n5,a\x00b,\n", Options{},
		`1 1 "one"`, `2 2 "two\nlines, \"quoted\""`, `3  "bare \"quote\" stays"`, `4 3 ""`, "5 reject invalid UTF-8 3", "6 reject U+0000 1")
	check(t, "x.tsv", "text\tid\tfrom\na, b\t1\tweb\nc\t2\tweb\n\"d\te\"\t3\t\n", Options{Fields: FieldMap{Source: "from"}},
		`1 1 "a, b" web`, `2 2 "c" web`, `3 3 "d\te"`)
	check(t, "x.csv", "id,text\n1,a,b\n2\n\"3\"x,c\n4,\"ok\"\r\n5,\"open\n6,x", Options{},
		"1 reject wrong number of fields 3/2", "2 reject wrong number of fields 1/2", "3 reject text after closing quote",
		`4 4 "ok"`, "5 reject quote not closed")
	check(t, "x.csv", "id,body\n1,a\n2,b", Options{}, `1 reject missing field "text"`, `2 reject missing field "text"`)
	check(t, "x.csv", "\"id\"x,text\n1,a\n", Options{}, "1 reject text after closing quote", `2 reject missing field "text"`)
	check(t, "x.csv", "text,text\nfirst,last", Options{}, `1  "last"`)
	check(t, "x.csv", "text", Options{})
	check(t, "x.csv.gz", string(gzipOf(t, []byte("text\na\n"))), Options{}, `1  "a"`)
}

// Whatever encoding/csv reads is read the same, in pieces of any size. It
// refuses more: quotes in bare fields. It turns CRLF in quotes into LF.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\nc,d\n", "a,\"b\nc\",d\r\n", "\"\"\"\",\"\"\n", "\n\n,\n", "a,\"b", "\"a\"b,c\n", "\r\n\r\r\n", "\"a\"\r", ",,,", "\"\r\n\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ref := csv.NewReader(bytes.NewReader(data))
		ref.FieldsPerRecord = -1
		want, err := ref.ReadAll()
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			got, bad := records(t, r)
			if err != nil || bytes.Contains(data, []byte("\r")) && (bad || !bytes.Contains(data, []byte("\r\n"))) {
				continue
			}
			if bad {
				t.Fatalf("%q: a record is refused, encoding/csv reads %q", data, want)
			}
			if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
				t.Fatalf("%q (-want +got):\n%s", data, diff)
			}
		}
	})
}

// normal forgets about carriage returns, which the two treat differently, and
// about records of nothing else.
func normal(records [][]string) [][]string {
	var out [][]string
	for _, rec := range records {
		var fields []string
		for _, field := range rec {
			fields = append(fields, strings.ReplaceAll(field, "\r", ""))
		}
		if len(fields) > 1 || fields[0] != "" {
			out = append(out, fields)
		}
	}
	return out
}

func records(t *testing.T, r io.Reader) (out [][]string, bad bool) {
	t.Helper()
	c := newCSVRecords(r, ',', 1<<20)
	for {
		rec, err := c.next()
		if errors.Is(err, io.EOF) {
			return out, bad
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.bad != nil {
			bad = true
			continue
		}
		var fields []string
		for i := range rec.fields {
			fields = append(fields, string(rec.value(i, nil)))
		}
		out = append(out, fields)
	}
}
