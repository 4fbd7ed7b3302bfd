package pipelines

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/text"
)

// Curate takes raw text in and publishes a new generation. The struct is the
// job: its fields are the effective options.
type Curate struct {
	Lake string // root of the lake, made if it does not exist. Required.
	Date string // the night's date, YYYY-MM-DD. Required.

	Inputs     []Input   // what to read. Required, unless Redecide.
	Stdin      io.Reader `json:"-"` // read for the input "-".
	AllowEmpty bool      // an input without any file is no error.
	OnlyNew    bool      // leave out files that ops.inputs lists unchanged (nightly).

	Profile     text.Profile // filters and thresholds. Required.
	Normalize   []string     // normalisers applied before everything else, in order. Defaults to none.
	Signals     string       // all, none, or auto: none only for the profile none. Defaults to auto.
	Dedup       Dedup        // how duplicates are found.
	MaxRejects  MaxRejects   // above it the night is not published. The zero value allows none.
	MaxRowBytes int64        // longest row. Defaults to 64 MiB.
	DropDamaged bool         // drop a damaged file whole instead of keeping the rows before the damage.
	Weight      float32      // training weight of the rows. Defaults to 1.

	Redecide       bool // apply the profile to stored signals; Inputs is ignored.
	Again          bool // run even if the same run is committed already.
	PublishAnyway  bool // publish although rejects pass MaxRejects.
	Wait           bool // wait for another night's lease instead of failing.
	SkipTextWrites bool // measure only: write no text columns (chimera bench).

	Workers   int    // tasks at once. Defaults to the number of cores.
	Shards    int    // key ranges of the dedup stages. Defaults to what the input needs.
	UnitBytes int64  // raw bytes of a work unit. Defaults to what the input needs, at most 64 MiB.
	Beam      string // Beam runner. Defaults to prism.
	ReportDir string // where the HTML report goes. Defaults to LAKE/report; "-" writes none.

	ConfigYAML string           // effective configuration as YAML, stored with the run.
	Revision   string           // version and revision of the program, stored with the run.
	Progress   func(Progress)   `json:"-"` // hears how the run goes, if set.
	Now        func() time.Time `json:"-"` // the clock. Defaults to time.Now.
}

// Input is a set of files of one source.
type Input struct {
	Glob   string           // file, folder, glob, or "-" for standard input as JSONL. Required.
	Source string           // name of the source. Required.
	Fields formats.FieldMap // names of foreign fields.
}

// Dedup says how duplicates are found.
type Dedup struct {
	Scheme        string  // MinHash scheme: fast, datatrove-xxh64-64, datatrove-sha1-64. Defaults to fast.
	Survivor      string  // longest, first or last of a cluster of new rows. Defaults to longest.
	MinSimilarity float64 // least share of equal signature values, 0 to 1. Defaults to 0.
	Verify        bool    // confirm pairs by the true Jaccard similarity of their shingle sets.
	MinJaccard    float64 // least true similarity under Verify. Defaults to 0.7.
	Exact         bool    // find exact duplicates only.
}

// MaxRejects is the most rejected rows of a night that is published.
type MaxRejects struct {
	Share float64 // of the rows read, 0 to 1
	Least int64   // rejects always allowed
}

// Allows reports whether rejected of rows may be published.
func (m MaxRejects) Allows(rejected, rows int64) bool {
	return rejected <= m.Least || float64(rejected) <= m.Share*float64(rows)
}

// String is the limit as in "1%, and 100 are always allowed".
func (m MaxRejects) String() string {
	switch least := max(m.Least, 0); {
	case m.Share == 0:
		return fmt.Sprint(least)
	case least == 0:
		return fmt.Sprintf("%g%%", m.Share*100)
	default:
		return fmt.Sprintf("%g%%, and %d are always allowed", m.Share*100, least)
	}
}

// Progress is how far a run is.
type Progress struct {
	Stage       string  // hash, exact, signals, ...
	Done, Total float64 // in bytes of input for stages that read it, else in tasks
	Bytes       bool    // Done and Total are bytes
	Rows        int64   // rows seen so far by the stage
}

// RejectsError says that a night was not published: too many rows were refused.
type RejectsError struct {
	Rejected, Rows int64
	Max            MaxRejects
	Examples       []string // file:row: stage: reason
}

func (e *RejectsError) Error() string {
	first := ""
	if len(e.Examples) > 0 {
		first = "; first: " + e.Examples[0]
	}
	return fmt.Sprintf("not published: %d of %d rows rejected, more than max_rejects (%s)%s; look at ops.rejects, or use --publish-anyway",
		e.Rejected, e.Rows, e.Max, first)
}

// withDefaults fills in what was left out.
func (c Curate) withDefaults(cores int) Curate {
	if c.Dedup.Scheme == "" {
		c.Dedup.Scheme = "fast"
	}
	if c.Dedup.Survivor == "" {
		c.Dedup.Survivor = "longest"
	}
	if c.Dedup.MinJaccard == 0 {
		c.Dedup.MinJaccard = 0.7
	}
	if c.MaxRowBytes == 0 {
		c.MaxRowBytes = 64 << 20
	}
	if c.Signals == "" || c.Signals == "auto" {
		c.Signals = "all"
		if c.Profile.Name == "none" {
			c.Signals = "none"
		}
	}
	if c.Weight == 0 {
		c.Weight = 1
	}
	if c.Workers == 0 {
		c.Workers = cores
	}
	if c.Beam == "" {
		c.Beam = "prism"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate returns every fault of the options at once, each naming its flag.
func (c Curate) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Lake == "" {
		fault("--lake: required")
	}
	if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
		fault("--date: %q is no date like 2026-11-20", c.Date)
	}
	if !c.Redecide && len(c.Inputs) == 0 {
		fault("--input: required")
	}
	streams := 0
	for _, in := range c.Inputs {
		if in.Source == "" {
			fault("--source: required for input %q", in.Glob)
		}
		if in.Glob == stdinPath {
			streams++
		}
	}
	if streams > 1 {
		fault("--input -: standard input can be read only once")
	}
	if c.Profile.Name == "" {
		fault("--profile: required")
	}
	if err := c.Profile.Validate(); err != nil {
		fault("profile %s: %w", c.Profile.Name, err)
	}
	if _, err := minhash.Lookup(orDefault(c.Dedup.Scheme, "fast")); err != nil {
		fault("dedup.scheme: %w", err)
	}
	switch c.Dedup.Survivor {
	case "", "longest", "first", "last":
	default:
		fault("dedup.survivor: %q is none of longest, first, last", c.Dedup.Survivor)
	}
	switch c.Signals {
	case "", "auto", "all", "none":
	default:
		fault("signals: %q is none of auto, all, none", c.Signals)
	}
	if c.Signals == "none" && c.Profile.Name != "none" {
		fault("signals: none, but the profile %s decides by them", c.Profile.Name)
	}
	for name, share := range map[string]float64{"dedup.min_similarity": c.Dedup.MinSimilarity, "dedup.min_jaccard": c.Dedup.MinJaccard, "max_rejects": c.MaxRejects.Share} {
		if !(share >= 0 && share <= 1) {
			fault("%s: %g is not between 0 and 1", name, share)
		}
	}
	if c.Workers < 0 || c.Shards < 0 || c.UnitBytes < 0 || c.MaxRowBytes < 0 || c.Weight < 0 {
		fault("--workers, --shards, unit_bytes, max_row_bytes and weight must not be negative")
	}
	if _, err := text.ParseNormalizers(c.Normalize); err != nil {
		fault("normalize: %w", err)
	}
	return errors.Join(errs...)
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
