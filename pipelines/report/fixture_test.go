package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var preview = flag.String("preview", "", "folder to write pages to, for looking at them")

var fixtureStart = time.Date(2026, 11, 20, 1, 30, 12, 0, time.UTC)

// exampleNight is a night of plausible size, always the same for a seed.
func exampleNight(seed uint64, before int) Night {
	r := rand.New(rand.NewPCG(seed, 1))
	n := Night{
		Lake: "/srv/lake/text", Job: "curate", Tag: fmt.Sprintf("gen-%06d", before+1), Date: "2026-11-20", RunID: "01JD3K7V9Q", Profile: "fineweb",
		Status: Published, Started: fixtureStart, Seconds: 1384, Revision: "v0.3.0 7699894",
		PeakRSS: 3_412_000_000,
	}
	n.Drops = []Drop{
		{"input", "empty", 214},
		{"gopher_repetition", "dup_line_frac", 9102}, {"gopher_repetition", "duplicated_5_n_grams", 6120}, {"gopher_repetition", "top_4_gram", 2210},
		{"gopher_repetition", "top_3_gram", 1804}, {"gopher_repetition", "top_2_gram", 1377}, {"gopher_repetition", "duplicated_6_n_grams", 230},
		{"gopher_repetition", "duplicated_10_n_grams", 201}, {"gopher_repetition", "dup_para_frac", 190}, {"gopher_repetition", "duplicated_8_n_grams", 88},
		{"gopher_repetition", "dup_para_char_frac", 12},
		{"gopher_quality", "gopher_below_alpha_threshold", 21944}, {"gopher_quality", "gopher_short_doc", 6502}, {"gopher_quality", "gopher_enough_stop_words", 3380},
		{"gopher_quality", "gopher_above_avg_threshold", 402},
		{"c4_no_terminal_punct", "too_few_sentences", 4120}, {"c4_no_terminal_punct", "curly_bracket", 1833},
		{"fineweb_quality", "line_punct_ratio", 5210}, {"fineweb_quality", "char_dup_ratio", 2904}, {"fineweb_quality", "short_line_ratio", 377},
	}
	n.Output = Output{Kept: 83_482, Dropped: sumDrops(n.Drops), Exact: 18_240, Near: 9_733, Old: 15_021, Rejected: 631}
	n.Input = Input{Files: 48, Rows: n.Output.Rows(), Bytes: 712_400_211, TextBytes: 1_934_220_917}
	exampleSources(&n, r)
	exampleSignals(&n, r)
	n.Profiles = []Outcome{{"none", 165_431, 165_431, false}, {"c4", 121_870, 165_431, false}, {"gopher", 115_869, 165_431, false}, {"technical", 104_228, 165_431, false}, {"fineweb", 93_215, 165_431, true}}
	n.Refused = []Refusal{
		{"read.jsonl", "invalid UTF-8", 402, []Example{{"raw/forum/part-003.jsonl.zst:1042", `{"id":"f-99120","text":"caf\xe9 au lait, s'il vous pla\xeet"}`}, {"raw/forum/part-003.jsonl.zst:1077", `{"id":"f-99155","text":"na\xefve"}`}}},
		{"read.jsonl", "no JSON", 198, []Example{{"raw/web/2026-11-19.jsonl.gz:88", `{"id": "w-1", "text": "unfinished`}}},
		{"read.gzip", "damaged: unexpected end", 1, []Example{{"raw/web/2026-11-19-b.jsonl.gz:20811", ""}}},
		{"read.jsonl", "text: not a string", 30, []Example{{"raw/wiki/a.jsonl:12", `{"id":7,"text":null}`}}},
	}
	n.Stages = []Stage{{"hash", 141, 260, n.Input.TextBytes, n.Input.Rows, 64}, {"exact", 6.2, 11, 0, 0, 16}, {"signals", 822, 1610, n.Input.TextBytes, n.Input.Rows, 64},
		{"match", 58, 96, 0, 0, 16}, {"join", 21, 22, 0, 0, 1}, {"write", 240, 431, n.Input.TextBytes, n.Input.Rows, 64}, {"pack", 88, 47, 902_000_000, 0, 6}, {"commit", 0.4, 0.1, 0, 0, 1}}
	exampleLineage(&n)
	exampleTexts(&n)
	for i := range before {
		n.Before = append(n.Before, exampleEntry(i, before, r))
	}
	return n
}

func exampleSources(n *Night, r *rand.Rand) {
	left, in := n.Output, n.Input
	for i, s := range []struct {
		name       string
		share, mid float64
	}{{"web", 0.58, 2900}, {"forum", 0.25, 640}, {"docs", 0.12, 8200}, {"wiki", 0, 4100}} {
		take := func(rows *int64, bias float64) int64 {
			v := int64(float64(*rows) * s.share * bias)
			if s.share == 0 {
				v = *rows
			}
			*rows -= v
			return v
		}
		p := Part{Source: s.name, Length: Lengths()}
		p.Output = Output{Kept: take(&left.Kept, []float64{0.95, 0.7, 1.8, 1}[i]), Dropped: take(&left.Dropped, []float64{1, 1.4, 0.4, 1}[i]), Exact: take(&left.Exact, 1), Near: take(&left.Near, 1), Rejected: take(&left.Rejected, 1)}
		p.Input = Input{Files: take(&in.Files, 1), Rows: p.Output.Rows(), Bytes: take(&in.Bytes, 1), TextBytes: take(&in.TextBytes, 1)}
		for range 4000 {
			p.Length.Add(math.Round(math.Exp(math.Log(s.mid)+r.NormFloat64()*1.1)), true)
		}
		n.Sources = append(n.Sources, p)
	}
}

func exampleSignals(n *Night, r *rand.Rand) {
	at := func(v float64) *float64 { return &v }
	thresholds := map[string][]Threshold{
		"gopher_quality.alpha_ratio":        {{0.8, true, "gopher_below_alpha_threshold"}},
		"gopher_quality.avg_word_length":    {{3, true, "gopher_below_avg_threshold"}, {10, false, "gopher_above_avg_threshold"}},
		"gopher_quality.non_symbol_words":   {{50, true, "gopher_short_doc"}, {100000, false, "gopher_long_doc"}},
		"gopher_quality.stop_words":         {{2, true, "gopher_enough_stop_words"}},
		"gopher_repetition.dup_line_frac":   {{0.3, false, "dup_line_frac"}},
		"gopher_repetition.top_2_gram_frac": {{0.2, false, "top_2_gram"}},
		"gopher_repetition.dup_5_gram_frac": {{0.15, false, "duplicated_5_n_grams"}},
		"c4_no_terminal_punct.sentences":    {{5, true, "too_few_sentences"}},
		"fineweb_after_c4.line_punct_ratio": {{0.12, true, "line_punct_ratio"}},
		"fineweb_after_c4.short_line_ratio": {{0.67, false, "short_line_ratio"}},
		"fineweb_after_c4.char_dup_ratio":   {{0.01, false, "char_dup_ratio"}},
		"fineweb_after_c4.list_ratio":       {{0.3, false, "list_ratio"}},
	}
	beta := func(mean, spread float64) float64 { return min(1, max(0, mean+spread*r.NormFloat64())) }
	value := map[string]func() float64{
		"gopher_quality.alpha_ratio":        func() float64 { return beta(0.83, 0.07) },
		"gopher_quality.avg_word_length":    func() float64 { return 4.9 + r.NormFloat64()*1.1 },
		"gopher_quality.non_symbol_words":   func() float64 { return math.Round(math.Exp(6 + 1.5*r.NormFloat64())) },
		"gopher_quality.stop_words":         func() float64 { return float64(min(8, max(0, int(6.2+2*r.NormFloat64())))) },
		"c4_no_terminal_punct.sentences":    func() float64 { return math.Round(math.Exp(2.9 + 1.1*r.NormFloat64())) },
		"fineweb_after_c4.line_punct_ratio": func() float64 { return beta(0.62, 0.3) },
	}
	signals := NewSignals(Variant{})
	for range 20000 {
		for _, s := range signals {
			v := max(0, math.Round(100*(r.ExpFloat64()*0.09-0.05))/100*s.Hi)
			if f := value[s.Figure]; f != nil {
				v = f()
			}
			kept := r.Float64() < 0.72
			for _, t := range thresholds[s.Figure] {
				kept = kept && (v >= t.Value) == t.DropsBelow || v == t.Value
			}
			if strings.HasPrefix(s.Figure, "fineweb") && r.Float64() < 0.02 {
				s.AddMissing(false)
				continue
			}
			s.Add(v, kept)
		}
	}
	n.Figures = signals.Charts(thresholds)
	n.Samples = []Sample{{Value: at(0.71), Threshold: at(0.8)}}
}

func exampleLineage(n *Night) {
	n.Lineage = Lineage{Parents: []string{"gen-000020"}, ConfigHash: "9f31c0aa27de11a4", Identity: "4e07408562bedb8b60ce05c1decfe3ad",
		Config: "lake: /srv/lake/text\nprofile: fineweb\ninputs:\n  - glob: raw/web/*.jsonl.gz\n    source: web\ndedup:\n  scheme: fast\n  survivor: longest\nmax_rejects: 1%\n"}
	for i := range 48 {
		n.Lineage.Inputs = append(n.Lineage.Inputs, PinnedFile{Path: fmt.Sprintf("raw/web/2026-11-19-part-%04d.jsonl.zst", i), Bytes: 14_800_000 + int64(i)*1013, Rows: 4100 + int64(i), Modified: fixtureStart.Add(-time.Duration(i) * time.Minute), SHA256: strings.Repeat("9f86d081884c7d65", 4)})
	}
	for i, t := range []string{"ops.files", "ops.inputs", "ops.rejects", "ops.runs", "text.bands", "text.decisions", "text.documents", "training.text"} {
		n.Lineage.Tables = append(n.Lineage.Tables, Table{Name: t, SnapshotID: 7_301_442_209_118_330_001 + int64(i)*7919, RowsAdded: 1_000 * int64(i*i)})
	}
}

// exampleTexts are made by hand; previewTexts takes real ones.
func exampleTexts(n *Night) {
	at := func(v float64) *float64 { return &v }
	text := "| flag | meaning |\n|------|---------|\n| -v | verbose |\n| -q | quiet |\n\nSee the manual for all of the options that the program has."
	n.Samples = []Sample{
		{RowID: 1<<40 | 7, DocID: "doc-7", Source: "docs", Row: "raw/docs/a.jsonl:8", Stage: "gopher_quality", Reason: "gopher_below_alpha_threshold", Figure: "gopher_quality.alpha_ratio", Value: at(0.41), Threshold: at(0.8), Text: text, Chars: int64(len(text)), Marks: []Mark{{0, 39}}},
		{RowID: 1<<40 | 9, DocID: "doc-9", Source: "web", Row: "raw/web/b.jsonl:10", Kept: true, Text: "It was a bright cold day in April, and the clocks of the town were striking. Nobody had wound them for a year.", Chars: 110},
	}
	n.Clusters = []Cluster{{Size: 214, Similarity: 0.913, Verified: true,
		Survivor:  Member{DocID: "guide-v2", Source: "docs", Row: "raw/docs/a.jsonl:1", Chars: 120, Old: true, Text: "Install the package with the manager of your system, then run the command once to create the configuration."},
		Duplicate: Member{DocID: "guide-v1", Source: "docs", Row: "raw/docs/a.jsonl:2", Chars: 110, Text: "Install the package with pip, then run the command once to create the default configuration."}}}
}

func exampleEntry(i, of int, r *rand.Rand) Entry {
	date := fixtureStart.AddDate(0, 0, i-of).Format(time.DateOnly)
	rows := int64(171_000 + 9_000*r.NormFloat64())
	part := func(mean, spread float64) int64 { return int64(float64(rows) * (mean + spread*r.NormFloat64())) }
	e := Entry{File: date + ".html", Tag: fmt.Sprintf("gen-%06d", i+1), Date: date, RunID: fmt.Sprint("run-", i), Job: "curate", Profile: "fineweb", Status: Published, Seconds: 1200 + 40*r.Float64(), Input: Input{Rows: rows}}
	e.Output = Output{Dropped: part(0.36, 0.012), Exact: part(0.04, 0.004), Near: part(0.05, 0.004), Rejected: part(0.002, 0.0004)}
	e.Output.Kept = rows - e.Output.Rows()
	e.DroppedBy = map[string]int64{"gopher_below_alpha_threshold": part(0.12, 0.006), "dup_line_frac": part(0.055, 0.004), "gopher_short_doc": part(0.035, 0.002), "duplicated_5_n_grams": part(0.033, 0.002), "line_punct_ratio": part(0.028, 0.002), "too_few_sentences": part(0.022, 0.001), "gopher_enough_stop_words": part(0.018, 0.001), "char_dup_ratio": part(0.016, 0.001), "top_4_gram": part(0.012, 0.001)}
	if i == of-5 {
		e.Status, e.Tag = Rejected, ""
		e.Output.Rejected += 9000
		e.Output.Kept -= 9000
	}
	return e
}

// TestPreview writes pages to look at: go test -run Preview -preview DIR.
func TestPreview(t *testing.T) {
	if *preview == "" {
		t.Skip("no -preview folder given")
	}
	night := exampleNight(1, 21)
	previewTexts(t, &night)
	first := exampleNight(2, 0)
	refused := exampleNight(3, 6)
	refused.Status, refused.Tag, refused.Message = Rejected, "", "631 of 182,596 rows were rejected, more than max_rejects allows"
	refused.Output.Kept -= 12
	pages := map[string]Night{"night": night, "first": first, "refused": refused, "hostile": hostileNight(), "empty": {Date: "2026-11-20", Status: Published, Tag: "gen-000001"}}
	for name, n := range pages {
		var b bytes.Buffer
		if err := Write(&b, n); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(*preview, name+".html"), b.Bytes())
	}
	var b bytes.Buffer
	if err := WriteIndex(&b, append(night.Before, night.Entry("night.html"))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(*preview, "index.html"), b.Bytes())
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o640); err != nil {
		t.Fatal(err)
	}
}

// previewTexts puts real texts into the night, from the shared data.
func previewTexts(t *testing.T, n *Night) {
	docs := realTexts(t, 1200)
	at := func(v float64) *float64 { return &v }
	n.Samples = nil
	for i := range 14 {
		d := docs[i*41%len(docs)]
		s := Sample{RowID: int64(21)<<40 | int64(i), DocID: d.ID, Source: "docs", Row: fmt.Sprintf("raw/docs/part-%02d.jsonl:%d", i, 101*i+7), Kept: i%3 == 2, Text: d.Text, Chars: int64(len([]rune(d.Text)))}
		if !s.Kept {
			s.Stage, s.Reason, s.Figure, s.Value, s.Threshold = "gopher_quality", "gopher_below_alpha_threshold", "gopher_quality.alpha_ratio", at(0.62+float64(i)/100), at(0.8)
			start := len(d.Text) / (2 + i)
			s.Marks = []Mark{{start, start + 60}, {start + 90, start + 200}}
		}
		n.Samples = append(n.Samples, s)
	}
	n.Clusters = nil
	for i := 0; i+1 < len(docs) && len(n.Clusters) < 5; i++ {
		for j := i + 1; j < len(docs) && len(n.Clusters) < 5; j++ {
			a, b := docs[i], docs[j]
			if len(a.Text) > 400 && a.Text != b.Text && a.Text[:60] == b.Text[:min(60, len(b.Text))] {
				n.Clusters = append(n.Clusters, Cluster{Size: int64(40 / (len(n.Clusters) + 1)), Similarity: 0.87, Survivor: Member{DocID: a.ID, Source: "docs", Row: "raw/docs/a.jsonl:1", Text: a.Text, Chars: int64(len(a.Text))}, Duplicate: Member{DocID: b.ID, Source: "docs", Row: "raw/docs/a.jsonl:2", Text: b.Text, Chars: int64(len(b.Text))}})
				i += 9
				break
			}
		}
	}
}

type document struct{ ID, Text string }

func realTexts(t *testing.T, limit int) []document {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	f, err := os.Open(filepath.Join(dir, "../shared/data/docs/docs_dev.jsonl.gz"))
	if err != nil {
		t.Skip("no shared data: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(z)
	var docs []document
	for len(docs) < limit {
		b, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var d document
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}
