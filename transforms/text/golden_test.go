package text

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/datasets"
)

// golden is one row of decisions.jsonl.gz: what datatrove decided.
type golden struct {
	File          string
	Line          int
	ID            string
	Chars         int64
	SHA           string
	Text          string       // in testdata only
	GopherRep     goldenFilter `json:"gopher_rep"`
	GopherQuality goldenFilter `json:"gopher_quality"`
	C4            goldenFilter
	C4NoTerm      goldenFilter `json:"c4_no_term"`
	FineWeb       goldenFilter
	Chain         struct {
		Keep      bool
		Stage     string
		Reason    string
		LeftChars int64  `json:"left_chars"`
		LeftSHA   string `json:"left_sha"`
	}
}

type goldenFilter struct {
	Keep      bool
	Reason    string
	Fig       map[string]any
	Lines     string
	Sentences int64
	LeftChars int64  `json:"left_chars"`
	LeftSHA   string `json:"left_sha"`
}

// goldenStage maps the reference's stage names to ours.
var goldenStage = map[string]string{
	"gopher_rep": StageGopherRepetition, "gopher_quality": StageGopherQuality, "c4": StageC4, "fineweb": StageFineWeb,
}

// tally counts documents of a file and how many agree, by filter.
type tally struct {
	docs  int
	agree map[string]int
}

// checker compares documents with their golden rows.
type checker struct {
	t       *testing.T
	a       *Analyzer
	fineweb Profile
	c4      Profile
	files   map[string]*tally
	shown   int
}

func newChecker(t *testing.T) *checker {
	return &checker{t: t, a: NewAnalyzer(referenceLines()), fineweb: mustProfile(t, "fineweb"), c4: mustProfile(t, "c4"), files: map[string]*tally{}}
}

func mustProfile(t testing.TB, name string) Profile {
	t.Helper()
	p, err := LookupProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *checker) check(g *golden, text string) {
	if sha16(text) != g.SHA {
		c.t.Fatalf("%s:%d: text and row do not belong together", g.File, g.Line)
	}
	f := c.files[g.File]
	if f == nil {
		f = &tally{agree: map[string]int{}}
		c.files[g.File] = f
	}
	f.docs++
	s := c.a.Analyze(text)
	traces := [2]string{string(c.a.c4.endMark.fates), string(c.a.c4.any.fates)}
	count := func(name string, faults ...string) {
		faults = compact(faults)
		if len(faults) == 0 {
			f.agree[name]++
			return
		}
		if c.shown++; c.shown <= 60 {
			c.t.Logf("%s:%d %s: %s: %s", g.File, g.Line, g.ID, name, strings.Join(faults, "; "))
		}
	}
	count("gopher_rep", verdictFault(g.GopherRep, c.fineweb.GopherRepetition.judge(&s.GopherRepetition)), figFaults(g.GopherRep.Fig, repetitionFig(&s.GopherRepetition)))
	count("gopher_quality", verdictFault(g.GopherQuality, c.fineweb.GopherQuality.judge(&s.GopherQuality)), figFaults(g.GopherQuality.Fig, &s.GopherQuality))
	count("fineweb", verdictFault(g.FineWeb, c.fineweb.FineWeb.judge(&s.FineWebQuality)), figFaults(g.FineWeb.Fig, &s.FineWebQuality))
	count("c4", c.c4Faults(g.C4, c.c4, s.C4Quality, traces[0], text)...)
	count("c4_no_term", c.c4Faults(g.C4NoTerm, c.fineweb, datasets.C4Quality(s.C4NoTerminalPunct), traces[1], text)...)
	count("chain", c.chainFaults(g, s, text)...)
}

func compact(faults []string) (out []string) {
	for _, f := range faults {
		if f != "" {
			out = append(out, f)
		}
	}
	return out
}

func verdictFault(g goldenFilter, v Verdict) string {
	if g.Keep != v.Keep || g.Reason != v.Reason {
		return fmt.Sprintf("want %v %q, got %v %q", g.Keep, g.Reason, v.Keep, v.Reason)
	}
	return ""
}

func (c *checker) c4Faults(g goldenFilter, p Profile, s datasets.C4Quality, fates, text string) []string {
	faults := []string{verdictFault(g, p.C4.judge(s, p.Lines))}
	if fates != g.Lines {
		faults = append(faults, "lines "+firstDifference(g.Lines, fates))
	}
	if s.Sentences != g.Sentences {
		faults = append(faults, fmt.Sprintf("sentences: want %d, got %d", g.Sentences, s.Sentences))
	}
	if !g.Keep {
		return faults
	}
	if left := c.a.Edit(p, text); sha16(left) != g.LeftSHA {
		faults = append(faults, "left text differs")
	}
	if s.LeftChars == nil || *s.LeftChars != g.LeftChars {
		faults = append(faults, "left_chars differs")
	}
	return faults
}

func (c *checker) chainFaults(g *golden, s *datasets.Signals, text string) (faults []string) {
	v := c.fineweb.Decide(s)
	if v.Keep != g.Chain.Keep || v.Reason != g.Chain.Reason || v.Stage != goldenStage[g.Chain.Stage] {
		return []string{fmt.Sprintf("want %+v, got %+v", g.Chain, v)}
	}
	if v.Keep && sha16(c.a.Edit(c.fineweb, text)) != g.Chain.LeftSHA {
		return []string{"final text differs"}
	}
	return nil
}

func firstDifference(want, got string) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	return fmt.Sprintf("differ from line %d: want %.8q, got %.8q", i, want[i:], got[i:])
}

// figFaults compares every figure of the golden row.
func figFaults(want map[string]any, got any) string {
	raw, err := json.Marshal(got)
	if err != nil {
		return err.Error()
	}
	var have map[string]any
	if err := json.Unmarshal(raw, &have); err != nil {
		return err.Error()
	}
	var faults []string
	for name, w := range want {
		if !closeTo(w, have[name]) {
			faults = append(faults, fmt.Sprintf("%s: want %v, got %v", name, w, have[name]))
		}
	}
	return strings.Join(faults, ", ")
}

func closeTo(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 1e-6*max(1, math.Abs(w))
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if !closeTo(w[k], g[k]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !closeTo(w[i], g[i]) {
				return false
			}
		}
		return true
	default:
		return want == got
	}
}

// report prints the counts and fails unless all agree: docs/filters.md and
// docs/filters-disagreements.md promise it.
func (c *checker) report() {
	for file, f := range c.files {
		for _, name := range []string{"gopher_rep", "gopher_quality", "c4", "c4_no_term", "fineweb", "chain"} {
			c.t.Logf("%s %s: %d of %d agree", file, name, f.agree[name], f.docs)
			if f.agree[name] != f.docs {
				c.t.Errorf("%s %s: only %d of %d documents agree with the reference", file, name, f.agree[name], f.docs)
			}
		}
	}
}

// TestGolden compares figures, decisions and left texts of 2,620 documents with
// what datatrove 0.10.1 gives.
func TestGolden(t *testing.T) {
	root := sharedData(t)
	c := newChecker(t)
	texts := map[string][]string{}
	eachLine(t, filepath.Join(root, "golden/decisions.jsonl.gz"), func(line []byte) {
		g := new(golden)
		if err := json.Unmarshal(line, g); err != nil {
			t.Fatal(err)
		}
		if texts[g.File] == nil {
			texts[g.File] = readTexts(t, filepath.Join(root, g.File))
		}
		c.check(g, texts[g.File][g.Line])
	})
	if len(c.files) != 5 {
		t.Fatalf("%d files, want 5", len(c.files))
	}
	c.report()
}

// TestGoldenEdges does the same for the handmade documents of testdata.
func TestGoldenEdges(t *testing.T) {
	c := newChecker(t)
	eachLine(t, "testdata/edge.jsonl.gz", func(line []byte) {
		g := new(golden)
		if err := json.Unmarshal(line, g); err != nil {
			t.Fatal(err)
		}
		c.check(g, g.Text)
	})
	if len(c.files) != 1 || c.files["golden/edge_dev.jsonl.gz"].docs != 249 {
		t.Fatalf("want 249 documents of one file, got %v", c.files)
	}
	c.report()
}

// sharedData finds the shared data folder beside the module's.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
	root := filepath.Join(dir, "../shared/data")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no shared data: %v", err)
	}
	return root
}

func readTexts(t testing.TB, path string) (texts []string) {
	t.Helper()
	eachLine(t, path, func(line []byte) {
		var d struct{ Text string }
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, d.Text)
	})
	return texts
}

func eachLine(t testing.TB, path string, yield func([]byte)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		yield(s.Bytes())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

func sha16(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
