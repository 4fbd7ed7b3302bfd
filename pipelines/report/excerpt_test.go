package report

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// text joins runs, marks in braces.
func marked(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		if r.Class == "mark" {
			b.WriteString("{" + r.Text + "}")
		} else {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

func TestExcerptMarks(t *testing.T) {
	const text = "one été three"
	for _, c := range []struct {
		marks []Mark
		want  string
	}{
		{nil, "one été three"},
		{[]Mark{{0, 3}}, "{one} été three"},
		{[]Mark{{10, 99}, {-4, 3}}, "{one} été {three}"},
		{[]Mark{{0, 5}, {2, 9}}, "{one été} three"},         // overlapping
		{[]Mark{{5, 6}, {9, 9}, {8, 2}}, "one {é}té three"}, // within a rune, empty, reversed
		{[]Mark{{4, 7}}, "one {ét}é three"},
	} {
		if got := marked(newExcerpt(text, c.marks).Runs); got != c.want {
			t.Errorf("marks %v: %q, want %q", c.marks, got, c.want)
		}
	}
}

func TestExcerptIsCutAroundTheFirstMark(t *testing.T) {
	text := strings.Repeat("wört ", 10_000)
	at := strings.Index(text[30_000:], "w") + 30_000
	e := newExcerpt(text, []Mark{{at, at + 5}})
	if !e.Before || !e.After || e.Shown != MaxSampleRunes {
		t.Errorf("before %v, after %v, %d runes", e.Before, e.After, e.Shown)
	}
	got := marked(e.Runs)
	if i := strings.Index(got, "{wört}"); i < 0 || utf8.RuneCountInString(got[:i]) > leadRunes {
		t.Errorf("the mark is not near the beginning: %q", got[:80])
	}
	if !strings.HasPrefix(got, "wört ") {
		t.Errorf("does not begin at a word: %q", got[:20])
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("one été three", 0, 5)
	f.Add(strings.Repeat("\xff\xf0\x9f", 900), 5, 1<<40)
	f.Add(strings.Repeat("界", 3000), 4001, 4002)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		e := newExcerpt(text, []Mark{{start, end}})
		if e.Shown > MaxSampleRunes {
			t.Errorf("%d runes shown", e.Shown)
		}
		if !e.Before && !e.After {
			var all strings.Builder
			for _, r := range e.Runs {
				all.WriteString(r.Text)
			}
			if all.String() != visible(text) {
				t.Errorf("shown %q of %q", all.String(), text)
			}
		}
		for _, r := range e.Runs {
			if !utf8.ValidString(r.Text) {
				t.Errorf("run %q is no UTF-8", r.Text)
			}
		}
	})
}
