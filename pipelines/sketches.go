package pipelines

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/pipelines/report"
	"github.com/chimera-1/chimera/transforms/text"
)

// sketches are what the report shows of the rows judged: fixed histograms and
// the rows with the smallest mixed row ids, so that neither the cut into units
// nor their order changes a page.
type sketches struct {
	Signals  report.Signals
	Lengths  map[string]*report.Sketch // by source, code points
	Profiles map[string]int64          // rows that each built-in profile keeps
	Judged   int64
	Stages   map[string]map[string]int64 // dropped rows by stage and reason
	Samples  []sample

	profile   text.Profile
	profiles  []text.Profile
	explainer *text.Analyzer // made when the first sample needs it
}

// sample is a row that the report may show.
type sample struct {
	Mix    uint64 // the smallest are shown
	Group  string // kept, or the reason
	Sample report.Sample
}

const (
	samplesPerGroup = 3
	keptSamples     = 6
	sampleText      = 6 << 10 // bytes of text that travel; the page shows less
)

func newSketches(p text.Profile) sketches {
	s := sketches{Signals: report.NewSignals(drawnFor(p)), Lengths: map[string]*report.Sketch{}, Profiles: map[string]int64{}, Stages: map[string]map[string]int64{}, profile: p}
	for _, name := range text.Profiles() {
		other, err := text.LookupProfile(name)
		if err != nil {
			panic("pipelines: built-in profile: " + err.Error())
		}
		if name == p.Name {
			other = p
		}
		s.profiles = append(s.profiles, other)
	}
	return s
}

// add counts one judged row, and may take it as a sample.
func (s *sketches) add(d *datasets.Document, row string, v text.Verdict, body string) {
	s.count(d.Signals, v)
	s.length(d.Source).Add(float64(d.Signals.GopherRepetition.Chars), v.Keep)
	if !v.Keep {
		s.drop(v.Stage, v.Reason)
	}
	s.consider(d, row, v, body)
}

// count counts one judged row by its figures.
func (s *sketches) count(row *datasets.Signals, v text.Verdict) {
	s.Judged++
	s.Signals.Add(row, v.Keep)
	for _, p := range s.profiles {
		if p.Decide(row).Keep {
			s.Profiles[p.Name]++
		}
	}
}

// length is the sketch that a source's rows go to.
func (s *sketches) length(source string) *report.Sketch {
	for _, name := range []string{source, manySources} {
		if l := s.Lengths[name]; l != nil {
			return l
		}
	}
	addSource(s.Lengths, source, report.Lengths(), mergeLengths)
	if l := s.Lengths[source]; l != nil {
		return l
	}
	return s.Lengths[manySources]
}

func mergeLengths(a, b *report.Sketch) *report.Sketch {
	sum := report.Lengths()
	sum.Merge(a)
	sum.Merge(b)
	return sum
}

func (s *sketches) drop(stage, reason string) {
	if s.Stages[stage] == nil {
		s.Stages[stage] = map[string]int64{}
	}
	s.Stages[stage][reason]++
}

// consider keeps the row as a sample if its mixed id is small enough.
func (s *sketches) consider(d *datasets.Document, row string, v text.Verdict, body string) {
	group := v.Reason
	if v.Keep {
		group = datasets.Keep
	}
	mix := mix64(uint64(d.RowID))
	if worst, full := s.worst(group); full && mix >= s.Samples[worst].Mix {
		return
	}
	sm := report.Sample{RowID: d.RowID, DocID: strings.Clone(d.DocID), Source: d.Source, Row: row, Kept: v.Keep, Stage: v.Stage, Reason: v.Reason,
		Figure: v.Figure, Chars: d.Signals.GopherRepetition.Chars}
	if v.Keep {
		sm.Text = window(body, 0, sampleText)
	} else {
		sm.Value, sm.Threshold = &v.Value, &v.Threshold
		sm.Text, sm.Marks = s.marked(body)
	}
	s.insert(sample{Mix: mix, Group: group, Sample: sm})
}

// marked is the part of a dropped text that shows what decided, and where.
func (s *sketches) marked(body string) (string, []report.Mark) {
	if s.explainer == nil {
		s.explainer = text.NewAnalyzer(s.profile.Lines)
	}
	span := s.explainer.Explain(s.profile, body).Chain.Span
	if span == nil {
		return window(body, 0, sampleText), nil
	}
	from := 0
	if span[1] > sampleText {
		from = max(span[0]-sampleText/4, 0)
	}
	shown := window(body, from, sampleText)
	for from > 0 && !utf8.RuneStart(body[from]) { // as window does
		from--
	}
	start, end := max(span[0]-from, 0), min(span[1]-from, len(shown))
	if start >= end {
		return shown, nil
	}
	return shown, []report.Mark{{Start: start, End: end}}
}

func groupSize(group string) int {
	if group == datasets.Keep {
		return keptSamples
	}
	return samplesPerGroup
}

// worst is the group's sample with the largest mixed id; full says whether the
// group has all it may have.
func (s *sketches) worst(group string) (at int, full bool) {
	at, n := -1, 0
	for i, sm := range s.Samples {
		if sm.Group != group {
			continue
		}
		n++
		if at < 0 || sm.Mix > s.Samples[at].Mix {
			at = i
		}
	}
	return at, n >= groupSize(group)
}

func (s *sketches) insert(sm sample) {
	worst, full := s.worst(sm.Group)
	if !full {
		s.Samples = append(s.Samples, sm)
	} else if sm.Mix < s.Samples[worst].Mix {
		s.Samples[worst] = sm
	}
}

// merge adds what another unit saw.
func (s *sketches) merge(o sketches) {
	s.Signals.Merge(o.Signals)
	for source, l := range o.Lengths {
		addSource(s.Lengths, source, l, mergeLengths)
	}
	for name, n := range o.Profiles {
		s.Profiles[name] += n
	}
	s.Judged += o.Judged
	for stage, reasons := range o.Stages {
		for reason, n := range reasons {
			if s.Stages[stage] == nil {
				s.Stages[stage] = map[string]int64{}
			}
			s.Stages[stage][reason] += n
		}
	}
	for _, sm := range o.Samples {
		s.insert(sm)
	}
}

// samples are the rows to show: kept first, then by reason and mixed id.
func (s *sketches) samples() []report.Sample {
	sort.Slice(s.Samples, func(i, j int) bool {
		a, b := s.Samples[i], s.Samples[j]
		if ka, kb := a.Group == datasets.Keep, b.Group == datasets.Keep; ka != kb {
			return ka
		}
		if a.Group != b.Group {
			return a.Group < b.Group
		}
		return a.Mix < b.Mix
	})
	out := make([]report.Sample, len(s.Samples))
	for i, sm := range s.Samples {
		out[i] = sm.Sample
	}
	return out
}

// mix64 spreads row ids over all 64 bits (the finaliser of SplitMix64).
func mix64(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// window is n bytes of s from about from on, cut at whole runes, in memory of
// its own.
func window(s string, from, n int) string {
	from = max(from, 0)
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	if s = s[from:]; len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Clone(s)
}
