package report

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// MaxDiffWords is how many words of each of two texts are compared.
const MaxDiffWords = 2000

const (
	diffContext  = 10  // equal words shown around a change
	maxDiffShown = 320 // words shown in all
	maxWordRunes = 32  // longer words are compared in pieces
)

// comparison shows how one text differs from another.
type comparison struct {
	Runs    []run
	Deleted int64 // words of the first text that the second has not
	Added   int64 // words of the second text that the first has not
	Equal   int64 // words that both have
	More    bool  // changes beyond those shown
	Cut     bool  // only the first MaxDiffWords were compared
}

// compare compares two texts word by word. Spaces do not count.
func compare(a, b string) comparison {
	wordsA, moreA := splitWords(a)
	wordsB, moreB := splitWords(b)
	c := comparison{Cut: moreA || moreB}
	shown := 0
	edits := diffWords(wordsA, wordsB)
	for i, e := range edits {
		n := int64(len(e.words))
		switch e.class {
		case "del":
			c.Deleted += n
		case "ins":
			c.Added += n
		default:
			c.Equal += n
		}
		if shown >= maxDiffShown {
			c.More = c.More || e.class != ""
			continue
		}
		shown += c.show(e, i == 0, i == len(edits)-1)
	}
	return c
}

// show appends an edit to the runs and returns how many words it shows: of
// equal words only those next to a change, of changes the beginning.
func (c *comparison) show(e edit, first, last bool) int {
	head, tail := diffContext, diffContext
	if first {
		head = 0
	}
	if last {
		tail = 0
	}
	if e.class != "" {
		head, tail = maxDiffShown/4, 0
	}
	n := len(e.words)
	if n <= head+tail+diffContext/2 {
		c.words(e.words, e.class)
		return n
	}
	c.words(e.words[:head], e.class)
	gap := "\u22ef" + thin + plural(int64(n-head-tail), "word") + thin + "\u22ef"
	if len(c.Runs) > 0 {
		gap = " " + gap
	}
	c.Runs = append(c.Runs, run{Text: gap, Class: gapClass(e.class)})
	c.words(e.words[n-tail:], e.class)
	return head + tail
}

func gapClass(class string) string {
	if class == "" {
		return "gap"
	}
	return class
}

func (c *comparison) words(words []word, class string) {
	if len(words) == 0 {
		return
	}
	var text []byte
	for i, w := range words {
		if w.gap && i == 0 && len(c.Runs) > 0 {
			c.Runs = append(c.Runs, run{Text: " "}) // outside the change, so that its mark hugs the words
		} else if w.gap && i > 0 {
			text = append(text, ' ')
		}
		text = append(text, w.text...)
	}
	c.Runs = append(c.Runs, runs(string(text), class)...)
}

// word is a word of a text, or a piece of one.
type word struct {
	text string
	gap  bool // white space comes before it
}

// splitWords cuts a text at white space, and within scripts that write none at
// every character. more is set if the text has over MaxDiffWords.
func splitWords(text string) (words []word, more bool) {
	start, runes, gap := 0, 0, false
	flush := func(end int) {
		if start < end {
			words = append(words, word{text[start:end], gap})
			gap = false
		}
		start, runes = end, 0
	}
	for i, r := range text {
		if len(words) >= MaxDiffWords {
			return words[:MaxDiffWords], true
		}
		switch {
		case unicode.IsSpace(r):
			flush(i)
			start, gap = i+utf8.RuneLen(r), true
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || runes >= maxWordRunes:
			flush(i)
			runes = 1
		default:
			runes++
		}
	}
	flush(len(text))
	return words[:min(len(words), MaxDiffWords)], len(words) > MaxDiffWords
}

// edit is a run of words that both texts have, or only one.
type edit struct {
	words []word
	class string // del, ins, or empty for both
}

// diffWords lets each different word be one character of an alphabet, so that
// the library's character diff is a word diff.
func diffWords(a, b []word) []edit {
	alphabet := map[string]rune{}
	letters := func(words []word) []rune {
		out := make([]rune, len(words))
		for i, w := range words {
			if _, ok := alphabet[w.text]; !ok {
				// The private planes hold more letters than two texts have words,
				// and no surrogates, which would not survive a string.
				alphabet[w.text] = 0xF0000 + rune(len(alphabet))
			}
			out[i] = alphabet[w.text]
		}
		return out
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = 0 // a clock would make the page depend on the machine
	diffs := d.DiffCleanupSemantic(d.DiffMainRunes(letters(a), letters(b), false))
	var out []edit
	for _, x := range diffs {
		n := utf8.RuneCountInString(x.Text)
		switch x.Type {
		case diffmatchpatch.DiffDelete:
			out, a = append(out, edit{a[:n], "del"}), a[n:]
		case diffmatchpatch.DiffInsert:
			out, b = append(out, edit{b[:n], "ins"}), b[n:]
		default:
			words := slices.Clone(b[:n])
			words[0].gap = words[0].gap || a[0].gap
			out, a, b = append(out, edit{words, ""}), a[n:], b[n:]
		}
	}
	if len(a) != 0 || len(b) != 0 {
		panic(fmt.Sprintf("report: diff leaves %d and %d words", len(a), len(b)))
	}
	return out
}
