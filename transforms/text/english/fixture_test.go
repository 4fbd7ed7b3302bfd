package english

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
)

// The files under testdata hold what the reference gave for handmade texts, for
// every word exception and for single characters; record.py there made them.

func pieces(text string, spans []Span) []string {
	out := []string{}
	for _, s := range spans {
		out = append(out, text[s.Start:s.End])
	}
	return out
}

func TestRecordedTexts(t *testing.T) {
	tok := New()
	n := 0
	for _, file := range []string{"testdata/edges.jsonl", "testdata/exceptions.jsonl"} {
		readLines(t, file, func(line []byte) {
			var row struct {
				Text             string
				Words, Sentences []string
				Simplified       *string
			}
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatal(err)
			}
			n++
			if got := pieces(row.Text, tok.Words(nil, row.Text)); !slices.Equal(got, row.Words) {
				t.Errorf("words of %q:\n got %q\nwant %q", row.Text, got, row.Words)
			}
			if row.Simplified == nil { // an exception, recorded with its words only
				return
			}
			if got := pieces(row.Text, tok.Sentences(nil, row.Text)); !slices.Equal(got, row.Sentences) {
				t.Errorf("sentences of %q:\n got %q\nwant %q", row.Text, got, row.Sentences)
			}
			if got := string(Simplify(nil, row.Text)); got != *row.Simplified {
				t.Errorf("Simplify(%q):\n got %q\nwant %q", row.Text, got, *row.Simplified)
			}
		})
	}
	if n < 1000 {
		t.Errorf("only %d recorded texts", n)
	}
}

// TestRecordedCharacters puts every character of the first two planes, and the
// tags, into the places of a text where its class matters.
func TestRecordedCharacters(t *testing.T) {
	if testing.Short() {
		t.Skip("132,000 characters take a second")
	}
	tok := New()
	readLines(t, "testdata/characters.jsonl", func(line []byte) {
		var row struct {
			First                                    rune
			Words, Sentences, Simplified, Properties string
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		var words, sents, simple, props bytes.Buffer
		for r := row.First; r < row.First+1024; r++ {
			if r >= 0xd800 && r < 0xe000 {
				continue
			}
			c := string(r)
			text := "a" + c + "b " + c + "1 A" + c + ". 5" + c + " Ab." + c + " " + c + ".Ab x" + c + "-y " + c
			putParts(&words, pieces(text, tok.Words(nil, text))...)
			text = "a." + c + "b. " + c + " d"
			putParts(&sents, pieces(text, tok.Sentences(nil, text))...)
			putParts(&simple, string(Simplify(nil, "A"+c+"b AΣ"+c+"B 1."+c+" "+c)))
			putParts(&props, properties(r))
		}
		for _, x := range []struct {
			name string
			got  *bytes.Buffer
			want string
		}{
			{"words", &words, row.Words}, {"sentences", &sents, row.Sentences},
			{"normalised text", &simple, row.Simplified}, {"properties", &props, row.Properties},
		} {
			if sum := sha256.Sum256(x.got.Bytes()); hex.EncodeToString(sum[:])[:16] != x.want {
				t.Errorf("%s differ for a character of U+%04X to U+%04X", x.name, row.First, row.First+1023)
			}
		}
	})
}

func putParts(b *bytes.Buffer, parts ...string) {
	for _, p := range parts {
		b.WriteString(p)
		b.WriteByte(0xff)
	}
}

func properties(r rune) string {
	s := []byte("00000")
	for i, f := range []func(rune) bool{IsSpace, IsAlpha, IsPunctuation, IsTerminal, IsPunctuationSet} {
		if f(r) {
			s[i] = '1'
		}
	}
	return string(s)
}
