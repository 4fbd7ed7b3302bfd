package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct {
		s    State
		want string
	}{
		{State{Stage: "signals", Done: 120e6, Total: 480e6, Bytes: true, Rows: 1234}, "signals: 25 %, 120.0 of 480.0 MB, 24.0 MB/s, 1234 rows, 15s left"},
		{State{Stage: "match", Done: 3, Total: 4}, "match: 75 %, 3 of 4 tasks, 2s left"},
		{State{Stage: "match", Done: 4, Total: 4}, "match: 100 %, 4 of 4 tasks"},
		{State{Stage: "pack"}, "pack: 0 %, 0 of 0 tasks"},
	} {
		if got := tt.s.line(5 * time.Second); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.s, got, tt.want)
		}
	}
}

// TestPlain: off a terminal a stage tells nothing before the interval is over,
// then one line an interval.
func TestPlain(t *testing.T) {
	var out bytes.Buffer
	r := New(&out, false)
	now := time.Unix(0, 0)
	r.now = func() time.Time { return now }
	for i := range 101 {
		r.Update(State{Stage: "hash", Done: float64(i), Total: 100})
		now = now.Add(120 * time.Millisecond)
	}
	r.Close()
	want := "hash: 42 %, 42 of 100 tasks, 7s left\nhash: 84 %, 84 of 100 tasks, 2s left\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestTerminal: a log line between two drawings stands on a line of its own, and
// nothing of the live line stays behind.
func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	r := New(&out, true)
	r.Update(State{Stage: "hash", Done: 0, Total: 10})
	r.Update(State{Stage: "hash", Done: 5, Total: 10})
	if _, err := r.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	r.Close()
	screen := screenOf(out.String())
	if len(screen) != 2 || screen[0] != "a log line" || screen[1] != "" {
		t.Errorf("the screen shows %q", screen)
	}
}

// screenOf is what a terminal shows of s: a carriage return goes back to the
// start of the line, what follows overwrites it.
func screenOf(s string) []string {
	s = strings.ReplaceAll(s, "\x1b[2K", "\r"+strings.Repeat(" ", 200)+"\r")
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		var cells []rune
		at := 0
		for _, c := range line {
			if c == '\r' {
				at = 0
				continue
			}
			if at < len(cells) {
				cells[at] = c
			} else {
				cells = append(cells, c)
			}
			at++
		}
		lines = append(lines, strings.TrimRight(string(cells), " "))
	}
	return lines
}
