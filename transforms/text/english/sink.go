package english

// sink collects words and finds the sentences.
//
// A sentence ends after a token that is one of the sentence end characters and
// all tokens after it that are such or punctuation: it is cut at the end of the
// last token before the next one that is neither.
type sink struct {
	words, sents         []Span
	wantWords, wantSents bool
	nWords, nSents       int
	ended                bool  // a sentence end has been seen in this sentence
	start, last          int32 // of the sentence; end of the last token
}

// put takes the next token.
func (s *sink) put(t token) {
	if t.flags&(flagEnd|flagPunct) == 0 {
		if s.ended {
			s.cut(s.last)
		}
	} else if t.flags&flagEnd != 0 {
		s.ended = true
	}
	s.last = t.end
	if t.flags&flagSpace == 0 {
		if s.wantWords {
			s.words = append(s.words, Span{t.start, t.end})
		}
		s.nWords++
	}
}

// cut ends the sentence at end.
func (s *sink) cut(end int32) {
	if s.wantSents {
		s.sents = append(s.sents, Span{s.start, end})
	}
	s.nSents++
	s.start, s.ended = end, false
}

// finish ends the last sentence, which takes the rest of the text.
func (s *sink) finish(end int) { s.cut(int32(end)) }
