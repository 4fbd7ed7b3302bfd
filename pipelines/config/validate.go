package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/text"
)

// validate returns every fault of the values themselves, each with the place
// where the value was given.
func (l *Loaded) validate() error {
	v := validator{l: l}
	c := l.Curate
	if l.Lake == "" {
		v.fault("lake", "is empty")
	}
	for i, in := range l.Inputs {
		if in.Glob == "" {
			v.fault(fmt.Sprintf("inputs[%d]", i), "has no glob")
		}
	}
	v.profile()
	if _, err := text.ParseNormalizers(c.Normalize); err != nil {
		v.fault("curate.normalize", "%v", err)
	}
	v.oneOf("curate.signals", c.Signals, "auto", "all", "none")
	if _, err := minhash.Lookup(c.Dedup.Scheme); err != nil {
		v.fault("curate.dedup.scheme", "%v", err)
	}
	v.oneOf("curate.dedup.survivor", c.Dedup.Survivor, "longest", "first", "last")
	v.share("curate.dedup.min_similarity", c.Dedup.MinSimilarity)
	v.share("curate.dedup.min_jaccard", c.Dedup.MinJaccard)
	v.oneOf("curate.damaged", c.Damaged, "keep", "reject-file")
	v.atLeast("curate.weight", c.Weight, 0)
	v.atLeast("curate.workers", float64(c.Workers), 0)
	v.atLeast("curate.shards", float64(c.Shards), 0)
	v.atLeast("curate.max_row_bytes", float64(c.MaxRowBytes), 1)
	for _, job := range l.Nightly.Jobs {
		v.oneOf("nightly.jobs", job, "curate", "redecide")
	}
	v.oneOf("log.format", l.Log.Format, "text", "json")
	v.oneOf("log.level", l.Log.Level, "debug", "info", "warn", "error")
	return errors.Join(v.faults...)
}

type validator struct {
	l      *Loaded
	faults []error
}

func (v *validator) fault(path, format string, args ...any) {
	v.faults = append(v.faults, v.l.located(path, fmt.Sprintf(format, args...)))
}

func (v *validator) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.fault(path, "%q%s", value, oneOf(value, allowed))
	}
}

func (v *validator) share(path string, x float64) {
	if x < 0 || x > 1 {
		v.fault(path, "%g is not between 0 and 1", x)
	}
}

func (v *validator) atLeast(path string, x, least float64) {
	if x < least {
		v.fault(path, "%g is less than %g", x, least)
	}
}

// profile asks the profile for its faults and places each at the key that it
// names: "gopher_quality.min_doc_words: ..." is curate.thresholds' own.
func (v *validator) profile() {
	err := v.l.Curate.TextProfile().Validate()
	if err == nil {
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		key, message, ok := strings.Cut(line, ": ")
		switch {
		case ok && (key == "stages" || strings.HasPrefix(key, "lines.")):
			v.fault("curate."+key, "%s", message)
		case ok && strings.Contains(key, "."):
			v.fault("curate.thresholds."+key, "%s", message)
		default:
			v.fault("curate.profile", "%s", line)
		}
	}
}

// oneOf ends a message about a word that is none of allowed.
func oneOf(word string, allowed []string) string {
	if meant := DidYouMean(word, allowed); meant != "" {
		return meant
	}
	return " is none of " + strings.Join(allowed, ", ")
}

func profiles() []string { return text.Profiles() }

// located is a fault of the value at path, with the place it came from in front.
func (l *Loaded) located(path, message string) error {
	from := l.Source(path)
	if strings.HasPrefix(from, "--") || strings.HasPrefix(from, "CHIMERA_") {
		return fmt.Errorf("%s: %s", from, message)
	}
	return fmt.Errorf("%s: %s: %s", from, path, message)
}

// Source is where the value at path comes from: file:line, the environment
// variable, the flag, or "default".
func (l *Loaded) Source(path string) string {
	if s := l.sources[path]; s != "" {
		return s
	}
	list, _, ok := strings.Cut(path, "[")
	if s := l.sources[list]; ok && s != "" {
		return s
	}
	return "default"
}
