package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file of n losses 4-step/100, the one of step odd off by d.
func write(t *testing.T, n, odd int, d float64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "losses")
	var b strings.Builder
	for i := range n {
		loss := 4 - float64(i)/100
		if i == odd {
			loss += d
		}
		fmt.Fprintf(&b, "{\"step\": %d, \"loss\": %.9f, \"lr\": 1}\n", i, loss)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	svg, doc := filepath.Join(dir, "a.svg"), filepath.Join(dir, "page.md")
	page := "before\n<!-- begin losscurve -->\nold\n<!-- end losscurve -->\nafter\n"
	if err := os.WriteFile(doc, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"a=" + write(t, 30, 25, 0.5), "b=" + write(t, 30, 3, 5e-5)}
	if err := run(svg, doc, args, io.Discard); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(doc)
	want := `before
<!-- begin losscurve -->
| loss | a | b | greatest difference |
|---|---|---|---|
| step 0 | 4.0000 | 4.0000 | 0.0e+00 |
| mean of steps 0 to 19 | 3.9050 | 3.9050 | 5.0e-05 |
| mean of all 30 steps | 3.8717 | 3.8550 | 5.0e-01 |
| mean of the last 30 | 3.8717 | 3.8550 | 5.0e-01 |
<!-- end losscurve -->
after
`
	if err != nil || string(got) != want {
		t.Errorf("page\n%s\nwant\n%s", got, want)
	}
	picture, err := os.ReadFile(svg)
	if err != nil || len(picture) > 100_000 {
		t.Errorf("%d bytes, %v", len(picture), err)
	}
	tokens := xml.NewDecoder(strings.NewReader(string(picture)))
	for err == nil {
		_, err = tokens.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the picture is no XML: %v", err)
	}
}

func TestDifferencesFail(t *testing.T) {
	good := write(t, 30, -1, 0)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"differs by 0.00011", []string{"a=" + good, "b=" + write(t, 30, 19, 1.1e-4)}},
		{"30 and 29 steps", []string{"a=" + good, "b=" + write(t, 29, -1, 0)}},
		{"19 and 19 steps", []string{"a=" + write(t, 19, -1, 0), "b=" + write(t, 19, -1, 0)}},
		{"not NAME=FILE", []string{good, "b=" + good}},
		{"two arguments", []string{"a=" + good}},
		{"no such file", []string{"a=none", "b=" + good}},
	} {
		if err := run("", "", c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.args, err, c.want)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad")
	for content, want := range map[string]string{
		"{\"step\":0,\"loss\":1}\n{\"step\":2,\"loss\":1}\n": "line 2 is of step 2",
		"{\"step\":0,\"loss\":NaN}\n":                        "line 1",
	} {
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run("", "", []string{"a=" + bad, "b=" + good}, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", content, err)
		}
	}
	if err := run("", good, []string{"a=" + good, "b=" + good}, io.Discard); err == nil {
		t.Error("a page without marks is taken")
	}
}
