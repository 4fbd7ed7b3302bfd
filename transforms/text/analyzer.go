package text

import (
	"fmt"
	"math"
	"strings"
	"unsafe"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// Analyzer measures documents. It keeps its buffers from one document to the
// next, so it is not for concurrent use: one for each goroutine.
type Analyzer struct {
	tok       *english.Tokenizer
	words     words
	sentences []english.Span
	grams     grams
	lines     lines
	c4        c4
	left      table // lines that C4 leaves
}

// NewAnalyzer returns an Analyzer that applies the line rules. The end-mark rule
// is measured both ways, whatever rules.TerminalPunct.
func NewAnalyzer(rules LineRules) *Analyzer {
	tok := english.New()
	return &Analyzer{tok: tok, c4: c4{rules: rules, tok: tok}}
}

// Analyze returns every figure of text, which must be valid UTF-8 of less than
// 2 GiB. The result does not hold on to text.
func (a *Analyzer) Analyze(text string) *datasets.Signals {
	if len(text) > math.MaxInt32-2*padding {
		panic(fmt.Sprintf("text: Analyze: document of %d bytes, at most 2 GiB", len(text)))
	}
	a.words.spans, a.sentences = a.tok.WordsAndSentences(a.words.spans[:0], a.sentences[:0], text)
	return a.figures(text, a.measureParts(text))
}

// figures puts together what was measured.
func (a *Analyzer) figures(text string, v survey) *datasets.Signals {
	r := new(figures)
	chars := int64(v.runes)
	a.fillRepetition(r, chars)
	a.fillQuality(r, text, v.ascii)
	a.fillC4(r)
	a.fillFineWeb(r, chars)
	a.fillAfterC4(r)
	return &r.signals
}

// measureParts runs every kernel over text, whose words and sentences are known.
func (a *Analyzer) measureParts(text string) survey {
	b := bytesOf(text)
	v := lookOver(b)
	a.words.read(b)
	a.grams.measure(&a.words, b)
	a.lines.measure(text, v.ascii, a.c4.rules.ShortLine)
	a.c4.measure(text, v, a.words.spans, a.sentences)
	return v
}

// Edit returns what the profile's line rules leave of text: text itself if the
// profile has none, or if they drop the document at a line.
func (a *Analyzer) Edit(p Profile, text string) string {
	if !p.EditsText() {
		return text
	}
	rules := a.c4.rules
	a.c4.rules = p.Lines
	a.c4.measure(text, lookOver(bytesOf(text)), nil, nil)
	a.c4.rules = rules
	v := a.c4.variant(p.Lines)
	if v.dropped {
		return text
	}
	return v.text()
}

func (c *c4) variant(rules LineRules) *variant {
	if rules.TerminalPunct {
		return &c.endMark
	}
	return &c.any
}

// figures is a result in one piece of memory: the signals and what their
// pointers point to.
type figures struct {
	signals datasets.Signals
	after   datasets.FineWebAfterC4
	floats  [64]float64
	ints    [8]int64
	nFloats int
	nInts   int
}

// ratio returns a/b, or null without a denominator.
func (r *figures) ratio(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	p := &r.floats[r.nFloats]
	r.nFloats++
	*p = float64(a) / float64(b)
	return p
}

func (r *figures) int(v int64) *int64 {
	p := &r.ints[r.nInts]
	r.nInts++
	*p = v
	return p
}

func (a *Analyzer) fillRepetition(r *figures, chars int64) {
	g := &r.signals.GopherRepetition
	g.Chars, g.Words = chars, int64(len(a.words.spans))
	if p := &a.lines.paragraphs; chars > 0 {
		g.Paras, g.DupParas, g.DupParaChars = p.parts, p.dup, p.dupRunes
	}
	if l := &a.lines.gopher; chars > 0 {
		g.Lines, g.DupLines, g.DupLineChars = l.parts, l.dup, l.dupRunes
	}
	g.DupParaFrac, g.DupParaCharFrac = r.ratio(g.DupParas, g.Paras), r.ratio(g.DupParaChars, chars)
	g.DupLineFrac, g.DupLineCharFrac = r.ratio(g.DupLines, g.Lines), r.ratio(g.DupLineChars, chars)
	for n, to := range [...]struct {
		figure **int64
		frac   **float64
	}{2: {&g.Top2Gram, &g.Top2GramFrac}, 3: {&g.Top3Gram, &g.Top3GramFrac}, 4: {&g.Top4Gram, &g.Top4GramFrac}} {
		if t := a.grams.top[n]; t.known {
			*to.figure, *to.frac = r.int(t.figure), r.ratio(t.figure, chars)
		}
	}
	dup := &a.grams.dup
	g.Dup5Gram, g.Dup5GramFrac = dup[5], r.ratio(dup[5], chars)
	g.Dup6Gram, g.Dup6GramFrac = dup[6], r.ratio(dup[6], chars)
	g.Dup7Gram, g.Dup7GramFrac = dup[7], r.ratio(dup[7], chars)
	g.Dup8Gram, g.Dup8GramFrac = dup[8], r.ratio(dup[8], chars)
	g.Dup9Gram, g.Dup9GramFrac = dup[9], r.ratio(dup[9], chars)
	g.Dup10Gram, g.Dup10GramFrac = dup[10], r.ratio(dup[10], chars)
}

func (a *Analyzer) fillQuality(r *figures, text string, ascii bool) {
	g, w := &r.signals.GopherQuality, &a.words
	g.Words, g.NonSymbolWords, g.NonSymbolChars = int64(len(w.spans)), w.nonSymbol, w.nonSymbolRunes
	g.Hashes = int64(strings.Count(text, "#"))
	g.Ellipses = int64(strings.Count(text, "..."))
	if !ascii {
		g.Ellipses += int64(strings.Count(text, "…"))
	}
	g.Lines, g.BulletLines, g.EndEllipsisLines = int64(len(a.c4.lines)), a.c4.bullets, a.c4.endEllipses
	g.AlphaWords = w.alpha
	g.StopWords = w.stopCount()
	g.AvgWordLength = r.ratio(g.NonSymbolChars, g.NonSymbolWords)
	g.HashRatio, g.EllipsisRatio = r.ratio(g.Hashes, g.Words), r.ratio(g.Ellipses, g.Words)
	g.BulletRatio, g.EndEllipsisRatio = r.ratio(g.BulletLines, g.Lines), r.ratio(g.EndEllipsisLines, g.Lines)
	g.AlphaRatio = r.ratio(g.AlphaWords, g.Words)
}

func (a *Analyzer) fillC4(r *figures) {
	end, any := a.c4.endMark.stats, a.c4.any.stats
	if !a.c4.endMark.dropped {
		end.LeftChars = r.int(a.c4.endMark.runes())
	}
	if !a.c4.any.dropped {
		any.LeftChars = r.int(a.c4.any.runes())
	}
	r.signals.C4Quality, r.signals.C4NoTerminalPunct = end, datasets.C4NoTerminalPunct(any)
}

func (a *Analyzer) fillFineWeb(r *figures, chars int64) {
	l := &a.lines
	fillShape(r, &r.signals.FineWebQuality, l.fineweb, chars, l.newlines, int64(len(a.words.spans)))
}

// fillAfterC4 measures the lines that C4 without the end-mark rule keeps.
func (a *Analyzer) fillAfterC4(r *figures) {
	v := &a.c4.any
	if v.dropped {
		return
	}
	shape, words := a.shapeOf(v.left)
	newlines := int64(max(len(v.left)-1, 0))
	fillShape(r, (*datasets.FineWebQuality)(&r.after), shape, v.runes(), newlines, words)
	r.signals.FineWebAfterC4 = &r.after
}

func (a *Analyzer) shapeOf(kept []keptLine) (shape lineShape, words int64) {
	t := &a.left
	t.reset(len(kept))
	for i := range kept {
		k := &kept[i]
		words += int64(k.words)
		if IsBlank(k.text) {
			continue
		}
		_, seen := t.insert(hashLine(k.text), int32(i), func(first int32) bool { return kept[first].text == k.text })
		shape.add(k.text, k.runes, a.c4.rules.ShortLine, seen)
	}
	return shape, words
}

func fillShape(r *figures, f *datasets.FineWebQuality, s lineShape, chars, newlines, words int64) {
	f.Lines, f.PunctLines, f.ShortLines, f.DupChars = s.lines, s.punct, s.short, s.dupRunes
	f.CharsNoNewline, f.Newlines, f.Words = chars-newlines, newlines, words
	if s.lines == 0 {
		return
	}
	f.LinePunctRatio, f.ShortLineRatio = r.ratio(s.punct, s.lines), r.ratio(s.short, s.lines)
	f.CharDupRatio, f.ListRatio = r.ratio(s.dupRunes, f.CharsNoNewline), r.ratio(newlines, words)
}

// bytesOf views a string as bytes, which must not be written.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf views bytes as a string; they must not change while it is in use.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
