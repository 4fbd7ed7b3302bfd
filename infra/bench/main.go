// Command bench measures a built chimera from outside, as processes, and writes
// what it finds into the marked sections of docs/benchmarks.md.
//
//	go run ./infra/bench cases startup          # what make bench does
//	go run ./infra/bench -mb 1000,2000,4000 memory
//	go run ./infra/bench -nights 30 -mb 64 nights
//	go run ./infra/bench -doc docs/compute-benchmarks.md compute
//
// CPU time and memory are what the kernel booked for the finished process. CPU
// time is the measure wherever rates of text are given: a busy host does not show
// in it. Those of compute are by the clock.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// driver is one invocation.
type driver struct {
	chimera string
	doc     string
	dir     string
	mb      []int
	nights  int
	rounds  int
	only    string
	seconds float64
	input   string
}

// sections are what can be measured.
var sections = map[string]func(*driver, context.Context) (string, error){
	"cases":   (*driver).cases,
	"real":    (*driver).real,
	"startup": (*driver).startup,
	"memory":  (*driver).memory,
	"nights":  (*driver).manyNights,
	"compute": (*driver).compute,
}

func main() {
	d := &driver{}
	var mb string
	flag.StringVar(&d.chimera, "chimera", "bin/chimera", "binary to measure")
	flag.StringVar(&d.doc, "doc", "docs/benchmarks.md", "file whose sections are replaced; - prints them")
	flag.StringVar(&d.dir, "dir", os.TempDir(), "folder for corpora and lakes, which are removed again")
	flag.StringVar(&mb, "mb", "", "10^6 bytes of text: of each run of memory (default 1000,2000,4000), of a night of nights (default 64)")
	flag.IntVar(&d.nights, "nights", 30, "nights of the section nights")
	flag.IntVar(&d.rounds, "rounds", 3, "rounds of the section compute")
	flag.StringVar(&d.only, "only", "", "of the section compute: cases with this in their names, as in sgemm")
	flag.Float64Var(&d.seconds, "seconds", 1, "seconds a case and repeat")
	flag.StringVar(&d.input, "input", "", "texts of the section real")
	flag.Parse()
	for _, s := range strings.FieldsFunc(mb, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			fail(fmt.Errorf("-mb: %q is no number of megabytes", s))
		}
		d.mb = append(d.mb, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if flag.NArg() == 0 {
		fail(fmt.Errorf("name the sections to measure: cases, real, startup, memory, nights, compute"))
	}
	for _, name := range flag.Args() {
		if err := d.section(ctx, name); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// section measures one section and writes it.
func (d *driver) section(ctx context.Context, name string) error {
	f := sections[name]
	if f == nil {
		return fmt.Errorf("no such section")
	}
	body, err := f(d, ctx)
	if err != nil {
		return err
	}
	body += fmt.Sprintf("\nMeasured %s on %s.\n", time.Now().UTC().Format(time.DateOnly), machine())
	if d.doc == "-" {
		_, err := fmt.Print(body)
		return err
	}
	old, err := os.ReadFile(d.doc)
	if err != nil {
		return err
	}
	text, err := replaceSection(string(old), name, body)
	if err != nil {
		return fmt.Errorf("%s: %w", d.doc, err)
	}
	return os.WriteFile(d.doc, []byte(text), 0o640)
}

// replaceSection puts body between the marks of a section.
func replaceSection(doc, name, body string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	head, rest, ok := strings.Cut(doc, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no lines %q and %q", strings.TrimSpace(begin), end)
	}
	return head + begin + body + end + tail, nil
}
