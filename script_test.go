package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// status is a command of the scripts: status N COMMAND... runs the command and
// demands the exit status N. What it prints is compared as after exec.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(*exec.ExitError) //nolint:errorlint // Exec returns it bare
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// jsonLine is a command of the scripts: jsonline FILE N PATH VALUE demands that
// line N of the file is a JSON object in which the dotted path has the value, as
// JSON without blanks. N may be "only": then there is one line.
func jsonLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: jsonline FILE N|only PATH VALUE")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	n := 1
	if args[1] != "only" {
		var err error
		n, err = strconv.Atoi(args[1])
		ts.Check(err)
	} else if len(lines) != 1 {
		ts.Fatalf("%s has %d lines, want one", args[0], len(lines))
	}
	if n > len(lines) {
		ts.Fatalf("%s has %d lines", args[0], len(lines))
	}
	var v any
	d := json.NewDecoder(strings.NewReader(lines[n-1]))
	d.UseNumber()
	ts.Check(d.Decode(&v))
	for key := range strings.SplitSeq(args[2], ".") {
		m, ok := v.(map[string]any)
		if !ok {
			ts.Fatalf("%s: %s is no object", args[2], key)
		}
		if v, ok = m[key]; !ok {
			ts.Fatalf("%s: no %s in %s", args[2], key, lines[n-1])
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(v))
	if got := strings.TrimSpace(b.String()); got != args[3] {
		ts.Fatalf("%s is %s, want %s", args[2], got, args[3])
	}
}
