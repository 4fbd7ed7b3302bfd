package text

import (
	"strings"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// Explanation says what every filter thinks of one document, and why.
type Explanation struct {
	Decisions FilterDecisions `json:"decisions"` // each of the original text, on its own
	Chain     ChainDecision   `json:"chain"`     // what the profile does
	Signals   SignalFigures   `json:"signals"`
}

// FilterDecisions has one decision a filter, with the profile's thresholds.
type FilterDecisions struct {
	GopherQuality     FilterDecision `json:"gopher_quality"`
	GopherRepetition  FilterDecision `json:"gopher_repetition"`
	C4Quality         C4Decision     `json:"c4_quality"`
	C4NoTerminalPunct C4Decision     `json:"c4_no_terminal_punct"`
	FineWebQuality    FilterDecision `json:"fineweb_quality"`
}

// FilterDecision is what one filter decides.
type FilterDecision struct {
	Keep   bool   `json:"keep"`
	Reason string `json:"reason"` // empty for keep
	Because
}

// C4Decision adds the text that the line edits leave; null if the document is
// dropped, whose text stays as it was.
type C4Decision struct {
	FilterDecision
	Text *string `json:"text"`
}

// ChainDecision is what the profile decides.
type ChainDecision struct {
	Keep   bool   `json:"keep"`
	Stage  string `json:"stage"` // the first filter that drops; empty for keep
	Reason string `json:"reason"`
	Because
}

// Because names the figure that decided and shows where in the text. It is empty
// for documents that are kept.
type Because struct {
	Figure    string   `json:"figure,omitempty"`
	Value     *float64 `json:"value,omitempty"`
	Threshold *float64 `json:"threshold,omitempty"`
	Span      *[2]int  `json:"span,omitempty"` // bytes of the original text
	Excerpt   string   `json:"excerpt,omitempty"`
}

// maxExcerpt is how many bytes of the offending text an explanation quotes.
const maxExcerpt = 200

// Explain analyses text and decides as the profile and as each filter alone.
func (a *Analyzer) Explain(p Profile, text string) *Explanation {
	defer func(old LineRules) { a.c4.rules = old }(a.c4.rules)
	a.c4.rules = p.Lines
	s := a.Analyze(text)
	e := &Explanation{Signals: a.figuresOf(s)}
	d := &e.Decisions
	d.GopherQuality = a.filterDecision(p.GopherQuality.judge(&s.GopherQuality), StageGopherQuality, text)
	d.GopherRepetition = a.filterDecision(p.GopherRepetition.judge(&s.GopherRepetition), StageGopherRepetition, text)
	d.FineWebQuality = a.filterDecision(p.FineWeb.judge(&s.FineWebQuality), StageFineWeb, text)
	endMark, any := p.C4.judge(s.C4Quality, p.Lines), p.C4.judge(datasets.C4Quality(s.C4NoTerminalPunct), p.Lines)
	d.C4Quality = a.c4Decision(endMark, &a.c4.endMark, text)
	d.C4NoTerminalPunct = a.c4Decision(any, &a.c4.any, text)
	e.Chain = a.chainDecision(p, p.Decide(s), text)
	return e
}

func (a *Analyzer) filterDecision(v Verdict, stage, text string) FilterDecision {
	return FilterDecision{Keep: v.Keep, Reason: v.Reason, Because: because(v, text, a.evidence(stage, v.Figure, text))}
}

func (a *Analyzer) c4Decision(v Verdict, lines *variant, text string) C4Decision {
	d := C4Decision{FilterDecision: FilterDecision{Keep: v.Keep, Reason: v.Reason, Because: because(v, text, lines.evidence(v.Figure, text))}}
	if v.Keep && !lines.dropped {
		left := lines.text()
		d.Text = &left
	}
	return d
}

func (a *Analyzer) chainDecision(p Profile, v Verdict, text string) ChainDecision {
	d := ChainDecision{Keep: v.Keep, Stage: v.Stage, Reason: v.Reason}
	switch {
	case v.Stage == StageC4:
		d.Because = because(v, text, a.c4.variant(p.Lines).evidence(v.Figure, text))
	case v.Stage == StageFineWeb && p.c4Before(StageFineWeb):
		left := a.c4.variant(p.Lines).text()
		d.Because = because(v, text, locate(text, left, lineEvidence(v.Figure, left, p.Lines.ShortLine)))
	default:
		d.Because = because(v, text, a.evidence(v.Stage, v.Figure, text))
	}
	return d
}

// c4Before reports whether the lines are edited before the stage.
func (p Profile) c4Before(stage string) bool {
	for _, s := range p.Stages {
		if s == stage {
			return false
		}
		if s == StageC4 {
			return true
		}
	}
	return false
}

func because(v Verdict, text string, at english.Span) Because {
	if v.Keep {
		return Because{}
	}
	b := Because{Figure: v.Figure, Value: &v.Value, Threshold: &v.Threshold}
	if at.End > at.Start {
		b.Span = &[2]int{int(at.Start), int(at.End)}
		b.Excerpt = excerpt(text[at.Start:at.End])
	}
	return b
}

func excerpt(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	end := maxExcerpt
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end]
}

// Tokens returns the words of text.
func (a *Analyzer) Tokens(text string) []string {
	return cut(text, a.tok.Words(nil, text))
}

// Sentences returns the sentences of text, which together are text.
func (a *Analyzer) Sentences(text string) []string {
	return cut(text, a.tok.Sentences(nil, text))
}

// Simplified returns the text as the near-duplicate search sees it.
func Simplified(text string) string { return string(english.Simplify(nil, text)) }

func cut(text string, spans []english.Span) []string {
	out := make([]string, len(spans))
	for i, s := range spans {
		out[i] = strings.Clone(text[s.Start:s.End])
	}
	return out
}
