package command

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplainGolden holds the lines that explain prints against what the
// reference implementation says of the same documents.
func TestExplainGolden(t *testing.T) {
	data := sharedData(t)
	names := map[string]string{"gopher_rep": "gopher_repetition", "gopher_quality": "gopher_quality", "c4": "c4_quality", "c4_no_term": "c4_no_terminal_punct", "fineweb": "fineweb_quality"}
	golden := readGolden(t, filepath.Join(data, "golden", "decisions.jsonl.gz"))
	for _, file := range []string{"golden/edge_dev.jsonl.gz", "web_labelled/agreement_data.jsonl"} {
		status, stdout, stderr := run(context.Background(), "", "explain", "--input", filepath.Join(data, file))
		if status != 0 {
			t.Fatalf("%s: status %d: %s", file, status, stderr)
		}
		lines := bufio.NewScanner(strings.NewReader(stdout))
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var got struct {
				Row       int
				Decisions map[string]goldenDecision
				Chain     struct {
					goldenDecision
					Stage string
				}
			}
			if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprintf("%s:%d", file, got.Row)
			want, ok := golden[key]
			if !ok {
				t.Errorf("%s: the reference has no such document", key)
				continue
			}
			delete(golden, key)
			for theirs, ours := range names {
				if got.Decisions[ours] != want.Filters[theirs] {
					t.Errorf("%s: %s: %+v, want %+v", key, ours, got.Decisions[ours], want.Filters[theirs])
				}
			}
			if got.Chain.goldenDecision != want.Chain || got.Chain.Stage != names[want.Stage] {
				t.Errorf("%s: chain: %+v, want %+v at %q", key, got.Chain, want.Chain, names[want.Stage])
			}
		}
		// Two documents hold U+0000, which is a reject here.
		for key := range golden {
			if strings.HasPrefix(key, file+":") && !strings.Contains(stderr, key+": read.jsonl: U+0000") {
				t.Errorf("%s: not explained", key)
			}
		}
	}
}

type goldenDecision struct {
	Keep   bool
	Reason string
}

type goldenRow struct {
	Filters map[string]goldenDecision
	Chain   goldenDecision
	Stage   string
}

// readGolden reads the reference's decisions by file:row.
func readGolden(t *testing.T, path string) map[string]goldenRow {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]goldenRow{}
	for dec := json.NewDecoder(z); dec.More(); {
		var r struct {
			File          string
			Line          int
			GopherRep     goldenDecision `json:"gopher_rep"`
			GopherQuality goldenDecision `json:"gopher_quality"`
			C4            goldenDecision `json:"c4"`
			C4NoTerm      goldenDecision `json:"c4_no_term"`
			FineWeb       goldenDecision `json:"fineweb"`
			Chain         struct {
				goldenDecision
				Stage string
			}
		}
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprintf("%s:%d", r.File, r.Line+1)] = goldenRow{
			Filters: map[string]goldenDecision{"gopher_rep": r.GopherRep, "gopher_quality": r.GopherQuality, "c4": r.C4, "c4_no_term": r.C4NoTerm, "fineweb": r.FineWeb},
			Chain:   r.Chain.goldenDecision, Stage: r.Chain.Stage,
		}
	}
	return out
}

// sharedData is the folder of reference data beside the repository.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "golden")); err != nil {
		t.Skip("no reference data beside the repository: ", data)
	}
	return data
}
