package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// from loads YAML as the file chimera.yaml.
func from(yaml string, env []string, flags ...Flag) (*Loaded, error) {
	return load(Options{File: "chimera.yaml", Env: env, Flags: flags}, []byte(yaml))
}

func mustDefault(t *testing.T, profile string) Config {
	t.Helper()
	c, err := Default(profile)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestExample: the example has every key, and every key at its default.
func TestExample(t *testing.T) {
	l, err := from(Example, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := mustDefault(t, DefaultProfile)
	if diff := cmp.Diff(want, l.Config); diff != "" {
		t.Errorf("example.yaml is not the default (-default +example):\n%s", diff)
	}
	var c Config
	for _, k := range keys(&c) {
		if !strings.HasPrefix(l.Source(k.path), "chimera.yaml:") {
			t.Errorf("example.yaml lacks %s", k.path)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"unknown key", "lake: x\ncurate:\n  tresholds: {}\n", `chimera.yaml:3: unknown key "tresholds", did you mean "thresholds"?`},
		{"unknown top key", "lak: x\n", `chimera.yaml:1: unknown key "lak", did you mean "lake"?`},
		{"key of another section", "profile: c4\n", `chimera.yaml:1: unknown key "profile", did you mean "curate.profile"?`},
		{"unlike any key", "qqqqqqqqqqqq: 1\n", `chimera.yaml:1: unknown key "qqqqqqqqqqqq"`},
		{"deep unknown key", "curate:\n  thresholds:\n    gopher_quality:\n      min_doc_word: 9\n", `chimera.yaml:4: unknown key "min_doc_word", did you mean "min_doc_words"?`},
		{"unknown key of an input", "inputs:\n  - glob: a\n    sauce: b\n", `chimera.yaml:3: unknown key "sauce", did you mean "source"?`},
		{"number for a string", "inputs:\n  - glob: a\n    source: 2026\n", `chimera.yaml:3: inputs[0].source: want a string, have 2026 (quote it)`},
		{"string for a number", "curate:\n  workers: many\n", `chimera.yaml:2: curate.workers: want a whole number, have "many"`},
		{"fraction for a whole number", "curate:\n  workers: 1.5\n", `chimera.yaml:2: curate.workers: want a whole number, have "1.5"`},
		{"string for a bool", "curate: {dedup: {verify: yes}}\n", `chimera.yaml:1: curate.dedup.verify: want true or false, have "yes"`},
		{"list for a string", "lake: [a, b]\n", `chimera.yaml:1: lake: want a string, have a list`},
		{"nothing for a string", "lake:\ninputs: []\n", `chimera.yaml:1: lake: want a string, have nothing`},
		{"string for a list", "inputs: raw/*.jsonl\n", `chimera.yaml:1: inputs: want a list, have "raw/*.jsonl"`},
		{"string for a section", "curate: fineweb\n", `chimera.yaml:1: curate: want keys and values, have "fineweb"`},
		{"list for the document", "- lake\n", `chimera.yaml:1: want keys and values, have a list`},
		{"key twice", "lake: a\nlake: b\n", `chimera.yaml:2: mapping key "lake" already defined at [1:1]`},
		{"second document", "lake: a\n---\nlake: b\n", `chimera.yaml:3: a second document: a configuration is one`},
		{"anchor", "lake: &x a\n", `chimera.yaml:1: lake: want a string, have an anchor, alias or tag, which are not read here (quote it)`},
		{"infinite number", "curate: {weight: .inf}\n", `chimera.yaml:1: curate.weight: want a number, have .inf`},
		{"size", "curate: {max_row_bytes: 64 parsecs}\n", `chimera.yaml:1: curate.max_row_bytes: "64 parsecs" is no size like 64MiB`},
		{"size out of range", "curate: {max_row_bytes: 99999999TiB}\n", `chimera.yaml:1: curate.max_row_bytes: "99999999TiB" is out of range`},
		{"share", "curate: {max_rejects: 101%}\n", `chimera.yaml:1: curate.max_rejects: "101%" is no share between 0% and 100%`},
		{"bare fraction", "curate: {max_rejects: 0.01}\n", `chimera.yaml:1: curate.max_rejects: want a share like "1%" or a number of rows, have 0.01`},
		{"profile", "curate:\n  profile: finweb\n", `chimera.yaml:2: curate.profile: unknown profile "finweb", did you mean "fineweb"?`},
		{"stage", "curate:\n  stages: [gopher]\n", `chimera.yaml:2: curate.stages: "gopher" is none of gopher_repetition, gopher_quality, c4_quality, fineweb_quality`},
		{"threshold", "curate:\n  thresholds:\n    gopher_repetition: {dup_line_frac: 30}\n", `chimera.yaml:3: curate.thresholds.gopher_repetition.dup_line_frac: 30 is not between 0 and 1`},
		{"survivor", "curate: {dedup: {survivor: longets}}\n", `chimera.yaml:1: curate.dedup.survivor: "longets", did you mean "longest"?`},
		{"similarity", "curate: {dedup: {min_similarity: 80}}\n", `chimera.yaml:1: curate.dedup.min_similarity: 80 is not between 0 and 1`},
		{"normalizer", "curate: {normalize: [nfd]}\n", `chimera.yaml:1: curate.normalize: unknown normalizer "nfd": have newlines, nfc, spaces, control`},
		{"job", "nightly: {jobs: [curate, rollout]}\n", `chimera.yaml:1: nightly.jobs: "rollout" is none of curate, redecide`},
		{"input without glob", "inputs:\n  - source: x\n", `chimera.yaml:1: inputs[0]: has no glob`},
		{"two faults", "lak: x\ncurate: {workers: a}\n", "chimera.yaml:1: unknown key \"lak\", did you mean \"lake\"?\nchimera.yaml:2: curate.workers: want a whole number, have \"a\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := from(tt.yaml, nil)
			if err == nil {
				t.Fatalf("no error, want %s", tt.want)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFaultsElsewhere(t *testing.T) {
	_, err := from("", []string{"CHIMERA_CURATE_WORKERS=many"})
	if want := `CHIMERA_CURATE_WORKERS: want a whole number, have "many"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = from("", nil, Flag{Key: "curate.dedup.scheme", Name: "--dedup-scheme", Value: "sha1"})
	if want := `--dedup-scheme: unknown MinHash scheme "sha1", have `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s...", err, want)
	}
}

func TestPrecedence(t *testing.T) {
	const yaml = "lake: file\ncurate:\n  workers: 3\n  shards: 5\n  dedup: {survivor: first}\nlog: {level: warn}\n"
	l, err := from(yaml, []string{"CHIMERA_CURATE_WORKERS=4", "CHIMERA_CURATE_SHARDS=6", "PATH=/bin", "CHIMERA_PORT=tcp://1"},
		Flag{Key: "curate.shards", Name: "--shards", Value: "7"})
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ value, source string }
	got := map[string]row{}
	for _, path := range []string{"lake", "curate.workers", "curate.shards", "curate.dedup.survivor", "curate.dedup.scheme"} {
		got[path] = row{scalarText(lookup(&l.Config, path).value), l.Source(path)}
	}
	want := map[string]row{
		"lake":                  {"file", "chimera.yaml:1"},
		"curate.workers":        {"4", "CHIMERA_CURATE_WORKERS"},
		"curate.shards":         {"7", "--shards"},
		"curate.dedup.survivor": {"first", "chimera.yaml:5"},
		"curate.dedup.scheme":   {"fast", "default"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
}

// TestProfileFirst: thresholds of the file change the profile that the file,
// the environment or a flag names, whatever the order.
func TestProfileFirst(t *testing.T) {
	const yaml = "curate:\n  thresholds: {gopher_quality: {min_doc_words: 7}}\n"
	for _, profile := range []string{"gopher", "c4", "technical", "none", "fineweb"} {
		l, err := from(yaml, nil, Flag{Key: "curate.profile", Name: "--profile", Value: profile})
		if err != nil {
			t.Fatal(err)
		}
		want := mustDefault(t, profile)
		want.Curate.Thresholds.GopherQuality.MinDocWords = 7
		if diff := cmp.Diff(want, l.Config); diff != "" {
			t.Errorf("%s: %s", profile, diff)
		}
	}
}

func TestEnvironmentOfLists(t *testing.T) {
	l, err := from("", []string{
		"CHIMERA_CURATE_NORMALIZE=newlines, nfc", "CHIMERA_NIGHTLY_JOBS=[curate,redecide]",
		`CHIMERA_INPUTS=[{glob: a/*.jsonl, source: a}, {glob: "-"}]`, "CHIMERA_CURATE_MAX_REJECTS=2.5%", "CHIMERA_CURATE_MAX_ROW_BYTES=1.5MB",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := mustDefault(t, DefaultProfile)
	want.Curate.Normalize = []string{"newlines", "nfc"}
	want.Nightly.Jobs = []string{"curate", "redecide"}
	want.Inputs = []Input{
		{Glob: "a/*.jsonl", Source: "a", Fields: Fields{ID: "id", Text: "text"}},
		{Glob: "-", Source: "stdin", Fields: Fields{ID: "id", Text: "text"}},
	}
	want.Curate.MaxRejects = MaxRejects{Share: 0.025, Least: 100}
	want.Curate.MaxRowBytes = 1_500_000
	if diff := cmp.Diff(want, l.Config); diff != "" {
		t.Error(diff)
	}
}

func TestStrangers(t *testing.T) {
	env := []string{"CHIMERA_PORT=1", "CHIMERA_CURATE_WORKER=3", "CHIMERA_DEVICE=cpu", "CHIMERA_LAKE=x", "HOME=/"}
	want := []string{`CHIMERA_CURATE_WORKER, did you mean "CHIMERA_CURATE_WORKERS"?`, "CHIMERA_PORT"}
	if diff := cmp.Diff(want, Strangers(env, "CHIMERA_DEVICE")); diff != "" {
		t.Error(diff)
	}
}

// TestPrintRoundTrip: what is printed gives the same run, and says where each
// value came from.
func TestPrintRoundTrip(t *testing.T) {
	const yaml = `lake: "my lake: #1"
inputs:
  - glob: raw/*.jsonl
    source: "yes"
    fields: {id: "1", text: body}
  - glob: "-"
curate:
  profile: c4
  max_rejects: 250
  max_row_bytes: 1000000
  weight: 0.1
`
	l, err := from(yaml, nil, Flag{Key: "curate.normalize", Name: "--normalize", Value: "nfc,newlines"})
	if err != nil {
		t.Fatal(err)
	}
	out := l.Print()
	again, err := from(out, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if diff := cmp.Diff(l.Config, again.Config); diff != "" {
		t.Errorf("print is another configuration:\n%s", diff)
	}
	if l.Hash() != again.Hash() {
		t.Errorf("hash %s, after a round trip %s", l.Hash(), again.Hash())
	}
	for _, line := range []string{
		`lake: "my lake: #1"                           # chimera.yaml:1`,
		`  - glob: "raw/*.jsonl"                       # chimera.yaml:3`,
		`    source: "yes"                             # chimera.yaml:4`,
		`    source: stdin                             # chimera.yaml:2`,
		`  normalize: [nfc, newlines]                  # --normalize`,
		`  max_rejects: "250"                          # chimera.yaml:9`,
		`    scheme: fast                              # default`,
	} {
		if !strings.Contains(out, "\n"+line+"\n") && !strings.HasPrefix(out, line+"\n") {
			t.Errorf("missing line %q in\n%s", line, out)
		}
	}
}

func TestHashChanges(t *testing.T) {
	a := mustDefault(t, "fineweb")
	b, c := a, a
	b.Curate.Dedup.Verify = true
	c.Log.Level = "debug"
	if a.Hash() == b.Hash() {
		t.Error("another dedup, the same hash")
	}
	if a.Hash() != c.Hash() {
		t.Error("another log level, another hash")
	}
}

func TestScalars(t *testing.T) {
	for in, want := range map[string]Size{"0": 0, "4096": 4096, "64MiB": 64 << 20, "1.5GiB": 3 << 29, "2 kB": 2000, "1TB": 1e12, "7B": 7} {
		var s Size
		if err := s.Parse(in); err != nil || s != want {
			t.Errorf("Size %q = %d, %v, want %d", in, s, err, want)
		}
		var again Size
		if err := again.Parse(s.String()); err != nil || again != s {
			t.Errorf("Size %d prints as %q, which is %d, %v", s, s.String(), again, err)
		}
	}
	for _, in := range []string{"", "-1", "MiB", "1e3", "0x10", "NaN", "Inf", "1 2", "64mib", "9223372036854775807KiB"} {
		var s Size
		if err := s.Parse(in); err == nil && in != "1e3" {
			t.Errorf("Size %q = %d, want an error", in, s)
		}
	}
	for in, want := range map[string]MaxRejects{"0": {0, 0}, "17": {0, 17}, "1%": {0.01, 100}, "0.5 %": {0.005, 100}, "100%": {1, 100}} {
		var m MaxRejects
		if err := m.Parse(in); err != nil || m != want {
			t.Errorf("MaxRejects %q = %+v, %v, want %+v", in, m, err, want)
		}
	}
}

func TestSourceName(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for glob, want := range map[string]string{
		"-": "stdin", "raw/forum/*.jsonl": "forum", "raw/forum": "forum", "raw/forum/part.jsonl.gz": "forum",
		"raw/*/part.jsonl": "raw", "part.jsonl": filepath.Base(wd), "*.jsonl": filepath.Base(wd), "/*.jsonl": "input",
	} {
		if got := SourceName(glob); got != want {
			t.Errorf("SourceName(%q) = %q, want %q", glob, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"tresholds", "thresholds", 1}, {"ab", "ba", 1}, {"ca", "abc", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// FuzzLoad: any bytes give an error or a configuration that survives being
// printed and read again; never a panic.
func FuzzLoad(f *testing.F) {
	f.Add(Example)
	f.Add("lake: &a x\ninputs: *a\n")
	f.Add("curate: {max_rejects: 1%, max_row_bytes: 1.5GiB, dedup: {min_jaccard: 1e-7}}")
	f.Add("inputs:\n- glob: \"\\u2028\"\n  source: |\n    a\n    b\n")
	f.Add("? [a]\n: b\n<<: {c: d}\n!!str e: f\n")
	f.Add("lake: \x00\xff")
	f.Fuzz(func(t *testing.T, yaml string) {
		l, err := from(yaml, nil)
		if err != nil {
			return
		}
		out := l.Print()
		again, err := from(out, nil)
		if err != nil {
			t.Fatalf("print does not load: %v\n%s", err, out)
		}
		if diff := cmp.Diff(l.Config, again.Config); diff != "" {
			t.Fatalf("print is another configuration:\n%s", diff)
		}
	})
}
