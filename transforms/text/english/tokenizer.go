package english

// Span is a half-open byte range of the text it came from.
type Span struct{ Start, End int32 }

// Tokenizer holds reusable buffers and a chunk cache; it is not safe for
// concurrent use.
type Tokenizer struct {
	splitter
	matcher
	toks []token
	sink sink
}

// New returns a Tokenizer for English.
func New() *Tokenizer {
	return &Tokenizer{splitter: splitter{rules: theRules()}}
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
		if n := spaceLen(text[i:]); n > 0 {
			end := i + n
			for end < len(text) {
				if n = spaceLen(text[end:]); n == 0 {
					break
				}
				end += n
			}
			t.sink.put(token{int32(i), int32(end), flagSpace})
			i = end
			continue
		}
		i = t.chunk(text, i)
		if i < len(text) && text[i] == ' ' {
			i++
		}
	}
	t.sink.finish(len(text))
}

// chunk hands on the tokens of the chunk that starts at i, and of those after it
// as long as an exception might begin in one and go on in the next. It returns
// where it stopped.
func (t *Tokenizer) chunk(text string, i int) int {
	end := chunkEnd(text, i)
	t.toks = t.split(t.toks[:0], text[i:end], int32(i))
	for end+1 < len(text) && text[end] == ' ' {
		next := t.rules.trie.tail(t.toks, text)
		if !next.has(text[end+1]) {
			break
		}
		start := end + 1
		end = chunkEnd(text, start)
		if end == start { // wide white space, with a first byte that might have been another
			end--
			break
		}
		t.toks = t.split(t.toks, text[start:end], int32(start))
	}
	for _, tok := range t.apply(&t.rules.trie, t.toks, text) {
		t.sink.put(tok)
	}
	return end
}
