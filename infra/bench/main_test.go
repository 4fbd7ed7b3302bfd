package main

import (
	"strings"
	"testing"
)

func TestReplaceSection(t *testing.T) {
	doc := "# head\n<!-- begin a -->\nold\n<!-- end a -->\nmiddle\n<!-- begin b -->\n<!-- end b -->\n"
	got, err := replaceSection(doc, "a", "new\nlines\n")
	want := "# head\n<!-- begin a -->\nnew\nlines\n<!-- end a -->\nmiddle\n<!-- begin b -->\n<!-- end b -->\n"
	if err != nil || got != want {
		t.Errorf("have %q, %v; want %q", got, err, want)
	}
	for _, name := range []string{"c", ""} {
		if _, err := replaceSection(doc, name, "x"); err == nil {
			t.Errorf("section %q, which is not there, was replaced", name)
		}
	}
}

func TestMedian(t *testing.T) {
	if m := median([]float64{9, 1, 5}); m != 5 {
		t.Errorf("median of 9, 1, 5: %v", m)
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	table(&b, []result{{Name: "text/x", Value: 50, Spread: 0.2, Bound: "memory read", BoundValue: 200, Ratio: 0.25, SIMD: "avx2"}})
	if want := "| `text/x` | 50 | ±10 % | memory read | 200 | 0.250 |\n"; !strings.Contains(b.String(), want) {
		t.Errorf("have %q, want a line %q", b.String(), want)
	}
}
