package text

import (
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// Fates of a line under C4's rules, as the letters that explain shows.
const (
	lineKept       = 'K'
	lineLongWord   = 'L'
	lineNoEndMark  = 'P'
	lineFewWords   = 'W'
	lineJavascript = 'J'
	linePolicy     = 'Y'
	docLoremIpsum  = '!' // ends the document
	docCurly       = '{' // ends the document
)

// c4 applies C4's line rules, with and without the end-mark rule at once.
type c4 struct {
	rules   LineRules
	tok     *english.Tokenizer
	lines   []english.Span
	phrases []phrase
	scratch []phrase
	edited  []byte // lines whose citations were cut

	endMark, any variant
	bullets      int64 // lines that start with a bullet
	endEllipses  int64 // lines that end with an ellipsis
}

// variant is what one of the two rule sets made of the lines so far.
type variant struct {
	stats   datasets.C4Quality
	fates   []byte // one letter a line
	kept    []keptLine
	left    []keptLine // of kept: without blank ends
	dropped bool
	at      english.Span // the line that dropped the document
}

type keptLine struct {
	text  string
	runes int
	words int
}

func (v *variant) reset() {
	v.stats, v.dropped, v.at = datasets.C4Quality{}, false, english.Span{}
	v.fates, v.kept = v.fates[:0], v.kept[:0]
}

// cursor walks over the places of a document in step with its lines.
type cursor struct {
	text      string
	ascii     bool
	kelvin    bool           // phrases have to be looked for line by line
	words     []english.Span // not yet behind the current line
	sentences []english.Span
	phrases   []phrase
	curly     int // next of its kind at or after the current line
	bracket   int
}

// measure reads the lines of text, whose words and sentences are known.
func (c *c4) measure(text string, v survey, words, sentences []english.Span) {
	c.endMark.reset()
	c.any.reset()
	c.bullets, c.endEllipses, c.edited = 0, 0, c.edited[:0]
	c.lines = splitLines(c.lines[:0], text, v.breaks)
	cur := cursor{text: text, ascii: v.ascii, words: words, sentences: sentences, curly: -1, bracket: -1}
	if cur.kelvin = !v.ascii && strings.Contains(text, kelvin); !cur.kelvin {
		c.phrases = findPhrases(c.phrases[:0], text)
		cur.phrases = c.phrases
	}
	for _, l := range c.lines {
		s := strip(text, l)
		c.countMarks(text[s.Start:s.End])
		if !c.any.dropped || !c.endMark.dropped {
			c.judge(&cur, s)
		}
	}
	c.endMark.finish()
	c.any.finish()
}

// countMarks counts for Gopher quality, which looks at the same stripped lines.
func (c *c4) countMarks(line string) {
	if strings.HasPrefix(line, "-") || strings.HasPrefix(line, "•") {
		c.bullets++
	}
	if strings.HasSuffix(line, "...") || strings.HasSuffix(line, "…") {
		c.endEllipses++
	}
}

// judge decides about the line at s for both variants.
func (c *c4) judge(cur *cursor, s english.Span) {
	line := cur.text[s.Start:s.End]
	rest, edited := line, false
	longWord := c.rules.MaxWordLength > 0 && hasLongWord(line, c.rules.MaxWordLength)
	if c.rules.RemoveCitations && !longWord && cur.next(&cur.bracket, '[', s) {
		var cut bool
		from := len(c.edited)
		if c.edited, cut = cutCitations(c.edited, line); cut {
			rest, edited = stringOf(c.edited[from:]), true
		}
	}
	fate := byte(lineLongWord)
	if !longWord {
		fate = c.fate(cur, s, line, rest, edited)
	}
	withMark := fate
	if fate != lineLongWord && !hasEndMark(rest) {
		withMark = lineNoEndMark
	}
	if c.endMark.dropped {
		withMark = 0
	}
	if c.any.dropped {
		fate = 0
	}
	var kept keptLine
	var sentences int64
	if fate == lineKept || withMark == lineKept {
		kept, sentences = c.keep(cur, s, rest, edited)
	}
	c.any.enter(fate, s, kept, sentences)
	c.endMark.enter(withMark, s, kept, sentences)
}

// fate is what the rules after the end mark make of a line: of its words before
// the citations were cut, of its text after.
func (c *c4) fate(cur *cursor, s english.Span, line, rest string, edited bool) byte {
	if hasFewerWords(line, c.rules.MinWordsPerLine) {
		return lineFewWords
	}
	var lorem, javascript, policy bool
	if edited || cur.kelvin {
		lorem, javascript, policy = c.linePhrases(rest)
	} else if len(cur.phrases) > 0 {
		lorem, javascript, policy = cur.phrasesIn(s)
	}
	switch {
	case lorem && c.rules.LoremIpsum:
		return docLoremIpsum
	case javascript && c.rules.Javascript:
		return lineJavascript
	case c.rules.CurlyBracket && cur.next(&cur.curly, '{', s):
		return docCurly
	case policy && c.rules.Policy:
		return linePolicy
	}
	return lineKept
}

func (c *c4) linePhrases(line string) (lorem, javascript, policy bool) {
	if strings.Contains(line, kelvin) {
		line = strings.ReplaceAll(line, kelvin, "k")
	}
	c.scratch = findPhrases(c.scratch[:0], line)
	return phraseKinds(c.scratch)
}

// keep counts what a kept line holds. Tokens never span white space, so those of
// the document serve, unless the line was edited.
func (c *c4) keep(cur *cursor, s english.Span, rest string, edited bool) (keptLine, int64) {
	k := keptLine{text: rest, runes: runesOf(rest, cur.ascii)}
	if edited {
		words, sentences := c.tok.Count(rest)
		k.words = words
		return k, int64(max(sentences, 1))
	}
	var sentences int64
	k.words, sentences = cur.count(s)
	return k, sentences
}

func (v *variant) enter(fate byte, s english.Span, k keptLine, sentences int64) {
	switch fate {
	case 0:
		return
	case lineKept:
		v.stats.Kept++
		v.stats.Sentences += sentences
		v.kept = append(v.kept, k)
	case lineLongWord:
		v.stats.LongWord++
	case lineNoEndMark:
		v.stats.NoEndMark++
	case lineFewWords:
		v.stats.FewWords++
	case lineJavascript:
		v.stats.Javascript++
	case linePolicy:
		v.stats.Policy++
	case docLoremIpsum:
		v.stats.LoremIpsum, v.dropped, v.at = true, true, s
	case docCurly:
		v.stats.CurlyBrace, v.dropped, v.at = true, true, s
	}
	v.fates = append(v.fates, fate)
}

// finish strips what the lines leave, as a whole. Each is stripped already, but
// cut citations can leave blanks at the ends.
func (v *variant) finish() {
	v.left = v.kept
	for len(v.left) > 0 && v.left[0].trim(strings.TrimLeftFunc) {
		v.left = v.left[1:]
	}
	for len(v.left) > 0 && v.left[len(v.left)-1].trim(strings.TrimRightFunc) {
		v.left = v.left[:len(v.left)-1]
	}
}

// trim strips one side of a kept line and reports whether nothing is left of it.
func (k *keptLine) trim(side func(string, func(rune) bool) string) bool {
	if cut := side(k.text, english.IsSpace); len(cut) < len(k.text) {
		k.runes -= utf8.RuneCountInString(k.text) - utf8.RuneCountInString(cut)
		k.text = cut
	}
	return k.text == ""
}

// runes is how long the text is that the lines leave.
func (v *variant) runes() int64 {
	n := int64(max(len(v.left)-1, 0))
	for i := range v.left {
		n += int64(v.left[i].runes)
	}
	return n
}

// text is what the lines leave.
func (v *variant) text() string {
	n := len(v.left)
	for _, k := range v.left {
		n += len(k.text)
	}
	var b strings.Builder
	b.Grow(n)
	for i, k := range v.left {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(k.text)
	}
	return b.String()
}
