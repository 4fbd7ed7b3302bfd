package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// inline writes a comparison as text: [-less-] {+more+}.
func inline(c comparison) string {
	var b strings.Builder
	for _, r := range c.Runs {
		switch r.Class {
		case "del":
			fmt.Fprintf(&b, "[-%s-]", r.Text)
		case "ins":
			fmt.Fprintf(&b, "{+%s+}", r.Text)
		default:
			b.WriteString(r.Text)
		}
	}
	return strings.ReplaceAll(b.String(), thin, " ")
}

func TestCompare(t *testing.T) {
	numbers := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprint(&b, i, " ")
		}
		return b.String()
	}
	for _, c := range []struct{ name, a, b, want string }{
		{"equal", "a b c", "a  b\nc", "a b c"},
		{"replaced", "the old town", "the new town", "the [-old-] {+new+} town"},
		{"added", "a b", "a b c d", "a b {+c d+}"},
		{"removed", "a b c d", "c d", "[-a b-] c d"},
		{"empty", "", "", ""},
		{"from nothing", "", "a b", "{+a b+}"},
		{"no spaces", "你好世界", "你好地球", "你好[-世界-]{+地球+}"},
		{"long equal parts", numbers(0, 40) + "x " + numbers(40, 80), numbers(0, 40) + "y " + numbers(40, 80),
			"⋯ 30 words ⋯ 30 31 32 33 34 35 36 37 38 39 [-x-] {+y+} 40 41 42 43 44 45 46 47 48 49 ⋯ 30 words ⋯"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inline(compare(c.a, c.b)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Whatever the edits, equal and deleted words are the first text, equal and
// inserted words the second.
func TestDiffRebuildsBothTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		text := func() string {
			words := make([]string, r.IntN(60))
			for i := range words {
				words[i] = string(rune('a' + r.IntN(6)))
			}
			return strings.Join(words, " ")
		}
		ta, tb := text(), text()
		a, _ := splitWords(ta)
		b, _ := splitWords(tb)
		var gotA, gotB []string
		for _, e := range diffWords(a, b) {
			for _, w := range e.words {
				if e.class != "ins" {
					gotA = append(gotA, w.text)
				}
				if e.class != "del" {
					gotB = append(gotB, w.text)
				}
			}
		}
		if strings.Join(gotA, " ") != ta || strings.Join(gotB, " ") != tb {
			t.Fatalf("%q and %q come back as %q and %q", ta, tb, gotA, gotB)
		}
	}
}

func TestCompareIsBounded(t *testing.T) {
	c := compare(strings.Repeat("x", 1<<20), strings.Repeat("y z ", 1<<18))
	if !c.Cut || c.Deleted > MaxDiffWords || c.Added > MaxDiffWords {
		t.Errorf("cut %v, %d less, %d more", c.Cut, c.Deleted, c.Added)
	}
	if got := inline(c); len(got) > 40_000 {
		t.Errorf("%d bytes shown", len(got))
	}
}
