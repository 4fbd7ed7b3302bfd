// Command losscurve compares the losses of two trainings of the same weights on
// the same data, and draws them into one picture:
//
//	losscurve -svg loss.svg -doc page.md compute=ours.jsonl PyTorch=theirs.jsonl
//
// A file has a line of JSON for each step, {"step", "loss"}. It fails if a loss of
// the first 20 steps differs by more than 1e-4. With -doc it puts the figures
// between the page's lines <!-- begin losscurve --> and <!-- end losscurve -->.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// The demand: losses of the first steps may differ by so much.
const (
	firstSteps = 20
	tolerance  = 1e-4
)

func main() {
	svg := flag.String("svg", "", "write the picture here")
	doc := flag.String("doc", "", "put the figures into this page")
	flag.Parse()
	if err := run(*svg, *doc, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "losscurve:", err)
		os.Exit(1)
	}
}

// A curve is the losses of one training.
type curve struct {
	name   string
	losses []float64
}

func run(svg, doc string, args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("two arguments NAME=FILE are needed")
	}
	var curves [2]curve
	for i, arg := range args {
		name, path, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=FILE", arg)
		}
		losses, err := read(path)
		if err != nil {
			return err
		}
		curves[i] = curve{name, losses}
	}
	c, err := compare(curves[0], curves[1])
	if err != nil {
		return err
	}
	if svg != "" {
		if err := os.WriteFile(svg, draw(c), 0o640); err != nil {
			return err
		}
	}
	fmt.Fprint(out, c.table())
	if doc != "" {
		if err := insert(doc, c.table()); err != nil {
			return err
		}
	}
	return c.judge()
}

// read reads the losses of a file, whose steps must count up from 0.
func read(path string) ([]float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var losses []float64
	lines := json.NewDecoder(bytes.NewReader(b))
	for {
		var line struct {
			Step int
			Loss float64
		}
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return losses, nil
		case err != nil:
			return nil, fmt.Errorf("%s: line %d: %w", path, len(losses)+1, err)
		case line.Step != len(losses):
			return nil, fmt.Errorf("%s: line %d is of step %d", path, len(losses)+1, line.Step)
		}
		losses = append(losses, line.Loss)
	}
}

// A comparison is two curves of equal length and their differences.
type comparison struct {
	a, b        curve
	differences []float64
}

func compare(a, b curve) (comparison, error) {
	c := comparison{a: a, b: b}
	if len(a.losses) != len(b.losses) || len(a.losses) < firstSteps {
		return c, fmt.Errorf("%d and %d steps: the same number, at least %d, is needed", len(a.losses), len(b.losses), firstSteps)
	}
	for i, loss := range a.losses {
		c.differences = append(c.differences, math.Abs(loss-b.losses[i]))
	}
	return c, nil
}

// greatest is the greatest of numbers, NaN if one is.
func greatest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = math.Max(m, v)
	}
	return m
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func (c comparison) judge() error {
	if d := greatest(c.differences[:firstSteps]); !(d <= tolerance) {
		return fmt.Errorf("a loss of the first %d steps differs by %.2g, more than %g", firstSteps, d, float64(tolerance))
	}
	return nil
}

// table is the figures in Markdown.
func (c comparison) table() string {
	n := len(c.a.losses)
	last := max(n-50, 0)
	var t strings.Builder
	fmt.Fprintf(&t, "| loss | %s | %s | greatest difference |\n|---|---|---|---|\n", c.a.name, c.b.name)
	row := func(what string, from, to int) {
		fmt.Fprintf(&t, "| %s | %.4f | %.4f | %.1e |\n", what, mean(c.a.losses[from:to]), mean(c.b.losses[from:to]), greatest(c.differences[from:to]))
	}
	row("step 0", 0, 1)
	row(fmt.Sprintf("mean of steps 0 to %d", firstSteps-1), 0, firstSteps)
	row(fmt.Sprintf("mean of all %d steps", n), 0, n)
	row(fmt.Sprintf("mean of the last %d", n-last), last, n)
	return t.String()
}

// insert puts a text between the marks of a page.
func insert(path, text string) error {
	const begin, end = "<!-- begin losscurve -->\n", "<!-- end losscurve -->"
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q", path, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o640)
}
