package report

import (
	"strings"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{formatCount(0), "0"}, {formatCount(999), "999"}, {formatCount(1000), "1,000"}, {formatCount(1234567), "1,234,567"}, {formatCount(-1234), "−1,234"},
		{formatBytes(999), "999 B"}, {formatBytes(1000), "1.0 kB"}, {formatBytes(12_345_678), "12.3 MB"}, {formatBytes(999_999), "1.0 MB"}, {formatBytes(712_400_211), "712 MB"}, {formatBytes(1 << 62), "4.6 EB"},
		{formatShare(0, 10), "0.0 %"}, {formatShare(45, 1000), "4.5 %"}, {formatShare(1, 100000), "<0.1 %"}, {formatShare(99999, 100000), ">99.9 %"}, {formatShare(5, 5), "100.0 %"}, {formatShare(1, 0), "–"},
		{formatSeconds(0.42), "0.42 s"}, {formatSeconds(8.4), "8.4 s"}, {formatSeconds(93), "93 s"}, {formatSeconds(119.6), "2 min 00 s"}, {formatSeconds(754), "12 min 34 s"}, {formatSeconds(12300), "3 h 25 min"},
		{formatFigure(0.123456), "0.1235"}, {formatFigure(100000), "100,000"}, {formatFigure(-0.5), "−0.5"},
		{formatTick(1000), "1k"}, {formatTick(1e6), "1M"}, {formatTick(0.2), "0.2"},
		{formatDate("2026-11-20"), "Friday, 20 November 2026"}, {formatDate("x"), "x"},
		{plural(1, "row"), "1 row"}, {plural(1200, "row"), "1,200 rows"},
		{formatTime(time.Time{}), ""},
		{coordinate(-0.001), "0"}, {coordinate(12.345), "12.35"}, {coordinate(1000), "1000"},
	} {
		if got := strings.ReplaceAll(c.got, thin, " "); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain\ttext\nline", "plain\ttext\nline"},
		{"a\x00b\x1b[1m\x7f", "a[U+0000]b[U+001B][1m[U+007F]"},
		{"\u0085\u202e\u2066\u200e\u061c", "[U+0085][U+202E][U+2066][U+200E][U+061C]"},
		{"\ufeff\u200b\u2028\u2029\ufffe\U000e0041", "[U+FEFF][U+200B][U+2028][U+2029][U+FFFE][U+E0041]"},
		{"bad \xff\xc3 utf-8", "bad \ufffd\ufffd utf-8"},
		{"می\u200cخواهم 👩\u200d💻 na\u00adme", "می\u200cخواهم 👩\u200d💻 na\u00adme"}, // joiners and soft hyphens belong to words
		{"真\ufffd", "真\ufffd"},
	} {
		if got := visible(c.in); got != c.want {
			t.Errorf("visible(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if got, want := label(strings.Repeat("é", 200)+"\n"), strings.Repeat("é", 160)+"…"; got != want {
		t.Errorf("label = %q", got)
	}
}
