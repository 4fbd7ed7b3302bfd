package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
)

// got is what a reader returned, one line a row:
//
//	1 id "text" source
//	2 reject reason value/threshold
type got struct {
	rows []string
	end  End
}

func show(row *Row, bad *datasets.Reject) string {
	if bad == nil {
		return strings.TrimSpace(fmt.Sprintf("%d %s %q %s", row.Number, row.ID, row.Text, row.Source))
	}
	s := bad.Row[strings.LastIndexByte(bad.Row, ':')+1:] + " reject " + bad.Reason
	if bad.Value != nil {
		s += " " + strconv.FormatFloat(*bad.Value, 'f', -1, 64)
	}
	if bad.Threshold != nil {
		s += "/" + strconv.FormatFloat(*bad.Threshold, 'f', -1, 64)
	}
	return s
}

// readUnit reads a unit to its end.
func readUnit(t testing.TB, u Unit, opt Options) got {
	t.Helper()
	g, err := tryUnit(u, opt)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func tryUnit(u Unit, opt Options) (got, error) {
	r, err := u.Open(context.Background(), opt)
	if err != nil {
		return got{}, err
	}
	return drain(r, u.Input)
}

func drain(r Reader, in Input) (g got, err error) {
	for {
		row, bad, err := r.Next(context.Background())
		switch {
		case errors.Is(err, io.EOF):
			g.end, err = r.Close()
			return g, err
		case err != nil:
			g.end, _ = r.Close()
			return g, err
		case bad != nil && (!strings.HasPrefix(bad.Row, in.Path+":") || bad.Stage != "read."+string(in.Kind) || len(bad.Excerpt) > 200):
			return g, fmt.Errorf("reject %+v does not say where it is", *bad)
		}
		g.rows = append(g.rows, show(row, bad))
	}
}

// input writes a file and pins it.
func input(t testing.TB, name string, data []byte) Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o640); err != nil {
		t.Fatal(err)
	}
	in, err := List(context.Background(), []string{path}, false)
	if err != nil {
		t.Fatal(err)
	}
	return in[0]
}

func wholeUnit(t testing.TB, in Input) Unit {
	t.Helper()
	units, err := Plan(context.Background(), []Input{in}, 1<<40)
	if err != nil || len(units) != 1 {
		t.Fatalf("%d units, %v", len(units), err)
	}
	return units[0]
}

// check reads a file of the given content and compares.
func check(t *testing.T, name, data string, opt Options, want ...string) End {
	t.Helper()
	g := readUnit(t, wholeUnit(t, input(t, name, []byte(data))), opt)
	if diff := cmp.Diff(want, g.rows); diff != "" {
		t.Errorf("%s of %.100q (-want +got):\n%s", name, data, diff)
	}
	if g.end.Rows != int64(len(want)) {
		t.Errorf("%s: End.Rows is %d, want %d", name, g.end.Rows, len(want))
	}
	return g.end
}

func TestJSONLRows(t *testing.T) {
	end := check(t, "x.jsonl", "\xEF\xBB\xBF"+`{"id":"a","text":"one"}`+"\n"+
		"\n"+
		" \t\r\n"+
		`{"text": "with \"escapes\"\n\t\u00e9\ud83d\ude00\/", "id": 17, "other": [1, {"text": "no"}]}`+"\r\n"+
		`{"text":"","id":null}`+"\n"+
		`{"id":"x","id":"y","text":"first","text":"last"}`+"\n"+
		`{"te\u0078t":"escaped key","id":-1.5e3}`, Options{},
		`1 a "one"`,
		`4 17 "with \"escapes\"\n\té😀/"`,
		`5  ""`,
		`6 y "last"`,
		`7 -1.5e3 "escaped key"`)
	if end.Lines != 7 {
		t.Errorf("%d lines, want 7", end.Lines)
	}
}

func TestJSONLRejects(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`not json`, "1 reject no JSON 1"},
		{`{"text":"a"`, "1 reject no JSON 11"},
		{`{"text":"a"} x`, "1 reject no JSON 13"},
		{`{"text":"a",}`, "1 reject no JSON 12"},
		{`{'text':'a'}`, "1 reject no JSON 1"},
		{`{"text":"a","n":01}`, "1 reject no JSON 17"},
		{`{"text":"a","n":NaN}`, "1 reject no JSON 16"},
		{"{\"text\":\"a\tb\"}", "1 reject no JSON 10"},
		{"{\"text\":\"a\x00b\"}", "1 reject no JSON 10"},
		{`{"text":"\x"}`, "1 reject no JSON 10"},
		{`{"text":"\u12G4"}`, "1 reject no JSON 13"},
		{`{"text":"open`, "1 reject no JSON 13"},
		{`["text"]`, "1 reject no object"},
		{`"text"`, "1 reject no object"},
		{`3`, "1 reject no object"},
		{`{}`, `1 reject missing field "text"`},
		{`{"id":"a","Text":"x"}`, `1 reject missing field "text"`},
		{`{"text":null}`, `1 reject field "text" is null`},
		{`{"text":3}`, `1 reject field "text" is a number`},
		{`{"text":true}`, `1 reject field "text" is a boolean`},
		{`{"text":["a"]}`, `1 reject field "text" is an array`},
		{`{"text":{"a":1}}`, `1 reject field "text" is an object`},
		{`{"text":"a","id":[]}`, `1 reject field "id" is an array`},
		{`{"text":"a","id":true}`, `1 reject field "id" is a boolean`},
		{"{\"text\":\"caf\xe9\"}", "1 reject invalid UTF-8 12"},
		{"{\"text\":\"a\",\"other\":\"\xed\xa0\x80\"}", "1 reject invalid UTF-8 21"},
		{`{"text":"\ud800"}`, "1 reject lone surrogate 9"},
		{`{"text":"ab\udc00\ud800"}`, "1 reject lone surrogate 11"},
		{`{"text":"\ud83dx"}`, "1 reject lone surrogate 9"},
		{`{"text":"\ud83d\ud83d"}`, "1 reject lone surrogate 9"},
		{`{"text":"a","id":"\ude00"}`, "1 reject lone surrogate 18"},
		{`{"text":"\\u0000\u0000"}`, "1 reject U+0000 16"},
		{`{"text":"a","other":"\ud800\u0000"}`, `1  "a"`}, // valid JSON, and nothing we keep
		{`{"text":"\\u0000"}`, `1  "\\u0000"`},
	} {
		check(t, "x.jsonl", c.line+"\n"+`{"text":"next"}`+"\n", Options{}, c.want, `2  "next"`)
	}
}

func TestFieldMap(t *testing.T) {
	opt := Options{Fields: FieldMap{ID: "meta.key", Text: "meta.body.text", Source: "from"}}
	check(t, "x.jsonl",
		`{"meta":{"body":{"x":1,"text":"deep"},"key":5},"from":"web"}`+"\n"+
			`{"meta.body.text":"flat","meta.key":"k"}`+"\n"+
			`{"meta":{"body":{"text":"lost"}},"meta":{"key":1}}`+"\n"+ // the last "meta" counts
			`{"meta":"text","from":"web"}`+"\n"+
			`{"meta":{"body":{"text":"a"}},"from":7}`+"\n"+
			`{"meta":{"body":{"text":"b"}},"from":null}`, opt,
		`1 5 "deep" web`,
		`2 k "flat"`,
		`3 reject missing field "meta.body.text"`,
		`4 reject missing field "meta.body.text"`,
		`5 reject field "from" is a number`,
		`6  "b"`)
}

func TestEmptyInputs(t *testing.T) {
	for _, name := range []string{"x.jsonl", "x.jsonl.gz", "x.csv", "x.parquet", "x.md", "x.tsv.zst"} {
		check(t, name, "", Options{})
	}
	check(t, "x.jsonl", "\n\n\r\n", Options{})
	check(t, "x.jsonl", "\xEF\xBB\xBF", Options{})
}

func TestDeepNesting(t *testing.T) {
	deep := func(n int) string { return `{"text":"a","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	check(t, "x.jsonl", deep(9999), Options{}, `1  "a"`)
	check(t, "x.jsonl", deep(10001), Options{}, "1 reject no JSON 10016")
	check(t, "x.jsonl", strings.Repeat("[", 1<<20), Options{}, "1 reject no JSON 10000")
}

func TestLongRows(t *testing.T) {
	opt := Options{MaxRowBytes: 1000}
	row := func(n int) string { return `{"text":"` + strings.Repeat("a", n-11) + `"}` }
	text := func(n int) string { return fmt.Sprintf("%q", strings.Repeat("a", n-11)) }
	check(t, "x.jsonl", row(1000)+"\n"+row(1001)+"\n"+row(20)+"\n"+row(700000)+"\n"+row(21)+"\n"+row(5000), opt,
		"1  "+text(1000), "2 reject row too long 1001/1000", "3  "+text(20),
		"4 reject row too long 700000/1000", "5  "+text(21), "6 reject row too long 5000/1000")
	check(t, "x.txt", strings.Repeat("b", 1001), opt, "1 reject row too long 1001/1000")
	check(t, "x.csv", "id,text\n1,"+strings.Repeat("c", 999)+"\n2,ok\n3,\""+strings.Repeat("d\n", 300000)+"\"\n4,ok\n", opt,
		"1 reject row too long 1001/1000", `2 2 "ok"`, "3 reject row too long 600004/1000", `4 4 "ok"`)
}

// zeros is a stream of one line that goes on and on.
type zeros struct{ left int64 }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), z.left))
	for i := range b[:n] {
		b[i] = '0'
	}
	z.left -= int64(n)
	return n, nil
}

// A line of 1 GiB takes no more memory than a row may have.
func TestHugeLineTakesNoMemory(t *testing.T) {
	for kind, size := range map[Kind]int64{JSONL: 1 << 30, CSV: 1 << 28, Text: 1 << 28} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		head := "text\n"
		if kind != CSV {
			head = ""
		}
		r, err := OpenStream("-", io.MultiReader(strings.NewReader(head), &zeros{size}), kind, Options{MaxRowBytes: 8 << 20})
		if err != nil {
			t.Fatal(err)
		}
		g, err := drain(r, Input{Path: "-", Kind: kind})
		runtime.ReadMemStats(&after)
		want := []string{fmt.Sprintf("1 reject row too long %d/%d", size, 8<<20)}
		if diff := cmp.Diff(want, g.rows); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", kind, err, diff)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%s: reading allocated %d MB in all", kind, grown>>20)
		}
	}
}

func TestTextFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/one.md": "# One\r\n", "a/b/two.rst": "\xEF\xBB\xBFTwo", "bad.txt": "a\xFFb", "nul.txt": "a\x00b", "empty.txt": "",
		"blank.txt": " \n", ".hidden.txt": "no", "_temporary/x.md": "no", "picture.png": "no",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	inputs, err := List(context.Background(), []string{dir}, false)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, in := range inputs {
		rows = append(rows, readUnit(t, wholeUnit(t, in), Options{}).rows...)
	}
	want := []string{
		`1 a/b/two.rst "Two"`, `1 a/one.md "# One\r\n"`, "1 reject invalid UTF-8 1", `1 blank.txt " \n"`, "1 reject U+0000 1",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOpenStream(t *testing.T) {
	r, err := OpenStream("-", strings.NewReader(`{"text":"a"}`), JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := drain(r, Input{Path: "-", Kind: JSONL})
	if diff := cmp.Diff([]string{`1  "a"`}, g.rows); diff != "" || err != nil || g.end.Bytes != 12 {
		t.Errorf("%v, %+v\n%s", err, g.end, diff)
	}
	if _, err := OpenStream("-", strings.NewReader(""), Parquet, Options{}); err == nil {
		t.Error("Parquet was opened as a stream")
	}
	r, err = OpenStream("-", io.MultiReader(strings.NewReader("{\"text\":\"a\"}\n"), &failing{}), JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err = drain(r, Input{Path: "-", Kind: JSONL})
	if !errors.Is(err, errDisk) || len(g.rows) != 1 {
		t.Errorf("error %v after %v, want that of the disk after one row", err, g.rows)
	}
}

var errDisk = errors.New("disk on fire")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestExcerpt(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"a\x00b\n\\\xFF\u202E\u00e9", `a\x00b\n\\\xff\u202eé`},
		{strings.Repeat("x", 200), strings.Repeat("x", 200)},
		{strings.Repeat("x", 201), strings.Repeat("x", 197) + "..."},
		{strings.Repeat("\x01", 100), strings.Repeat(`\x01`, 49) + "..."},
		{strings.Repeat("é", 150), strings.Repeat("é", 98) + "..."},
	} {
		if got := Excerpt([]byte(c.in)); got != c.want {
			t.Errorf("Excerpt(%.20q...) = %q, want %q", c.in, got, c.want)
		}
	}
}

// An excerpt shows the place of the fault.
func TestExcerptShowsFault(t *testing.T) {
	in := input(t, "x.jsonl", []byte(`{"text":"`+strings.Repeat("a", 5000)+"\xFF"+strings.Repeat("b", 5000)+`"}`))
	r, err := wholeUnit(t, in).Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, bad, err := r.Next(context.Background())
	want := strings.Repeat("a", 60) + `\xff` + strings.Repeat("b", 133) + "..."
	if err != nil || bad.Excerpt != want {
		t.Errorf("excerpt is %q, %v; want %q", bad.Excerpt, err, want)
	}
	if bad.Row != in.Path+":1" || bad.Stage != "read.jsonl" || bad.RunID != "" {
		t.Errorf("reject is %+v", *bad)
	}
}

func TestCancelledRead(t *testing.T) {
	u := wholeUnit(t, input(t, "x.jsonl", bytes.Repeat([]byte("{\"text\":\"a\"}\n"), 10)))
	ctx, cancel := context.WithCancel(context.Background())
	r, err := u.Open(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
