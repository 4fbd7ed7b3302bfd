package english

import "unicode/utf8"

// Span is a half-open byte range of the text it came from.
type Span struct{ Start, End int32 }

// Tokenizer holds reusable buffers and a chunk cache; it is not safe for
// concurrent use.
type Tokenizer struct {
	splitter
	matcher
	cache cache
	toks  []token
	sink  sink
}

// New returns a Tokenizer for English.
func New() *Tokenizer {
	return &Tokenizer{splitter: splitter{rules: theRules()}, cache: newCache()}
}

// Words appends the tokens of text, each stripped as Python's str.strip does,
// empty ones dropped.
func (t *Tokenizer) Words(dst []Span, text string) []Span {
	t.sink = sink{words: dst, wantWords: true}
	t.run(text)
	return t.take().words
}

// Sentences appends the sentences of text. They are cut where their last token
// ends and follow each other without gaps, so that a sentence begins with the
// white space before it; the empty text is one empty sentence.
func (t *Tokenizer) Sentences(dst []Span, text string) []Span {
	t.sink = sink{sents: dst, wantSents: true}
	t.run(text)
	return t.take().sents
}

// Count returns the numbers of words and of sentences Words and Sentences give.
func (t *Tokenizer) Count(text string) (words, sentences int) {
	t.sink = sink{}
	t.run(text)
	return t.sink.nWords, t.sink.nSents
}

// WordsAndSentences appends words and sentences, as Words and Sentences do, in
// one pass.
func (t *Tokenizer) WordsAndSentences(words, sents []Span, text string) ([]Span, []Span) {
	t.sink = sink{words: words, sents: sents, wantWords: true, wantSents: true}
	t.run(text)
	s := t.take()
	return s.words, s.sents
}

// take returns the sink and lets go of the caller's slices.
func (t *Tokenizer) take() sink {
	s := t.sink
	t.sink = sink{}
	return s
}

// run cuts text and hands its tokens to the sink.
//
// White space is a token too, except for a single blank after a chunk: it may
// begin a sentence.
func (t *Tokenizer) run(text string) {
	i := 0
	for i < len(text) {
		if isASCIILetter(text[i]) {
			i = t.word(text, i)
		} else if n := spaceLen(text[i:]); n > 0 {
			i = t.space(text, i, i+n)
			continue
		} else {
			i = t.chunk(text, i, i+1)
		}
		if i < len(text) && text[i] == ' ' {
			i++
		}
	}
	t.sink.finish(len(text))
}

// space hands on the white space that starts at i and is known to reach end.
func (t *Tokenizer) space(text string, i, end int) int {
	for end < len(text) {
		n := spaceLen(text[end:])
		if n == 0 {
			break
		}
		end += n
	}
	t.sink.put(token{int32(i), int32(end), flagSpace})
	return end
}

// word hands on the chunk at i, which begins with a letter, the fast way if it
// can, see wordTable, and returns where it stopped.
func (t *Tokenizer) word(text string, i int) int {
	n, key := wordAt(text, i)
	end := i + n
	if n == 0 || end+2 > len(text) {
		return t.chunk(text, i, i+1)
	}
	var info *wordInfo
	if n <= maxWordKey {
		info = t.rules.words.find(key)
	}
	c := text[end]
	if c <= ' ' && asciiClass[c]&clsSpace != 0 {
		if info != nil && (info.alone || t.goesOn(info.firstNext, text, end)) {
			return t.chunk(text, i, end)
		}
		t.sink.put(token{int32(i), int32(end), 0})
		return end
	}
	if c >= utf8.RuneSelf || info != nil && (info.alone || info.withMark) {
		return t.chunk(text, i, end)
	}
	mark, after := &t.rules.words.mark[c], text[end+1]
	if mark.flags == 0 || after > ' ' || asciiClass[after]&clsSpace == 0 || t.goesOn(mark.firstNext, text, end+1) {
		return t.chunk(text, i, end)
	}
	if c == '.' && text[end-1] < 'a' && (n == 1 || text[end-2] >= 'a') { // after one capital it stays
		return t.chunk(text, i, end)
	}
	t.sink.put(token{int32(i), int32(end), 0})
	t.sink.put(token{int32(end), int32(end + 1), mark.flags})
	return end + 1
}

// goesOn reports whether an exception begun in the tokens up to end might go on
// in the chunk after it, firstNext being their tail set.
func (t *Tokenizer) goesOn(firstNext uint16, text string, end int) bool {
	return firstNext != 0 && end+1 < len(text) && text[end] == ' ' && t.rules.words.tails[firstNext].has(text[end+1])
}

// chunk hands on the tokens of the chunk that starts at i and goes on at least
// to end, from the cache if they are there, and returns where it stopped.
func (t *Tokenizer) chunk(text string, i, end int) int {
	end = chunkEnd(text, end)
	if end-i > cachedBytes {
		return t.chunks(text, i, end)
	}
	s := text[i:end]
	key, place := chunkKey(text, i, end)
	e := &t.cache.entries[place]
	if int(e.size) != len(s) || e.key != key {
		t.toks = t.split(t.toks[:0], s, int32(i))
		next := t.rules.trie.tail(t.toks, text)
		toks := t.apply(&t.rules.trie, t.toks, text)
		t.cache.fill(e, key, s, int32(i), toks, next)
		if e.size == 0 {
			return t.chunks(text, i, end)
		}
	}
	if e.firstNext != 0 && end+1 < len(text) && text[end] == ' ' && t.cache.tails[e.firstNext].has(text[end+1]) {
		return t.chunks(text, i, end)
	}
	start := int32(i)
	for k := range e.n {
		stop := int32(i) + int32(e.ends[k])
		t.sink.put(token{start, stop, e.flags[k]})
		start = stop
	}
	return end
}

// chunks hands on the tokens of the chunk from i to end, and of those after it
// as long as an exception might begin in one and go on in the next. It returns
// where it stopped.
func (t *Tokenizer) chunks(text string, i, end int) int {
	t.toks = t.split(t.toks[:0], text[i:end], int32(i))
	for end+1 < len(text) && text[end] == ' ' {
		next := t.rules.trie.tail(t.toks, text)
		if !next.has(text[end+1]) {
			break
		}
		start := end + 1
		stop := chunkEnd(text, start)
		if stop == start { // wide white space, with a first byte that might have been another
			break
		}
		end = stop
		t.toks = t.split(t.toks, text[start:end], int32(start))
	}
	for _, tok := range t.apply(&t.rules.trie, t.toks, text) {
		t.sink.put(tok)
	}
	return end
}
