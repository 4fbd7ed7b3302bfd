package english

import (
	"slices"
	"testing"
)

func TestSplitLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a\n", []string{"a"}},
		{"\n", []string{""}},
		{"a\r\nb\rc\n\nd", []string{"a", "b", "c", "", "d"}},
		{"a\vb\fc\x1cd\x1de\x1ef\x1fg", []string{"a", "b", "c", "d", "e", "f\x1fg"}},
		{"a\u0085b\u2028c\u2029d\u2027e", []string{"a", "b", "c", "d\u2027e"}},
		{"a\xc2", []string{"a\xc2"}},
	} {
		if got := pieces(c.text, SplitLines(nil, c.text)); !slices.Equal(got, c.want) {
			t.Errorf("SplitLines(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n", nil},
		{" a  b\u00a0c\u3000d\x1fe\u0085f\u200bg\u180eh ", []string{"a", "b", "c", "d", "e", "f\u200bg\u180eh"}},
		{"\xff a", []string{"\xff", "a"}},
	} {
		if got := pieces(c.text, Fields(nil, c.text)); !slices.Equal(got, c.want) {
			t.Errorf("Fields(%q) = %q, want %q", c.text, got, c.want)
		}
		if len(c.want) > 0 {
			first, last := Fields(nil, c.text)[0], Fields(nil, c.text)[len(c.want)-1]
			if got := TrimSpace(c.text); got != c.text[first.Start:last.End] {
				t.Errorf("TrimSpace(%q) = %q", c.text, got)
			}
		}
	}
}

func TestCharacters(t *testing.T) {
	count := func(f func(rune) bool) (n int) {
		for r := rune(-1); r <= 0x110000; r++ {
			if f(r) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name string
		f    func(rune) bool
		want int
	}{
		{"IsPunctuation", IsPunctuation, 129},
		{"IsTerminal", IsTerminal, 159},
		{"IsPunctuationSet", IsPunctuationSet, 281},
		{"IsSpace", IsSpace, 29},
		{"IsAlpha", IsAlpha, 131756},
	} {
		if n := count(c.f); n != c.want {
			t.Errorf("%s is true for %d characters, want %d", c.name, n, c.want)
		}
	}
}
