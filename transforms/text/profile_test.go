package text

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
)

func TestProfiles(t *testing.T) {
	for _, name := range Profiles() {
		p := mustProfile(t, name)
		if p.Name != name {
			t.Errorf("profile %s calls itself %s", name, p.Name)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("profile %s: %v", name, err)
		}
		raw, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Profile
		if err := yaml.UnmarshalWithOptions(raw, &back, yaml.Strict()); err != nil {
			t.Fatalf("profile %s does not read back: %v\n%s", name, err, raw)
		}
		if d := cmp.Diff(p, back); d != "" {
			t.Errorf("profile %s changes through YAML:\n%s", name, d)
		}
	}
	_, err := LookupProfile("fine-web")
	if !errors.Is(err, ErrUnknownProfile) || !strings.Contains(err.Error(), "fineweb, gopher, c4, technical, none") {
		t.Errorf("unknown profile: %v", err)
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	p := mustProfile(t, "fineweb")
	p.Stages = []string{"gopher", StageC4, StageFineWeb, StageC4}
	p.GopherRepetition.Dup7GramFrac = 1.5
	p.GopherQuality.MinDocWords, p.GopherQuality.MaxDocWords = 10, 5
	p.GopherQuality.MinStopWords = 9
	p.C4.MinSentences = -1
	p.FineWeb.MaxListRatio = -0.1
	p.Lines.TerminalPunct = true
	p.Lines.MaxWordLength = -1
	want := []string{
		`stages: "gopher" is none of gopher_repetition, gopher_quality, c4_quality, fineweb_quality`,
		`stages: c4_quality is there twice`,
		`stages: fineweb_quality after c4_quality judges what the lines leave without the end-mark rule: set lines.terminal_punct to false`,
		`gopher_repetition.dup_7_gram_frac: 1.5 is not between 0 and 1`,
		`gopher_quality.min_doc_words: the least, 10, is above the most, 5`,
		`gopher_quality.min_stop_words: 9 is not between 0 and 8`,
		`c4_quality.min_sentences: -1 is negative or no number`,
		`fineweb_quality.max_list_ratio: -0.1 is negative or no number`,
		`lines.max_word_length: -1 is negative or no number`,
	}
	err := p.Validate()
	if err == nil {
		t.Fatal("no faults found")
	}
	if d := cmp.Diff(want, strings.Split(err.Error(), "\n")); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

func TestZeroSwitchesRulesOff(t *testing.T) {
	texts := []string{"a", "a a a a a a a a a a a", "# # # # ...", "{ lorem ipsum }", "- x\n- x\n- x", "漢字"}
	p := Profile{Name: "off", Stages: mustProfile(t, "fineweb").Stages}
	a := NewAnalyzer(p.Lines)
	for _, text := range texts {
		if v := p.Decide(a.Analyze(text)); !v.Keep {
			t.Errorf("%q: dropped by %s, although every rule is off", text, v.Reason)
		}
	}
	// No text passes without any: FineWeb and Gopher repetition call it empty.
	if v := p.Decide(a.Analyze("")); v.Keep || v.Stage != StageGopherRepetition || v.Reason != "empty" {
		t.Errorf("empty text: %+v", v)
	}
}

func TestVerdictNamesFigureAndThreshold(t *testing.T) {
	p, a := mustProfile(t, "gopher"), NewAnalyzer(referenceLines())
	p.Stages = []string{StageGopherQuality}
	got := p.Decide(a.Analyze("One different sentence stands here. Just a few words more, all of them unlike the ones before."))
	want := Verdict{Stage: StageGopherQuality, Reason: "gopher_short_doc", Figure: "non_symbol_words", Value: 17, Threshold: 50}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecideNeedsSignals(t *testing.T) {
	if v := mustProfile(t, "none").Decide(nil); !v.Keep {
		t.Errorf("none without signals: %+v", v)
	}
	defer func() {
		if r := fmt.Sprint(recover()); r != "text: profile gopher decides by signals, and there are none" {
			t.Errorf("panic %q", r)
		}
	}()
	mustProfile(t, "gopher").Decide(nil)
}

func TestNeedsText(t *testing.T) {
	fineweb, gopher, c4, technical := mustProfile(t, "fineweb"), mustProfile(t, "gopher"), mustProfile(t, "c4"), mustProfile(t, "technical")
	stricter, lines, short := fineweb, fineweb, technical
	stricter.GopherQuality.MinDocWords = 100
	lines.Lines.MinWordsPerLine = 5
	short.Lines.ShortLine = 40
	for _, c := range []struct {
		name     string
		new, old Profile
		want     bool
	}{
		{"same", fineweb, fineweb, false},
		{"other thresholds", stricter, fineweb, false},
		{"other line rules", lines, fineweb, true},
		{"end-mark rule", c4, fineweb, false},
		{"edits come", fineweb, gopher, false},
		{"edits come with other line rules", lines, gopher, true},
		{"edits go", gopher, lines, false},
		{"no edits", technical, gopher, false},
		{"other short lines", short, technical, true},
	} {
		if got := c.new.NeedsText(c.old); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestEditsLike(t *testing.T) {
	fineweb, gopher, c4, technical := mustProfile(t, "fineweb"), mustProfile(t, "gopher"), mustProfile(t, "c4"), mustProfile(t, "technical")
	stricter, lines, drops := fineweb, fineweb, fineweb
	stricter.GopherQuality.MinDocWords, stricter.Lines.ShortLine = 100, 40
	lines.Lines.MinWordsPerLine = 5
	drops.Lines.CurlyBracket, drops.Lines.LoremIpsum = false, false
	for _, c := range []struct {
		name string
		p, q Profile
		want bool
	}{
		{"same", fineweb, fineweb, true},
		{"other thresholds", stricter, fineweb, true},
		{"rules that drop documents", drops, fineweb, true},
		{"shorter lines go", lines, fineweb, false},
		{"end-mark rule", c4, fineweb, false},
		{"one edits", gopher, fineweb, false},
		{"none edits", technical, gopher, true},
	} {
		if p, q := c.p.EditsLike(c.q), c.q.EditsLike(c.p); p != c.want || q != c.want {
			t.Errorf("%s: %v and %v, want %v", c.name, p, q, c.want)
		}
	}
}

// TestSurvivors counts what each profile keeps of the shared data: the numbers in
// docs/filters.md. Those of fineweb and c4 are the reference's own; gopher's are
// the documents that both of its filters keep there.
func TestSurvivors(t *testing.T) {
	root := sharedData(t)
	want := map[string]map[string]int{
		"docs/docs_dev.jsonl.gz":            {"fineweb": 27, "gopher": 34, "c4": 1535, "technical": 1826, "none": 1886},
		"web_labelled/agreement_data.jsonl": {"fineweb": 170, "gopher": 199, "c4": 187, "technical": 259, "none": 281},
		"web/cc_en_head-0091.jsonl":         {"fineweb": 7, "gopher": 9, "c4": 8, "technical": 10, "none": 10},
		"udhr/udhr_dev.jsonl.gz":            {"fineweb": 0, "gopher": 0, "c4": 181, "technical": 0, "none": 194},
	}
	a := NewAnalyzer(referenceLines())
	for file, kept := range want {
		got := map[string]int{}
		var signals []*datasets.Signals
		for _, text := range readTexts(t, filepath.Join(root, file)) {
			signals = append(signals, a.Analyze(text))
		}
		for _, name := range Profiles() {
			p := mustProfile(t, name)
			for _, s := range signals {
				if p.Decide(s).Keep {
					got[name]++
				}
			}
			if got[name] != kept[name] {
				t.Errorf("%s: %s keeps %d, want %d", file, name, got[name], kept[name])
			}
		}
	}
}

// TestTechnicalDropsJunk judges typical junk of documentation, and a short page
// that is none.
func TestTechnicalDropsJunk(t *testing.T) {
	good := "# Rate limiting\n\nThe limiter keeps a bucket of tokens for each client. A request takes one token, and the bucket fills again at a fixed rate.\n\n" +
		"```go\nlim := rate.NewLimiter(rate.Every(time.Second), 10)\nif !lim.Allow() {\n\treturn ErrBusy\n}\n```\n\n" +
		"## Options\n\n| name | default | meaning |\n|---|---|---|\n| `rate` | 1/s | how fast the bucket fills |\n| `burst` | 10 | how many requests may come at once |\n\n" +
		"Use the burst that your slowest backend can take. If you have more than one instance, divide it by their number.\n"
	links := "# Links\n\n"
	topics := strings.Fields("installation upgrade backup restore logging tracing alerts queries storage retention sharding federation scaling security users roles tokens quotas limits billing exports imports formats schemas migration testing releases support glossary changes")
	for i, topic := range topics {
		links += fmt.Sprintf("- [%s and %s](%s.html)\n", topic, topics[(i*7+3)%len(topics)], topic)
	}
	metrics := ""
	for i := range 60 {
		metrics += fmt.Sprintf("http_request_duration_seconds_bucket{handler=\"/api/v1/query_range_%d\",le=\"%d\"} %d\n", i, i, i*977)
	}
	list := ""
	for i := range 80 {
		list += fmt.Sprintf("identifier%c%c\n", 'a'+i%26, 'a'+i/26)
	}
	a, p := NewAnalyzer(referenceLines()), mustProfile(t, "technical")
	for _, c := range []struct{ name, text, reason string }{
		{"page", good, ""},
		{"stub", "# Utilities\n\n## Parser\n\n[[autodoc]] Parser\n    - parse_args\n    - parse_config\n", "gopher_short_doc"},
		{"list of links", links, "gopher_too_many_bullets"},
		{"metrics", metrics, "top_2_gram"},
		{"word list", list, "gopher_enough_stop_words"},
		{"repetition", good + good + good, "dup_para_frac"},
		{"rulers", "Title\n" + strings.Repeat("=", 400) + "\n" + "The words here are few and the ruler is long.", "top_2_gram"},
	} {
		if v := p.Decide(a.Analyze(c.text)); v.Reason != c.reason {
			t.Errorf("%s: %q (%s %g, threshold %g), want %q", c.name, v.Reason, v.Figure, v.Value, v.Threshold, c.reason)
		}
	}
}
