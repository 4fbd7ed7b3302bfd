package text

import (
	"strings"
	"unicode/utf8"

	"github.com/chimera-1/chimera/transforms/text/english"
)

// next reports whether the line at s has the byte b, and keeps in *place where
// the next one at or after the line is. Lines are asked for in order.
func (c *cursor) next(place *int, b byte, s english.Span) bool {
	if *place < int(s.Start) {
		*place = len(c.text)
		if i := strings.IndexByte(c.text[s.Start:], b); i >= 0 {
			*place = int(s.Start) + i
		}
	}
	return *place < int(s.End)
}

// phrasesIn tells which phrases lie within the line at s.
func (c *cursor) phrasesIn(s english.Span) (lorem, javascript, policy bool) {
	for len(c.phrases) > 0 && c.phrases[0].end <= int(s.Start) {
		c.phrases = c.phrases[1:]
	}
	n := 0
	for n < len(c.phrases) && c.phrases[n].end <= int(s.End) {
		n++
	}
	return phraseKinds(c.phrases[:n])
}

func phraseKinds(found []phrase) (lorem, javascript, policy bool) {
	for _, p := range found {
		lorem = lorem || p.kind == phraseLorem
		javascript = javascript || p.kind == phraseJavascript
		policy = policy || p.kind == phrasePolicy
	}
	return lorem, javascript, policy
}

// count returns the words and sentences of the line at s. A line break is a
// token of its own for the sentence splitter, and no punctuation, so a line
// starts afresh: its sentences are one and the breaks strictly inside it.
func (c *cursor) count(s english.Span) (words int, sentences int64) {
	for len(c.words) > 0 && c.words[0].Start < s.Start {
		c.words = c.words[1:]
	}
	for words < len(c.words) && c.words[words].Start < s.End {
		words++
	}
	c.words = c.words[words:]
	for len(c.sentences) > 0 && c.sentences[0].End <= s.Start {
		c.sentences = c.sentences[1:]
	}
	sentences = 1
	for len(c.sentences) > 0 && c.sentences[0].End < s.End {
		c.sentences = c.sentences[1:]
		sentences++
	}
	return words, sentences
}

// strip returns the line at s without white space at its ends.
func strip(text string, s english.Span) english.Span {
	line := text[s.Start:s.End]
	if line == "" || plain(line[0]) && plain(line[len(line)-1]) {
		return s
	}
	left := len(strings.TrimLeftFunc(line, english.IsSpace))
	s.Start = s.End - int32(left)
	s.End = s.Start + int32(len(strings.TrimRightFunc(text[s.Start:s.End], english.IsSpace)))
	return s
}

// plain reports that a byte is a character of its own and no blank.
func plain(c byte) bool { return ' ' < c && c < utf8.RuneSelf }

// hasEndMark reports whether C4 takes the line for the end of a sentence.
func hasEndMark(line string) bool {
	if line == "" {
		return false
	}
	switch line[len(line)-1] {
	case '?', '!', '"', '\'':
		return true
	case '.':
		return !strings.HasSuffix(line, "...")
	}
	return false
}

// hasFewerWords reports whether a stripped line has fewer than n words between
// white space.
func hasFewerWords(line string, n int) bool {
	for ; n > 0; n-- {
		if line == "" {
			return true
		}
		line = strings.TrimLeftFunc(line[wordEnd(line):], english.IsSpace)
	}
	return false
}

// wordEnd is where the first white space of s begins.
func wordEnd(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if plain(c) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if english.IsSpace(r) {
			return i
		}
		i += size
	}
	return len(s)
}

// hasLongWord reports whether a stripped line has a word of more than n code
// points. Blanks less than that apart show that there is none.
func hasLongWord(line string, n int) bool {
	for len(line) > n {
		if blank := strings.LastIndexByte(line[:n+1], ' '); blank >= 0 {
			line = line[blank+1:]
			continue
		}
		end := wordEnd(line)
		if end > n && utf8.RuneCountInString(line[:end]) > n {
			return true
		}
		line = strings.TrimLeftFunc(line[end:], english.IsSpace)
	}
	return false
}
