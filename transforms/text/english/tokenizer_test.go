package english

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// plainRun is run without the fast way and without the cache.
func plainRun(text string) (words, sents []Span) {
	t := &Tokenizer{splitter: splitter{rules: theRules()}, sink: sink{wantWords: true, wantSents: true}}
	for i := 0; i < len(text); {
		if n := spaceLen(text[i:]); n > 0 {
			i = t.space(text, i, i+n)
			continue
		}
		if i = t.chunks(text, i, chunkEnd(text, i)); i < len(text) && text[i] == ' ' {
			i++
		}
	}
	t.sink.finish(len(text))
	return t.sink.words, t.sink.sents
}

// checkText checks what must hold for any text, valid or not.
func checkText(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	words, sents := tok.WordsAndSentences(nil, nil, text)
	at := int32(0)
	for _, w := range words {
		if w.Start < at || w.End <= w.Start || int(w.End) > len(text) {
			t.Fatalf("%q: word %v after %d", text, w, at)
		}
		if gap := text[at:w.Start]; TrimSpace(gap) != "" {
			t.Fatalf("%q: %q is in no word", text, gap)
		}
		if s := text[w.Start:w.End]; TrimSpace(s) != s {
			t.Fatalf("%q: word %q is not stripped", text, s)
		}
		at = w.End
	}
	if rest := text[at:]; TrimSpace(rest) != "" {
		t.Fatalf("%q: %q is in no word", text, rest)
	}
	at = 0
	for _, s := range sents {
		if s.Start != at || s.End < s.Start {
			t.Fatalf("%q: sentences %v have gaps", text, sents)
		}
		at = s.End
	}
	if int(at) != len(text) || len(sents) == 0 {
		t.Fatalf("%q: sentences %v do not cover it", text, sents)
	}
	plainWords, plainSents := plainRun(text)
	if !slices.Equal(words, plainWords) || !slices.Equal(sents, plainSents) {
		t.Fatalf("%q: the fast way gives %q, %v, the plain one %q, %v",
			text, pieces(text, words), sents, pieces(text, plainWords), plainSents)
	}
	if w, s := tok.Count(text); w != len(words) || s != len(sents) {
		t.Fatalf("%q: Count = %d, %d, want %d, %d", text, w, s, len(words), len(sents))
	}
	if !slices.Equal(words, tok.Words(nil, text)) || !slices.Equal(sents, tok.Sentences(nil, text)) {
		t.Fatalf("%q: one pass and two differ", text)
	}
	if s := Simplify(nil, text); utf8.ValidString(text) && !utf8.Valid(s) || TrimSpace(string(s)) != string(s) {
		t.Fatalf("Simplify(%q) = %q", text, s)
	}
}

func FuzzTokenizer(f *testing.F) {
	for _, s := range []string{
		"", " ", prose, "x-a. _. x", "it 's and / or", "US$5 5US$ 10a.m.", "http://a.bc/d?e.", "\xff\xc3(", "ΑΣ'Σ İ \u302e\u1baa",
		"(((a.b...)))'s", "8.8.8.8:53 a@b.co", "😀a…b——c", "doin' o.O ><(((*> (╯°□°）╯︵┻━┻ abcdefghijklmnopqrstuvwxyz",
	} {
		f.Add(s)
	}
	tok := New()
	f.Fuzz(func(t *testing.T, text string) { checkText(t, tok, text) })
}

// TestMixedTexts checks random mixtures of everything the rules know.
func TestMixedTexts(t *testing.T) {
	var parts []string
	for s := range theRules().special {
		parts = append(parts, s)
	}
	slices.Sort(parts)
	for s := range theRules().trie.ids {
		parts = append(parts, s, s)
	}
	slices.Sort(parts)
	parts = append(parts, strings.Fields(units)...)
	for range 60 {
		parts = append(parts, ".", " ", " ", " ", " ", ",", "\n", "Word", "it", "and", "x-a", "\u2003", "😀", "漢", "http://a.bc/", "'", "\"")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	tok := New()
	for range 3000 {
		var b strings.Builder
		for range rnd.IntN(60) {
			b.WriteString(parts[rnd.IntN(len(parts))])
			if rnd.IntN(3) == 0 {
				b.WriteByte(' ')
			}
		}
		checkText(t, tok, b.String())
	}
}

// TestQuirks holds the rules that surprise, one by one.
func TestQuirks(t *testing.T) {
	tok := New()
	for _, c := range []struct{ text, want string }{
		{"cannot Cannot CANNOT", "can|not|Can|not|CANNOT"},
		{"don't DON'T dont its", "do|n't|DON'T|do|nt|its"},
		{"(I'm) well-I'm", "(|I|'m|)|well|-|I'm"},
		{"10am 5km 10AM 5KM 13am", "10|am|5|km|10AM|5KM|13am"},
		{"A. AB. aB. Ab. a. Mr.", "A.|AB|.|aB.|Ab|.|a.|Mr."},
		{"a\u2022b \u2022a \u00b7a a\u00b7 a\u00b7b", "a\u2022b|\u2022a|\u00b7|a|a|\u00b7|a\u00b7b"},
		{"5$ $5 a$ US$5 5US$", "5|$|$|5|a$|US$|5|5|US$"},
		{"+5 +a 5+ a+", "+5|+|a|5|+|a+"},
		{"...a a...b a.b a.B ab.B", "...|a|a|...|b|a.b|a.|B|ab|.|B"},
		{"a-b 1-b 1-2 a-1 -a", "a|-|b|1|-|b|1|-|2|a-1|-a"},
		{"a/b 1/2 a:b :a x=y", "a|/|b|1/2|a|:|b|:|a|x|=|y"},
		{"x-a. x-a _. y", "x|-|a.|x|-|a|_|.|y"},
		{"x-a. _. y", "x|-|a|.|_|.|y"}, // the sequence of ._. blocks that of a. although a blank is in it
		{"and/or well-and/or and / or", "and/or|well|-|and/or|and|/|or"},
		{"10.0.0.1:80/a 8.8.8.8:80/a", "10.0.0.1:80|/|a|8.8.8.8:80/a"},
		{"http://a.com/b. a.com:y a.com:x", "http://a.com/b|.|a.com|:|y|a.com|:x"},
		{"…… ……… a……b", "…|…|…|……|a|…|…|b"},
		{"John's JOHN'S dogs'", "John|'s|JOHN|'S|dogs|'"},
		{"4тб 4тбكم", "4тб|4|тбكم"},
	} {
		if got := strings.Join(pieces(c.text, tok.Words(nil, c.text)), "|"); got != c.want {
			t.Errorf("words of %q = %s, want %s", c.text, got, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"One.\nTwo.\n", "One.|\nTwo.|\n"},
		{"One. Two.", "One.| Two."},
		{"One.\") Two", "One.\")| Two"},
		{"One.$ Two", "One.$ Two"},
		{"e.g. this. One", "e.g. this.| One"},
		{"Really?! Yes... no. ok", "Really?!| Yes... no.| ok"},
		{"one\ntwo", "one\ntwo"},
	} {
		if got := strings.Join(pieces(c.text, tok.Sentences(nil, c.text)), "|"); got != c.want {
			t.Errorf("sentences of %q = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSimplify(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"|$17.56||1|\n|$15.37||2599|", "0 0 0 0"},
		{"ΟΔΟΣ ΣΑΣ Σ", "οδος σας σ"},
		{"İstanbul Ça", "istanbul ca"},
		{"1.2.3 1,5 ٣٫٤", "0 0 0 0"},
		{"a \u0301 b", "a  b"},
		{" \u0301 a", "a"},
		{"각", "\u1100\u1161\u11a8"},
		{"\u302e\u1baa", "\u1baa\u302e"},
		{"It’s “so”… ‘x’", "it s so ‘x"},
	} {
		if got := string(Simplify([]byte("kept"), c.text)); got != "kept"+c.want {
			t.Errorf("Simplify(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// TestLongChunks runs on texts of one chunk that would never end if a step of
// the rules looked at the whole of it.
func TestLongChunks(t *testing.T) {
	tok := New()
	for _, unit := range []string{"(", ".", ".,", "a", "a@a.b", "a-", ". _ ", "\xff", "1.", "😀", "'s", "……", "a.", "://", "Σ'", "\u302e\u1baa"} {
		text := strings.Repeat(unit, 1<<18/len(unit))
		tok.Count(text)
		Simplify(nil, text)
	}
}

func TestNoAllocations(t *testing.T) {
	text := benchText()
	tok := New()
	words, sents := tok.WordsAndSentences(nil, nil, text)
	dst := Simplify(nil, text)
	if n := testing.AllocsPerRun(3, func() {
		words, sents = tok.WordsAndSentences(words[:0], sents[:0], text)
		tok.Count(text)
		dst = Simplify(dst[:0], text)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
