package pipelines

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/text"
)

// rejectsOf is every reject of the lake, "row stage reason", sorted.
func rejectsOf(t *testing.T, dir string) []string {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rowsOf[datasets.Reject](t, l, datasets.TableRejects) {
		out = append(out, r.Row+": "+r.Stage+": "+r.Reason)
	}
	sort.Strings(out)
	return out
}

// TestBadRows reads rows with every fault, between whole ones, blank lines and
// CRLF, cut into few units and into many: each reject names its line.
func TestBadRows(t *testing.T) {
	dir := t.TempDir()
	var file strings.Builder
	var want, docs []string
	line := 0
	add := func(s, reason string) {
		line++
		file.WriteString(s + "\n")
		if reason != "" {
			want = append(want, fmt.Sprintf("%s:%d: read.jsonl: %s", filepath.Join(dir, "in", "a.jsonl"), line, reason))
		}
	}
	whole := func() {
		id := fmt.Sprintf("d%d", line+1)
		docs = append(docs, fmt.Sprintf("%s %d", id, line+1))
		b, _ := json.Marshal(doc{id, prose(uint64(line), 40)})
		add(string(b)+"\r", "")
	}
	faults := []struct{ line, reason string }{
		{`{"id":"x","text":"no end`, "no JSON"},
		{`not JSON at all`, "no JSON"},
		{`[1,2]`, "no object"},
		{`"a string"`, "no object"},
		{`{"id":"x"}`, `missing field "text"`},
		{`{"id":"x","text":17}`, `field "text" is a number`},
		{`{"id":"x","text":null}`, `field "text" is null`},
		{`{"id":"x","text":{"a":"b"}}`, `field "text" is an object`},
		{`{"id":["x"],"text":"t"}`, `field "id" is an array`},
		{"{\"id\":\"x\",\"text\":\"\xff\xfe\"}", "invalid UTF-8"},
		{`{"id":"x","text":"\u0000"}`, "U+0000"},
		{`{"id":"x","text":"\ud800 alone"}`, "lone surrogate"},
		{`{"id":"x","text":"` + strings.Repeat("long ", 1000) + `"}`, "row too long"},
	}
	for i, f := range faults {
		whole()
		add(f.line, f.reason)
		if i%3 == 0 {
			add("", "")
			add(" \t\r", "")
		}
	}
	whole()
	file.WriteString(`{"id":"cut","text":"no line feed`) // the last line has no end
	line++
	want = append(want, fmt.Sprintf("%s:%d: read.jsonl: no JSON", filepath.Join(dir, "in", "a.jsonl"), line))
	sort.Strings(want)
	writeFile(t, filepath.Join(dir, "in", "a.jsonl"), file.String())
	for i, unit := range []int64{1, 300, 4 << 10, 1 << 20} {
		c := job(t, filepath.Join(dir, fmt.Sprint("lake", i)), filepath.Join(dir, "in"), "2026-11-20")
		c.UnitBytes, c.MaxRowBytes = unit, 4000
		s := run1(t, c)
		if diff := cmp.Diff(want, rejectsOf(t, c.Lake)); diff != "" {
			t.Errorf("rejects in units of %d bytes (-want +got):\n%s", unit, diff)
		}
		var got []string
		for _, d := range stateOf(t, c.Lake).docs {
			got = append(got, fmt.Sprintf("%s %d", d.DocID, d.OriginRow))
		}
		sort.Strings(got)
		sort.Strings(docs)
		if diff := cmp.Diff(docs, got); diff != "" {
			t.Errorf("documents in units of %d bytes (-want +got):\n%s", unit, diff)
		}
		if s.Input.Rows != int64(len(docs)+len(want)) || s.Output.Rejected != int64(len(want)) || s.Output.Kept != int64(len(docs)) {
			t.Errorf("summary in units of %d bytes: %+v", unit, s)
		}
	}
}

// encoded is documents as bytes of a file of some kind.
var encoded = map[string]func(t *testing.T, docs []doc) []byte{
	"jsonl": func(t *testing.T, docs []doc) []byte { return []byte(jsonLines(t, docs)) },
	"jsonl.gz": func(t *testing.T, docs []doc) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(jsonLines(t, docs)))
		w.Close()
		return b.Bytes()
	},
	"jsonl.zst": func(t *testing.T, docs []doc) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(jsonLines(t, docs)))
		w.Close()
		return b.Bytes()
	},
	"csv": func(t *testing.T, docs []doc) []byte {
		b := []byte("id,text\n")
		for _, d := range docs {
			b = fmt.Appendf(b, "%s,\"%s\"\n", d.ID, strings.ReplaceAll(d.Text, `"`, `""`))
		}
		return b
	},
	"parquet": func(t *testing.T, docs []doc) []byte {
		type row struct {
			ID   string `parquet:"id,id(1)"`
			Text string `parquet:"text,id(2)"`
		}
		rows := make([]row, len(docs))
		for i, d := range docs {
			rows[i] = row(d)
		}
		var b bytes.Buffer
		w := parquetio.NewWriter[row](&b, parquetio.WriterOptions{RowGroupBytes: 8 << 10})
		for part := range slices.Chunk(rows, 10) {
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	},
}

func jsonLines(t *testing.T, docs []doc) string {
	t.Helper()
	var b strings.Builder
	for _, d := range docs {
		line, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// TestDamagedFiles cuts and flips compressed files at many places and takes
// them all in in one night: no wrong text gets in, rows keep their numbers, and
// each damaged file has rejects that name it.
func TestDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	docs := corpus(1, 60)
	hashes := map[string][16]byte{}
	for _, d := range docs {
		hashes[d.ID] = text.ContentHash(d.Text)
	}
	files, cutRows := 0, map[string]int{}
	for _, kind := range []string{"jsonl.gz", "jsonl.zst", "parquet"} {
		whole := encoded[kind](t, docs)
		for i := range 24 {
			cut := bytes.Clone(whole[:len(whole)*(i+1)/25])
			flipped := bytes.Clone(whole)
			flipped[len(whole)*i/24] ^= 1 << (i % 8)
			writeFile(t, filepath.Join(dir, "in", fmt.Sprintf("cut%02d.%s", i, kind)), string(cut))
			if kind == "jsonl.gz" {
				cutRows[filepath.Join(dir, "in", fmt.Sprintf("cut%02d.%s", i, kind))] = wholeLines(t, cut)
			}
			writeFile(t, filepath.Join(dir, "in", fmt.Sprintf("flip%02d.%s", i, kind)), string(flipped))
			files += 2
		}
	}
	c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
	c.MaxRejects.Least = 1000
	s := run1(t, c)
	byFile, rejects := map[string][]datasets.Document{}, map[string]int{}
	st := stateOf(t, c.Lake)
	for _, id := range st.ids() {
		d := st.docs[id]
		byFile[d.OriginFile] = append(byFile[d.OriginFile], d)
		n := int(d.OriginRow)
		if n < 1 || n > len(docs) || docs[n-1].ID != d.DocID || hashes[d.DocID] != d.ContentHash {
			t.Errorf("%s:%d: document %q does not stand there, or not so", d.OriginFile, n, d.DocID)
		}
	}
	for _, r := range rejectsOf(t, c.Lake) {
		row, _, _ := strings.Cut(r, ": ")
		rejects[row[:strings.LastIndexByte(row, ':')]]++
	}
	whole := 0
	for f, rows := range byFile {
		if len(rows) < len(docs) && rejects[f] == 0 {
			t.Errorf("%s: only %d of %d rows, and no reject says why", f, len(rows), len(docs))
		}
		if !strings.HasSuffix(f, ".parquet") {
			for i, d := range rows {
				if int(d.OriginRow) != i+1 {
					t.Errorf("%s: row %d is missing before row %d", f, i+1, d.OriginRow)
					break
				}
			}
		}
		if len(rows) == len(docs) && rejects[f] == 0 {
			whole++ // a flip that changes nothing that counts, as in a header's time
		}
	}
	if got := len(byFile); s.Input.Files != int64(files) || len(rejects)+whole < files {
		t.Errorf("%d files in, %d with documents, %d with rejects, %d whole", s.Input.Files, got, len(rejects), whole)
	}
	for f, n := range cutRows {
		if len(byFile[f]) != n || rejects[f] != 1 {
			t.Errorf("%s: %d documents and %d rejects, want the %d rows before the cut and 1", f, len(byFile[f]), rejects[f], n)
		}
	}
	t.Logf("%d documents, %d rejects, %d files whole in spite of a flip", len(st.docs), s.Output.Rejected, whole)

	// Dropped whole: then no row of a damaged file gets in.
	c.DropDamaged, c.Lake = true, filepath.Join(dir, "lake2")
	run1(t, c)
	n := map[string]int{}
	for _, d := range stateOf(t, c.Lake).docs {
		n[d.OriginFile]++
	}
	for f, rows := range n {
		if rows != len(docs) {
			t.Errorf("reject-file: %s: %d of %d rows got in", f, rows, len(docs))
		}
	}
}

// wholeLines counts the lines that another decoder finds before the cut.
func wholeLines(t *testing.T, cut []byte) int {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(cut))
	if err != nil {
		return 0
	}
	b, err := io.ReadAll(r)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("a file that was cut: error %v", err)
	}
	return bytes.Count(b, []byte("\n"))
}

// TestEmptyInputs is about inputs without rows, files or matches.
func TestEmptyInputs(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "empty", "a.jsonl"), "")
	writeFile(t, filepath.Join(dir, "empty", "b.csv"), "")
	writeFile(t, filepath.Join(dir, "blank", "a.jsonl"), "\n\r\n \n")
	writeFile(t, filepath.Join(dir, "unknown", "a.bin"), "x")
	if err := os.MkdirAll(filepath.Join(dir, "folder"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, input := range []string{"folder", "unknown", "*.jsonl", "folder/**/*.md"} {
		c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, input), "2026-11-20")
		_, err := c.Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, input)) || !strings.Contains(err.Error(), "matches no file") {
			t.Errorf("input %s: error %v, want one that names it", input, err)
		}
		c.AllowEmpty = true
		if s := run1(t, c); s.Status != "nothing" || s.Generation != 0 {
			t.Errorf("input %s, allowed to be empty: %+v", input, s)
		}
	}
	c := job(t, filepath.Join(dir, "nolake"), filepath.Join(dir, "missing"), "2026-11-20")
	if _, err := c.Run(context.Background()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: error %v", err)
	}
	if exists(c.Lake) {
		t.Error("a run without input made a lake")
	}
	for i, input := range []string{"empty", "blank"} {
		c := job(t, filepath.Join(dir, fmt.Sprint("lake", i)), filepath.Join(dir, input), "2026-11-20")
		if s := run1(t, c); s.Status != "published" || s.Generation != 1 || s.Input.Rows != 0 {
			t.Errorf("input %s: %+v", input, s)
		}
		verifyWhole(t, c.Lake)
	}
}

// TestFilesThatChange changes an input while a night reads it: by its size, and
// behind the night's back, under the same size and time. Nothing is published,
// and the next run takes the file as it is then.
func TestFilesThatChange(t *testing.T) {
	for _, how := range []string{"grown", "rewritten in place"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "in", "a.jsonl")
		docs := corpus(1, 40)
		writeJSONL(t, path, docs)
		c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
		c.UnitBytes = 8 << 10
		once := false
		c.Progress = func(p Progress) {
			if p.Stage != "exact" || once {
				return
			}
			once = true
			if how == "grown" {
				writeJSONL(t, path, append(docs, doc{"late", prose(99, 50)}))
				return
			}
			docs[0].Text, docs[1].Text = docs[1].Text, docs[0].Text
			b := []byte(jsonLines(t, docs))
			i := bytes.LastIndex(b, []byte("w")) // and a letter of the last row
			b[i] = 'v'
			writeFile(t, path, string(b))
		}
		_, err := c.Run(context.Background())
		if !errors.Is(err, formats.ErrChanged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want one that says that %s has changed", how, err, path)
		}
		if gens := generationsOf(t, c.Lake); len(gens) != 0 {
			t.Errorf("%s: published %v", how, gens)
		}
		c.Progress = nil
		s := run1(t, c)
		fresh := c
		fresh.Lake = filepath.Join(dir, "fresh")
		run1(t, fresh)
		if diff := cmp.Diff(tableContent(t, fresh.Lake), tableContent(t, c.Lake)); diff != "" || s.Generation != 1 {
			t.Errorf("%s: run again, generation %d (-fresh lake +got):\n%.2000s", how, s.Generation, diff)
		}
	}
}

func generationsOf(t *testing.T, dir string) []lake.Generation {
	t.Helper()
	l, err := lake.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	gens, err := l.Generations(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return gens
}

// TestSameRowsInEveryFormat takes the same documents in as five kinds of files
// and as a folder of texts.
func TestSameRowsInEveryFormat(t *testing.T) {
	dir := t.TempDir()
	docs := corpus(1, 60)
	var want map[string]string
	for _, kind := range []string{"jsonl", "jsonl.gz", "jsonl.zst", "csv", "parquet"} {
		in := filepath.Join(dir, kind)
		writeFile(t, filepath.Join(in, "1."+kind), string(encoded[kind](t, docs[:25])))
		writeFile(t, filepath.Join(in, "2."+kind), string(encoded[kind](t, docs[25:])))
		c := job(t, filepath.Join(dir, "lake-"+kind), in, "2026-11-20")
		c.UnitBytes = 16 << 10
		run1(t, c)
		got := decisionsOf(t, c.Lake)
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("decisions about %s (-jsonl +this):\n%.2000s", kind, diff)
		}
	}
}

// TestManySmallFiles takes a folder of thousands of texts in: they share units,
// and no task is too large to travel however many there are.
func TestManySmallFiles(t *testing.T) {
	dir := t.TempDir()
	const n = 5000
	for i := range n {
		path := filepath.Join(dir, "in", fmt.Sprintf("%02d", i%50), fmt.Sprintf("%s-%05d.md", strings.Repeat("name", 20), i))
		if i < 50 {
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, []byte(prose(uint64(i/2), 8)), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	c := job(t, filepath.Join(dir, "lake"), filepath.Join(dir, "in"), "2026-11-20")
	p, err := c.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if p.Files != n || p.Units < 2 || p.Units > 10 {
		t.Errorf("plan: %d files in %d units", p.Files, p.Units)
	}
	s := run1(t, c)
	if s.Input.Files != n || s.Input.Rows != n || s.Output.Kept != n/2 || s.Duplicates.Exact != n/2 {
		t.Errorf("summary: %+v", s)
	}
	l, err := lake.Open(context.Background(), c.Lake)
	if err != nil {
		t.Fatal(err)
	}
	if inputs := rowsOf[datasets.Input](t, l, datasets.TableInputs); len(inputs) != n || inputs[0].Rows != 1 || inputs[0].SHA256 == nil {
		t.Errorf("ops.inputs: %d rows, the first %+v", len(inputs), inputs[0])
	}
}

// TestNoInputFromTheLake has the lake and the report below the input folder.
func TestNoInputFromTheLake(t *testing.T) {
	dir := t.TempDir()
	writeJSONL(t, filepath.Join(dir, "a.jsonl"), corpus(1, 10))
	c := job(t, filepath.Join(dir, "lake"), dir, "2026-11-20")
	c.ReportDir = filepath.Join(dir, "report")
	run1(t, c)
	c.Date = "2026-11-21"
	if s := run1(t, c); s.Input.Files != 1 || s.Input.Rows != 10 {
		t.Errorf("the second night read %d files, %d rows", s.Input.Files, s.Input.Rows)
	}
	c.Date, c.Inputs[0].Glob = "2026-11-22", filepath.Join(dir, "lake", "text", "**", "*.parquet")
	if _, err := c.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "matches only files of the lake") {
		t.Errorf("input from the lake alone: error %v", err)
	}
}

// TestStandardInput reads a stream: the same bytes on the same date are the same
// run, and nothing is left in the folder of temporary files.
func TestStandardInput(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o750); err != nil {
		t.Fatal(err)
	}
	body := encoded["jsonl.gz"](t, corpus(1, 20))
	c := job(t, filepath.Join(dir, "lake"), "-", "2026-11-20")
	for i := range 2 {
		c.Stdin = bytes.NewReader(body)
		if s := run1(t, c); s.Generation != 1 || s.Input.Rows != 20 || s.Already != (i == 1) {
			t.Errorf("run %d: %+v", i+1, s)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "tmp", "chimera-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.Inputs = append(c.Inputs, c.Inputs[0])
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "only once") {
		t.Errorf("standard input twice: error %v", err)
	}
}

// TestClockGoesBackwards has a clock that an hour later says an hour less.
func TestClockGoesBackwards(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	for night := range 2 {
		in := filepath.Join(dir, fmt.Sprint("in", night))
		writeJSONL(t, filepath.Join(in, "a.jsonl"), corpus(uint64(night+1), 20))
		c := job(t, filepath.Join(dir, "lake"), in, fmt.Sprintf("2026-11-2%d", night))
		c.Now = func() time.Time { now = now.Add(-time.Minute); return now }
		if s := run1(t, c); s.Generation != int32(night+1) || s.Seconds < 0 || s.TextMBPerSecond < 0 {
			t.Errorf("night %d: %+v", night, s)
		}
	}
	verifyWhole(t, filepath.Join(dir, "lake"))
	stateOf(t, filepath.Join(dir, "lake")).checkLive(t)
}
