package text

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Stages a profile may have, by the names that decisions carry.
const (
	StageGopherRepetition = "gopher_repetition"
	StageGopherQuality    = "gopher_quality"
	StageC4               = "c4_quality"
	StageFineWeb          = "fineweb_quality"
)

// ErrUnknownProfile says that no built-in profile has the name.
var ErrUnknownProfile = errors.New("unknown profile")

// Profile says which filters judge a document, in which order and how strictly.
type Profile struct {
	Name       string   `yaml:"name" json:"name"`
	Stages     []string `yaml:"stages" json:"stages"` // in order; a document goes at the first that drops it
	Thresholds `yaml:",inline"`
	Lines      LineRules `yaml:"lines" json:"lines"`
}

// Profiles lists the built-in profiles.
func Profiles() []string { return []string{"fineweb", "gopher", "c4", "technical", "none"} }

// LookupProfile returns a built-in profile: a copy the caller may change.
func LookupProfile(name string) (Profile, error) {
	p := Profile{Name: name, Thresholds: referenceThresholds(), Lines: referenceLines()}
	switch name {
	case "fineweb":
		p.Stages = []string{StageGopherRepetition, StageGopherQuality, StageC4, StageFineWeb}
	case "gopher":
		p.Stages = []string{StageGopherRepetition, StageGopherQuality}
	case "c4":
		p.Stages = []string{StageC4}
		p.Lines.TerminalPunct = true
	case "technical":
		p.Stages = []string{StageGopherRepetition, StageGopherQuality, StageFineWeb}
		p.Thresholds = technicalThresholds()
	case "none":
		p.Stages = []string{}
	default:
		return Profile{}, fmt.Errorf("%w %q: have %s", ErrUnknownProfile, name, strings.Join(Profiles(), ", "))
	}
	return p, nil
}

// EditsText reports whether the profile changes the text of documents it keeps.
func (p Profile) EditsText() bool { return slices.Contains(p.Stages, StageC4) }

// EditsLike reports whether p and q leave the same of a text that both keep.
// Rules that drop documents edit nothing, nor does what counts as a short line.
func (p Profile) EditsLike(q Profile) bool {
	if !p.EditsText() || !q.EditsText() {
		return p.EditsText() == q.EditsText()
	}
	a, b := p.Lines, q.Lines
	a.LoremIpsum, a.CurlyBracket, a.ShortLine = b.LoremIpsum, b.CurlyBracket, b.ShortLine
	return a == b
}

// NeedsText reports whether p cannot decide from signals made under old, because
// a figure it looks at depends on a line rule that differs. The end-mark rule
// is no such rule: its figures are always there both ways.
func (p Profile) NeedsText(old Profile) bool {
	a, b := p.Lines, old.Lines
	a.TerminalPunct, b.TerminalPunct = false, false
	if !slices.Contains(p.Stages, StageFineWeb) {
		a.ShortLine, b.ShortLine = 0, 0
	}
	if p.EditsText() {
		return a != b
	}
	return a.ShortLine != b.ShortLine
}

// Validate returns every fault of the profile at once, each naming its key.
func (p Profile) Validate() error {
	var f faults
	known := []string{StageGopherRepetition, StageGopherQuality, StageC4, StageFineWeb}
	for i, s := range p.Stages {
		if !slices.Contains(known, s) {
			f.add("stages: %q is none of %s", s, strings.Join(known, ", "))
		}
		if slices.Contains(p.Stages[:i], s) {
			f.add("stages: %s is there twice", s)
		}
	}
	if c4, fw := slices.Index(p.Stages, StageC4), slices.Index(p.Stages, StageFineWeb); c4 >= 0 && c4 < fw && p.Lines.TerminalPunct {
		f.add("stages: %s after %s judges what the lines leave without the end-mark rule: set lines.terminal_punct to false", StageFineWeb, StageC4)
	}
	p.GopherRepetition.validate(&f)
	p.GopherQuality.validate(&f)
	f.atLeastZero("c4_quality.min_sentences", float64(p.C4.MinSentences))
	p.FineWeb.validate(&f)
	f.atLeastZero("lines.min_words_per_line", float64(p.Lines.MinWordsPerLine))
	f.atLeastZero("lines.max_word_length", float64(p.Lines.MaxWordLength))
	f.atLeastZero("lines.short_line", float64(p.Lines.ShortLine))
	return errors.Join(f...)
}

type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *faults) share(key string, v float64) {
	if !(v >= 0 && v <= 1) {
		f.add("%s: %g is not between 0 and 1", key, v)
	}
}

func (f *faults) atLeastZero(key string, v float64) {
	if !(v >= 0) {
		f.add("%s: %g is negative or no number", key, v)
	}
}

func (f *faults) ordered(key string, lo, hi float64) {
	if lo > 0 && hi > 0 && lo > hi {
		f.add("%s: the least, %g, is above the most, %g", key, lo, hi)
	}
}

func (t RepetitionThresholds) validate(f *faults) {
	for _, r := range []struct {
		key string
		v   float64
	}{
		{"dup_para_frac", t.DupParaFrac}, {"dup_para_char_frac", t.DupParaCharFrac},
		{"dup_line_frac", t.DupLineFrac}, {"dup_line_char_frac", t.DupLineCharFrac},
		{"top_2_gram_frac", t.Top2GramFrac}, {"top_3_gram_frac", t.Top3GramFrac}, {"top_4_gram_frac", t.Top4GramFrac},
		{"dup_5_gram_frac", t.Dup5GramFrac}, {"dup_6_gram_frac", t.Dup6GramFrac}, {"dup_7_gram_frac", t.Dup7GramFrac},
		{"dup_8_gram_frac", t.Dup8GramFrac}, {"dup_9_gram_frac", t.Dup9GramFrac}, {"dup_10_gram_frac", t.Dup10GramFrac},
	} {
		f.share("gopher_repetition."+r.key, r.v)
	}
}

func (t QualityThresholds) validate(f *faults) {
	f.atLeastZero("gopher_quality.min_doc_words", float64(t.MinDocWords))
	f.atLeastZero("gopher_quality.max_doc_words", float64(t.MaxDocWords))
	f.ordered("gopher_quality.min_doc_words", float64(t.MinDocWords), float64(t.MaxDocWords))
	f.atLeastZero("gopher_quality.min_avg_word_length", t.MinAvgWordLength)
	f.atLeastZero("gopher_quality.max_avg_word_length", t.MaxAvgWordLength)
	f.ordered("gopher_quality.min_avg_word_length", t.MinAvgWordLength, t.MaxAvgWordLength)
	f.atLeastZero("gopher_quality.max_hash_ratio", t.MaxHashRatio)
	f.atLeastZero("gopher_quality.max_ellipsis_ratio", t.MaxEllipsisRatio)
	f.share("gopher_quality.max_bullet_ratio", t.MaxBulletRatio)
	f.share("gopher_quality.max_end_ellipsis_ratio", t.MaxEndEllipsisRatio)
	f.share("gopher_quality.min_alpha_ratio", t.MinAlphaRatio)
	if t.MinStopWords < 0 || t.MinStopWords > int64(len(stopWords)) {
		f.add("gopher_quality.min_stop_words: %d is not between 0 and %d", t.MinStopWords, len(stopWords))
	}
}

func (t FineWebThresholds) validate(f *faults) {
	f.share("fineweb_quality.min_line_punct_ratio", t.MinLinePunctRatio)
	f.share("fineweb_quality.max_short_line_ratio", t.MaxShortLineRatio)
	f.share("fineweb_quality.max_char_dup_ratio", t.MaxCharDupRatio)
	f.atLeastZero("fineweb_quality.max_list_ratio", t.MaxListRatio)
}
