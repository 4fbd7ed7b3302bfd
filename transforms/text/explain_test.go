package text

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// prose is a text that every filter of the reference keeps.
const prose = `The harbour wakes before the town does, and the boats that went out in the night come back with their lights still on.
Men in yellow coats lift the boxes onto the quay, where the buyers walk along the rows and say very little to each other.
By seven the ice has been shovelled, the prices are chalked on a board, and the first vans have left for the city.
Nobody here would call it a market, because there is no roof and there are no stalls, yet everything is sold within an hour.
Visitors who arrive at nine find wet stones, a few gulls and an old woman with a broom, and wonder what all the noise was about!
`

func TestExplainKept(t *testing.T) {
	a := NewAnalyzer(referenceLines())
	e := a.Explain(mustProfile(t, "fineweb"), prose)
	if !e.Chain.Keep {
		t.Fatalf("dropped: %+v", e.Chain)
	}
	got := asJSON(t, e)
	d := got["decisions"].(map[string]any)
	text := strings.TrimSpace(prose)
	want := map[string]any{
		"gopher_quality":       map[string]any{"keep": true, "reason": ""},
		"gopher_repetition":    map[string]any{"keep": true, "reason": ""},
		"c4_quality":           map[string]any{"keep": true, "reason": "", "text": text},
		"c4_no_terminal_punct": map[string]any{"keep": true, "reason": "", "text": text},
		"fineweb_quality":      map[string]any{"keep": true, "reason": ""},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"keep": true, "stage": "", "reason": ""}, got["chain"]); diff != "" {
		t.Errorf("chain (-want +got):\n%s", diff)
	}
	c4 := got["signals"].(map[string]any)["c4_quality"].(map[string]any)
	if c4["lines"] != "KKKKK" || c4["sentences"] != 5.0 {
		t.Errorf("c4: lines %v, sentences %v", c4["lines"], c4["sentences"])
	}
}

// TestExplainShows checks which part of the text each verdict points to.
func TestExplainShows(t *testing.T) {
	lines := strings.SplitAfter(prose, "\n")
	for _, c := range []struct {
		name, profile, text string
		stage, reason, show string
	}{
		{"duplicate line", "gopher", lines[0] + lines[1] + lines[0] + lines[0], "gopher_repetition", "dup_line_frac", strings.TrimSpace(lines[0])},
		{"duplicate paragraph", "gopher", lines[0] + "\n" + lines[1] + "\n" + lines[1], "gopher_repetition", "dup_para_frac", strings.TrimSpace(lines[1])},
		{"frequent 2-gram", "gopher", "We said no thanks here and no thanks there and no thanks to you and no thanks.", "gopher_repetition", "top_2_gram", "no thanks"},
		{"hashes", "gopher", strings.NewReplacer(" the ", " #the ", " and ", " #and ", " a ", " #a ", ", ", " #").Replace(prose), "gopher_quality", "gopher_too_many_hashes", "#"},
		{"curly bracket", "fineweb", prose + "if (a) { b } else c\n", "c4_quality", "curly_bracket", "if (a) { b } else c"},
		{"lorem ipsum", "c4", prose + "  Then Lorem Ipsum is all one reads.  \n", "c4_quality", "lorem_ipsum", "Then Lorem Ipsum is all one reads."},
		{"duplicate line left", "fineweb", prose + "Gulls came [1] twice.\nThey left again.\nThey left again.\n", "fineweb_quality", "char_dup_ratio", "They left again."},
		{"short", "gopher", "Too few words to keep, and every one of them different.", "gopher_repetition", "top_3_gram", "Too few words"},
	} {
		a := NewAnalyzer(referenceLines())
		e := a.Explain(mustProfile(t, c.profile), c.text)
		if e.Chain.Stage != c.stage || e.Chain.Reason != c.reason {
			t.Errorf("%s: dropped by %s %s (%s), want %s %s", c.name, e.Chain.Stage, e.Chain.Reason, e.Chain.Figure, c.stage, c.reason)
			continue
		}
		if e.Chain.Span == nil {
			t.Errorf("%s: points to nothing, want %q", c.name, c.show)
			continue
		}
		if got := c.text[e.Chain.Span[0]:e.Chain.Span[1]]; got != c.show || e.Chain.Excerpt != got {
			t.Errorf("%s: shows %q, excerpt %q, want %q", c.name, got, e.Chain.Excerpt, c.show)
		}
		if e.Chain.Value == nil || e.Chain.Threshold == nil || e.Chain.Figure == "" {
			t.Errorf("%s: no figure: %+v", c.name, e.Chain.Because)
		}
	}
}

// TestExplainGolden compares the JSON of explain with the rows of the reference.
func TestExplainGolden(t *testing.T) {
	a, p := NewAnalyzer(referenceLines()), mustProfile(t, "fineweb")
	eachLine(t, filepath.Join("testdata", "edge.jsonl.gz"), func(line []byte) {
		g := new(golden)
		if err := json.Unmarshal(line, g); err != nil {
			t.Fatal(err)
		}
		got := asJSON(t, a.Explain(p, g.Text))
		signals, decisions := got["signals"].(map[string]any), got["decisions"].(map[string]any)
		for name, want := range map[string]goldenFilter{
			"gopher_repetition": g.GopherRep, "gopher_quality": g.GopherQuality, "fineweb_quality": g.FineWeb, "c4_quality": g.C4, "c4_no_terminal_punct": g.C4NoTerm,
		} {
			have, figures := decisions[name].(map[string]any), signals[name].(map[string]any)
			if have["keep"] != want.Keep || have["reason"] != want.Reason {
				t.Errorf("%s: %s: want %v %q, got %v", g.ID, name, want.Keep, want.Reason, have)
			}
			for figure, value := range want.Fig {
				if !closeTo(value, figures[figure]) {
					t.Errorf("%s: %s.%s: want %v, got %v", g.ID, name, figure, value, figures[figure])
				}
			}
			if strings.HasPrefix(name, "c4") && (figures["lines"] != want.Lines || figures["sentences"] != float64(want.Sentences)) {
				t.Errorf("%s: %s: want lines %q and %d sentences, got %v", g.ID, name, want.Lines, want.Sentences, figures)
			}
			if text, ok := have["text"].(string); ok && (!want.Keep || sha16(text) != want.LeftSHA) {
				t.Errorf("%s: %s: another text is left", g.ID, name)
			}
		}
	})
}

func TestTokensAndSentences(t *testing.T) {
	a := NewAnalyzer(referenceLines())
	if d := cmp.Diff([]string{"I", "ca", "n't", "go", ".", "Why", "?"}, a.Tokens("I can't go.\nWhy?")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"I can't go.", "\nWhy?"}, a.Sentences("I can't go.\nWhy?")); d != "" {
		t.Error(d)
	}
	if got := Simplified("I can't go.\n12.5 Days"); got != "i can t go 0 days" {
		t.Errorf("simplified: %q", got)
	}
}

func asJSON(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAnalyzeAllocatesItsResultOnly keeps the analysis off the heap once its
// buffers have grown.
func TestAnalyzeAllocatesItsResultOnly(t *testing.T) {
	a := NewAnalyzer(referenceLines())
	text := prose + "A fact.[1] Another one [citation needed] follows it.\nWe use cookies, as everybody does.\n"
	if n := testing.AllocsPerRun(50, func() { a.Analyze(text) }); n > 1 {
		t.Errorf("%g allocations a document, want 1", n)
	}
}
