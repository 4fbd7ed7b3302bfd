package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write golden files anew")

// smallNight is a night one can check by hand.
func smallNight() Night {
	at := func(v float64) *float64 { return &v }
	alpha := NewSketch("gopher_quality.alpha_ratio", "Words with a letter", "", Scale{0, 1, 10, false})
	for _, v := range []float64{0.75, 0.78, 0.85, 0.91, 0.95} {
		alpha.Add(v, v >= 0.8)
	}
	length := Lengths()
	for _, v := range []float64{80, 400, 410, 9000} {
		length.Add(v, true)
	}
	out := Output{Kept: 3, Dropped: 2, Exact: 2, Near: 1, Old: 1, Rejected: 1}
	n := Night{
		Lake: "lake", Job: "curate", Tag: "gen-000002", Date: "2026-11-20", RunID: "r2", Profile: "fineweb", Status: Published,
		Started: fixtureStart, Seconds: 75.4, Revision: "v0 abc", PeakRSS: 1_500_000_000,
		Input:    Input{Files: 1, Rows: 9, Bytes: 4000, TextBytes: 12_345},
		Output:   out,
		Sources:  []Part{{"docs", Input{Files: 1, Rows: 9, Bytes: 4000, TextBytes: 12_345}, out, length}},
		Drops:    []Drop{{"gopher_quality", "gopher_below_alpha_threshold", 2}},
		Figures:  []Chart{{alpha.Histogram, []Threshold{{0.8, true, "gopher_below_alpha_threshold"}}}},
		Profiles: []Outcome{{"fineweb", 3, 6, true}, {"none", 6, 6, false}},
		Refused:  []Refusal{{"read.jsonl", "no JSON", 1, []Example{{"a.jsonl:7", `{"id":`}}}},
		Stages:   []Stage{{"hash", 10.4, 20.1, 12_345_678, 9, 2}, {"commit", 65, 0, 0, 0, 1}},
		Lineage:  Lineage{Inputs: []PinnedFile{{"a.jsonl", 4000, 9, fixtureStart, "00ff"}}, Parents: []string{"gen-000001"}, ConfigHash: "c0", Config: "lake: lake\n", Identity: "1d", Tables: []Table{{"training.text", 1 << 62, 3, 3, 100}}},
		Before:   []Entry{{File: "2026-11-19.html", Tag: "gen-000001", Date: "2026-11-19", RunID: "r1", Job: "curate", Profile: "fineweb", Status: Published, Input: Input{Rows: 8}, Output: Output{Kept: 8}}},
	}
	text := "See https://x.example <b>now</b> & then."
	n.Samples = []Sample{{RowID: 1, DocID: "d1", Source: "docs", Row: "a.jsonl:1", Stage: "gopher_quality", Reason: "gopher_below_alpha_threshold", Figure: "gopher_quality.alpha_ratio", Value: at(0.75), Threshold: at(0.8), Text: text, Chars: 40, Marks: []Mark{{4, 21}}}}
	n.Clusters = []Cluster{{Size: 2, Similarity: 0.8125, Survivor: Member{DocID: "d2", Source: "docs", Row: "a.jsonl:2", Text: "one two three", Chars: 13}, Duplicate: Member{DocID: "d3", Source: "docs", Row: "a.jsonl:3", Text: "one 2 three", Chars: 11}}}
	return n
}

var styleSheet = regexp.MustCompile(`(?s)<style>.*?</style>|sha256-[^']*`)

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		writeFile(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs; look, then run with -rewrite (-want +got):\n%s", path, diff)
	}
}

func TestGolden(t *testing.T) {
	n := smallNight()
	if faults := n.Faults(); faults != nil {
		t.Fatal(faults)
	}
	var night, index, data bytes.Buffer
	if err := Write(&night, n); err != nil {
		t.Fatal(err)
	}
	if err := WriteIndex(&index, append(n.Before, n.Entry("2026-11-20.html"))); err != nil {
		t.Fatal(err)
	}
	if err := WriteJSON(&data, n); err != nil {
		t.Fatal(err)
	}
	golden(t, "night.golden.html", styleSheet.ReplaceAll(night.Bytes(), []byte("(style)")))
	golden(t, "index.golden.html", styleSheet.ReplaceAll(index.Bytes(), []byte("(style)")))
	golden(t, "night.golden.json", data.Bytes())
}

func TestSameNightSameBytes(t *testing.T) {
	render := func() string {
		var b bytes.Buffer
		if err := Write(&b, exampleNight(1, 21)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := render()
	for range 3 {
		if render() != first {
			t.Fatal("the page changes from one writing to the next")
		}
	}
}

func TestJSONComesBack(t *testing.T) {
	n := exampleNight(7, 3)
	var b bytes.Buffer
	if err := WriteJSON(&b, n); err != nil {
		t.Fatal(err)
	}
	var back Night
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, back, ignoreEdges); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// A page of what came back is the page of the night.
func TestPageOfDecodedNight(t *testing.T) {
	n := smallNight()
	var data, want, got bytes.Buffer
	if err := WriteJSON(&data, n); err != nil {
		t.Fatal(err)
	}
	var back Night
	if err := json.Unmarshal(data.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if err := Write(&want, n); err != nil {
		t.Fatal(err)
	}
	if err := Write(&got, back); err != nil {
		t.Fatal(err)
	}
	if want.String() != got.String() {
		t.Error("pages differ")
	}
}

func TestEmptyNights(t *testing.T) {
	for name, n := range map[string]Night{
		"nothing":           {},
		"empty figure":      {Figures: []Chart{{}, {Histogram: NewSketch("x", "X", "", Scale{0, 1, 5, false}).Histogram}}},
		"empty source":      {Sources: []Part{{Source: "s"}, {Source: "t", Length: Lengths()}}},
		"only a before":     {Before: []Entry{{}}},
		"drops no rows":     {Drops: []Drop{{"s", "r", 0}}},
		"stages of no time": {Stages: []Stage{{}}},
		"sample":            {Samples: []Sample{{Marks: []Mark{{1, 2}}}}, Clusters: []Cluster{{}}, Refused: []Refusal{{}}, Profiles: []Outcome{{}}},
	} {
		var b bytes.Buffer
		if err := Write(&b, n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("%s: the page holds a number that is none", name)
		}
	}
	var b bytes.Buffer
	if err := WriteIndex(&b, nil); err != nil || !strings.Contains(b.String(), "No night yet") {
		t.Errorf("index of nothing: %v", err)
	}
}
