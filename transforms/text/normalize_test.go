package text

import (
	"encoding/hex"
	"testing"
)

func TestNormalizers(t *testing.T) {
	for _, c := range []struct {
		names         []string
		in, out, done string
	}{
		{nil, "a\r\nb", "a\r\nb", ""},
		{[]string{"newlines"}, "a\r\nb\rc\n\r", "a\nb\nc\n\n", "newlines"},
		{[]string{"newlines"}, "a\nb", "a\nb", ""},
		{[]string{"nfc"}, "e\u0301 \u1112\u1161\u11ab", "é 한", "nfc"},
		{[]string{"spaces"}, "a\u00a0b\u3000c \t\n d\t", "a b c\n d", "spaces"},
		{[]string{"spaces"}, "a\tb\n", "a\tb\n", ""},
		{[]string{"control"}, "\ufeffa\x00\x1b[0m\tb\x7f\r\n\u0085", "a[0m\tb\r\n", "control"},
		{[]string{"newlines", "nfc", "spaces", "control"}, "e\u0301 \r\n\x01", "é\n", "newlines,nfc,spaces,control"},
		{[]string{"control", "newlines"}, "plain", "plain", ""},
	} {
		n, err := ParseNormalizers(c.names)
		if err != nil {
			t.Fatal(err)
		}
		if out, done := n.Apply(c.in); out != c.out || done != c.done {
			t.Errorf("%v of %q: got %q by %q, want %q by %q", c.names, c.in, out, done, c.out, c.done)
		}
	}
	for _, c := range []struct {
		names []string
		err   string
	}{
		{[]string{"nfkc"}, `unknown normalizer "nfkc": have newlines, nfc, spaces, control`},
		{[]string{"nfc", "nfc"}, `normalizer "nfc" is there twice`},
	} {
		if _, err := ParseNormalizers(c.names); err == nil || err.Error() != c.err {
			t.Errorf("%v: error %v, want %s", c.names, err, c.err)
		}
	}
}

// The hashes are those of the reference implementation of XXH3-128.
func TestContentHash(t *testing.T) {
	for _, c := range []struct {
		want  string
		texts []string
	}{
		{"99aa06d3014798d86001c324468d497f", []string{"", " ", "\r\n\t\u00a0\u2028"}},
		{"277784a78d50009126c439a6d3e1bdca", []string{"Hello\nworld", "Hello\r\nworld", "Hello\rworld", "\n  Hello\nworld\x1f\u0085"}},
		{"4f23be53fc014093050dd39ffe89f3c4", []string{"é\n漢字", "\u3000é\r漢字\r\n"}},
	} {
		for _, text := range c.texts {
			h := ContentHash(text)
			if got := hex.EncodeToString(h[:]); got != c.want {
				t.Errorf("%q: %s, want %s", text, got, c.want)
			}
		}
	}
}

func TestIsBlank(t *testing.T) {
	for text, want := range map[string]bool{"": true, " \n": true, "\u00a0\u3000\x1c": true, "a": false, " .": false, "\u200b": false, "\ufeff": false} {
		if got := IsBlank(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
