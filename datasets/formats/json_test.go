package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

var jsonSeeds = []string{
	`{"text":"a","id":1}`, `{"a":{"b":"c"},"text":"\u00e9\ud83d\ude00\\\/\b\f\n\r\t"}`, `[1,2.5e-3,-0,true,false,null,""]`,
	`{"text":"\ud800"}`, ` { "id" : "x" , "text" : [ ] } `, `{"text":"a","text":"b","id":{}}`, `{"":""}`, `01`, `1.`, `-`, `1e`, `"\x"`,
	`{"text":"` + strings.Repeat("long ", 50) + `\"end"}`, "{\"text\":\"\x1f\"}", `tru`, `nul`, `{"te\u0078t":"k"}`, `{"meta":{"text":"x"}}`, `{"meta.text":"y"}`,
}

// The scanner accepts what encoding/json accepts and sees the same values in it.
// encoding/json is the wider one: it replaces what is no UTF-8 and lone
// surrogates by U+FFFD.
func FuzzJSON(f *testing.F) {
	for _, seed := range jsonSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if !utf8.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
			return
		}
		want, err := unmarshal(line)
		object, isObject := want.(map[string]any)

		s := newJSONScanner([]string{"id", "text", "meta.text"})
		bad, gotObject := s.scan(append(bytes.Clone(line), make([]byte, 1+slack)...), len(line))
		if (bad < 0) != (err == nil) {
			t.Fatalf("%q: scanner stops at %d, encoding/json says %v", line, bad, err)
		}
		if err != nil {
			return
		}
		if gotObject != isObject {
			t.Fatalf("%q: object is %v, want %v", line, gotObject, isObject)
		}
		if !isObject {
			return
		}
		compare(t, line, &s.values[0], object["id"])
		compare(t, line, &s.values[1], object["text"])
		if _, both := object["meta.text"]; !both {
			if meta, ok := object["meta"].(map[string]any); ok {
				compare(t, line, &s.values[2], meta["text"])
			}
		}
	})
}

// unmarshal keeps numbers as they are written.
func unmarshal(line []byte) (v any, err error) {
	if !json.Valid(line) {
		return nil, errors.New("invalid")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func compare(t *testing.T, line []byte, v *jsonValue, want any) {
	t.Helper()
	switch want := want.(type) {
	case nil:
		if v.found && v.kind != 'n' {
			t.Fatalf("%q: found %s, want null or nothing", line, v.what())
		}
	case string:
		got, _, reason := unescape(nil, line[v.start:v.end])
		switch {
		case v.kind != '"':
			t.Fatalf("%q: found %s, want a string", line, v.what())
		case reason == reasonSurrogate && strings.Contains(want, "\uFFFD"), reason == reasonNUL && strings.Contains(want, "\x00"):
		case string(got) != want || reason != "" || v.escaped != bytes.ContainsRune(line[v.start:v.end], '\\'):
			t.Fatalf("%q: value %q, %s; want %q", line, got, reason, want)
		}
	case json.Number:
		if v.kind != 0 || string(line[v.start:v.end]) != want.String() {
			t.Fatalf("%q: number %q, want %s", line, line[v.start:v.end], want)
		}
	case bool:
		if v.kind != 't' && v.kind != 'f' {
			t.Fatalf("%q: found %s, want a boolean", line, v.what())
		}
	case []any:
		if v.kind != '[' {
			t.Fatalf("%q: found %s, want an array", line, v.what())
		}
	case map[string]any:
		if v.kind != '{' {
			t.Fatalf("%q: found %s, want an object", line, v.what())
		}
	}
}

// Every length and place of a special byte, so that the eight bytes the scanner
// looks at at once begin everywhere.
func TestStringScan(t *testing.T) {
	for n := range 40 {
		for at := range n {
			for _, c := range []string{"\x00", "\x1f", "\t", `\"`, `\n`, "é", "\x7f", "\u2028", `\u00e9`} {
				body := strings.Repeat("a", at) + c + strings.Repeat("b", n-at)
				line := []byte(`{"text":"` + body + `"}`)
				var want struct{ Text string }
				err := json.Unmarshal(line, &want)
				s := newJSONScanner([]string{"text"})
				bad, _ := s.scan(append(bytes.Clone(line), make([]byte, 1+slack)...), len(line))
				if (bad < 0) != (err == nil) {
					t.Fatalf("%q: scanner stops at %d, encoding/json says %v", line, bad, err)
				}
				if err != nil {
					if bad != len(`{"text":"`)+at {
						t.Fatalf("%q: scanner stops at %d", line, bad)
					}
					continue
				}
				if got, _, _ := unescape(nil, line[s.values[0].start:s.values[0].end]); string(got) != want.Text {
					t.Fatalf("%q: %q, want %q", line, got, want.Text)
				}
			}
		}
	}
}
