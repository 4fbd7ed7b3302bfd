package text

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/text/english"
)

// The oracle computes every figure as the reference's rules say, one after the
// other, with maps and strings, and splits every line alone. It shares only the
// English splitters and character classes with the code under test.
type oracle struct {
	tok   *english.Tokenizer
	rules LineRules
}

func (o oracle) words(s string) (out []string) {
	for _, w := range o.tok.Words(nil, s) {
		out = append(out, s[w.Start:w.End])
	}
	return out
}

func (o oracle) signals(text string) *datasets.Signals {
	s := &datasets.Signals{}
	s.GopherRepetition = o.repetition(text)
	s.GopherQuality = o.quality(text)
	var left string
	var dropped bool
	s.C4Quality, _, _ = o.c4(text, true)
	var noTerm datasets.C4Quality
	noTerm, left, dropped = o.c4(text, false)
	s.C4NoTerminalPunct = datasets.C4NoTerminalPunct(noTerm)
	s.FineWebQuality = o.fineweb(text)
	if !dropped {
		after := datasets.FineWebAfterC4(o.fineweb(left))
		s.FineWebAfterC4 = &after
	}
	return s
}

func quotient(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	v := float64(a) / float64(b)
	return &v
}

func runeLen(s string) int64 { return int64(utf8.RuneCountInString(s)) }

func duplicatesOf(parts []string) (n, chars int64) {
	seen := map[string]bool{}
	for _, p := range parts {
		if seen[p] {
			n++
			chars += runeLen(p)
		}
		seen[p] = true
	}
	return n, chars
}

func (o oracle) repetition(text string) (g datasets.GopherRepetition) {
	g.Chars = runeLen(text)
	if text == "" {
		return g
	}
	paras := regexp.MustCompile(`\n{2,}`).Split(english.TrimSpace(text), -1)
	g.Paras = int64(len(paras))
	g.DupParas, g.DupParaChars = duplicatesOf(paras)
	g.DupParaFrac, g.DupParaCharFrac = quotient(g.DupParas, g.Paras), quotient(g.DupParaChars, g.Chars)
	lines := regexp.MustCompile(`\n+`).Split(text, -1)
	g.Lines = int64(len(lines))
	g.DupLines, g.DupLineChars = duplicatesOf(lines)
	g.DupLineFrac, g.DupLineCharFrac = quotient(g.DupLines, g.Lines), quotient(g.DupLineChars, g.Chars)
	words := o.words(text)
	g.Words = int64(len(words))
	top := func(n int) (*int64, *float64) {
		if len(words) < n {
			return nil, nil
		}
		counts, order := map[string]int64{}, []string{}
		for i := range len(words) - n + 1 {
			gram := strings.Join(words[i:i+n], " ")
			if counts[gram]++; counts[gram] == 1 {
				order = append(order, gram)
			}
		}
		best := order[0]
		for _, gram := range order {
			if counts[gram] > counts[best] {
				best = gram
			}
		}
		v := runeLen(best) * counts[best]
		return &v, quotient(v, g.Chars)
	}
	dup := func(n int) (total int64, frac *float64) {
		seen := map[string]bool{}
		for i := 0; i+n <= len(words); {
			gram := strings.Join(words[i:i+n], "")
			if seen[gram] {
				total += runeLen(gram)
				i += n
				continue
			}
			seen[gram] = true
			i++
		}
		return total, quotient(total, g.Chars)
	}
	g.Top2Gram, g.Top2GramFrac = top(2)
	g.Top3Gram, g.Top3GramFrac = top(3)
	g.Top4Gram, g.Top4GramFrac = top(4)
	g.Dup5Gram, g.Dup5GramFrac = dup(5)
	g.Dup6Gram, g.Dup6GramFrac = dup(6)
	g.Dup7Gram, g.Dup7GramFrac = dup(7)
	g.Dup8Gram, g.Dup8GramFrac = dup(8)
	g.Dup9Gram, g.Dup9GramFrac = dup(9)
	g.Dup10Gram, g.Dup10GramFrac = dup(10)
	return g
}

func linesOf(text string) (out []string) {
	for _, l := range english.SplitLines(nil, text) {
		out = append(out, text[l.Start:l.End])
	}
	return out
}

func (o oracle) quality(text string) (g datasets.GopherQuality) {
	words := o.words(text)
	distinct := map[string]bool{}
	for _, w := range words {
		g.Words++
		if strings.ContainsFunc(w, func(r rune) bool { return !english.IsPunctuationSet(r) }) {
			g.NonSymbolWords++
			g.NonSymbolChars += runeLen(w)
		}
		if strings.ContainsFunc(w, english.IsAlpha) {
			g.AlphaWords++
		}
		distinct[w] = true
	}
	for _, w := range []string{"the", "be", "to", "of", "and", "that", "have", "with"} {
		if distinct[w] {
			g.StopWords++
		}
	}
	g.Hashes = int64(strings.Count(text, "#"))
	g.Ellipses = int64(strings.Count(text, "...") + strings.Count(text, "…"))
	for _, l := range linesOf(text) {
		g.Lines++
		l = english.TrimSpace(l)
		if strings.HasPrefix(l, "-") || strings.HasPrefix(l, "•") {
			g.BulletLines++
		}
		if strings.HasSuffix(l, "...") || strings.HasSuffix(l, "…") {
			g.EndEllipsisLines++
		}
	}
	g.AvgWordLength = quotient(g.NonSymbolChars, g.NonSymbolWords)
	g.HashRatio, g.EllipsisRatio = quotient(g.Hashes, g.Words), quotient(g.Ellipses, g.Words)
	g.BulletRatio, g.EndEllipsisRatio = quotient(g.BulletLines, g.Lines), quotient(g.EndEllipsisLines, g.Lines)
	g.AlphaRatio = quotient(g.AlphaWords, g.Words)
	return g
}

var citation = regexp.MustCompile(`\[\p{Nd}*\]|\[edit\]|\[citation needed\]`)

// lower is Python's str.lower as far as the phrases are concerned: it keeps the
// dot of a dotted I.
func lower(s string) string { return strings.ToLower(strings.ReplaceAll(s, "\u0130", "i\u0307")) }

func (o oracle) c4(text string, endMark bool) (s datasets.C4Quality, left string, dropped bool) {
	var kept []string
lines:
	for _, line := range linesOf(text) {
		line = english.TrimSpace(line)
		words := strings.FieldsFunc(line, english.IsSpace)
		for _, w := range words {
			if o.rules.MaxWordLength > 0 && runeLen(w) > int64(o.rules.MaxWordLength) {
				s.LongWord++
				continue lines
			}
		}
		if o.rules.RemoveCitations {
			line = citation.ReplaceAllString(line, "")
		}
		if endMark && (!regexp.MustCompile(`[.?!"']$`).MatchString(line) || strings.HasSuffix(line, "...")) {
			s.NoEndMark++
			continue
		}
		if len(words) < o.rules.MinWordsPerLine {
			s.FewWords++
			continue
		}
		low := lower(line)
		switch {
		case o.rules.LoremIpsum && strings.Contains(low, "lorem ipsum"):
			s.LoremIpsum = true
			return s, "", true
		case o.rules.Javascript && strings.Contains(low, "javascript"):
			s.Javascript++
			continue
		case o.rules.CurlyBracket && strings.Contains(line, "{"):
			s.CurlyBrace = true
			return s, "", true
		}
		for _, p := range []string{"terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"} {
			if o.rules.Policy && strings.Contains(low, p) {
				s.Policy++
				continue lines
			}
		}
		s.Kept++
		s.Sentences += int64(max(1, len(o.tok.Sentences(nil, line))))
		kept = append(kept, line)
	}
	left = english.TrimSpace(strings.Join(kept, "\n"))
	n := runeLen(left)
	s.LeftChars = &n
	return s, left, false
}

func (o oracle) fineweb(text string) (f datasets.FineWebQuality) {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if english.TrimSpace(l) != "" {
			lines = append(lines, l)
		}
	}
	for _, l := range lines {
		f.Lines++
		if r, _ := utf8.DecodeLastRuneInString(l); english.IsTerminal(r) {
			f.PunctLines++
		}
		if runeLen(l) <= int64(o.rules.ShortLine) {
			f.ShortLines++
		}
	}
	_, f.DupChars = duplicatesOf(lines)
	f.CharsNoNewline = runeLen(strings.ReplaceAll(text, "\n", ""))
	f.Newlines = int64(strings.Count(text, "\n"))
	f.Words = int64(len(o.words(text)))
	if f.Lines > 0 {
		f.LinePunctRatio, f.ShortLineRatio = quotient(f.PunctLines, f.Lines), quotient(f.ShortLines, f.Lines)
		f.CharDupRatio, f.ListRatio = quotient(f.DupChars, f.CharsNoNewline), quotient(f.Newlines, f.Words)
	}
	return f
}

// pieces are what odd texts are made of.
var pieces = []string{
	" ", " ", " ", " ", "\n", "\n", "\n\n", "\r\n", "\r", "\t", "\v", "\f", "\x1c", "\x1f", "\u0085", "\u2028", "\u00a0", "\u3000", "  ",
	".", ".", "...", "…", "!", "?", "\"", "'", ",", ":", "#", "-", "•", "{", "}", "[", "]", "[1]", "[23]", "[]", "[edit]", "[citation needed]", "[٣]", "[a]",
	"the", "be", "to", "of", "and", "that", "have", "with", "The", "a", "ab", "abc", "abcd", "I", "word", "words", "sentence", "Sentence",
	"lorem ipsum", "Lorem Ipsum", "lorem", "ipsum", "javascript", "JavaScript", "java[1]script", "terms of use", "privacy policy", "Cookie Policy",
	"uses cookies", "use of cookies", "use coo\u212aies", "use cookies", "reuse cookies", "cookies", "javascr\u0130pt",
	"don't", "cannot", "(I'm)", "10am", "5km", "3.14", "1,000", "e.g.", "U.S.", "http://a.b/c?d=e", "x@y.z", "ß", "é", "e\u0301", "漢字", "。", "한국어", "ไทย", "🙂", "\u200b", "\u0300",
	"supercalifragilisticexpialidocious", "wort-mit-strichen", "0123456789abcdef", "0123456789abcdef0", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
}

// randomText joins pieces; few kinds of them, so that much repeats.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	kinds := 1 + r.IntN(len(pieces))
	offset := r.IntN(len(pieces))
	for range r.IntN(400) {
		b.WriteString(pieces[(offset+r.IntN(kinds))%len(pieces)])
		if r.IntN(3) == 0 {
			b.WriteByte(' ')
		}
		if r.IntN(12) == 0 {
			b.WriteString(".\n")
		}
	}
	if r.IntN(4) == 0 { // a text that holds itself
		s := b.String()
		return s + s[:runeStart(s, r.IntN(len(s)+1))]
	}
	return b.String()
}

func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

func TestFiguresAgainstOracle(t *testing.T) {
	rules := referenceLines()
	seed := uint64(0)
	for _, rules := range []LineRules{rules, {ShortLine: 5}, {RemoveCitations: true, MaxWordLength: 12, MinWordsPerLine: 1, CurlyBracket: true, ShortLine: 30}} {
		a, o := NewAnalyzer(rules), oracle{english.New(), rules}
		for range 1000 {
			seed++
			text := randomText(rand.New(rand.NewPCG(seed, 1)))
			if d := diffSignals(a, o, text); d != "" {
				t.Fatalf("seed %d, text %q: figures differ from the oracle's (-oracle +analyzer):\n%s", seed, text, d)
			}
		}
	}
}

func diffSignals(a *Analyzer, o oracle, text string) string {
	got, want := a.Analyze(text), o.signals(text)
	if d := cmp.Diff(want, got); d != "" {
		return d
	}
	for _, endMark := range []bool{true, false} {
		p := Profile{Stages: []string{StageC4}, Lines: o.rules}
		p.Lines.TerminalPunct = endMark
		want := text
		if _, left, dropped := o.c4(text, endMark); !dropped {
			want = left
		}
		if got := a.Edit(p, text); got != want {
			return fmt.Sprintf("edited (end mark %v): want %q, got %q", endMark, want, got)
		}
	}
	return ""
}

func FuzzAnalyze(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomText(rand.New(rand.NewPCG(seed, 2))))
	}
	f.Add("")
	f.Add("\n \n")
	f.Add("[1] [2] [3]\n[4] five six.")
	a, o := NewAnalyzer(referenceLines()), oracle{english.New(), referenceLines()}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			a.Analyze(text) // no promise but not to fail
			return
		}
		if d := diffSignals(a, o, text); d != "" {
			t.Fatal(d)
		}
	})
}
