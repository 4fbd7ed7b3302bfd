package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// peers is where the programs are that run PyTorch and OpenBLAS.
const peers = "infra/bench/torch"

// measured is a line of a contender: of chimera bench --json, or of a peer.
type measured struct {
	result
	Peer    string             `json:"peer"`
	Variant string             `json:"variant"`
	Others  map[string]float64 `json:"others"`
}

// contest measures groups of cases with every contender in turn, round by round,
// so that all of them see the machine in the same moods.
type contest struct {
	*driver
	python string
	groups []group
	won    map[string]string         // the fastest variant of a peer's case, by its command
	found  map[string][]measured     // by contender, case and cores
	kinds  map[string]map[string]int // of each contender: what it called itself
}

// group is cases that one process measures, and their contenders' arguments.
type group struct {
	cases []string
	torch []string // program and arguments
	alone bool     // Go alone, without assembly, is fast enough to wait for
	blas  bool
}

// plain is how the names of products end whose right operand is packed anew each
// time. Peers know no other.
const plain = "_plain"

func groups() []group {
	return []group{
		{cases: []string{"compute/sgemm_512", "compute/sgemm_1024", "compute/sgemm_64x512x512",
			"compute/sgemm_512" + plain, "compute/sgemm_1024" + plain, "compute/sgemm_64x512x512" + plain}, torch: []string{"sgemm.py", "--peer", "torch"}, alone: true, blas: true},
		{cases: []string{"compute/gpt_decode"}, torch: []string{"gpt.py", "--case", "decode"}},
		{cases: []string{"compute/gpt_decode_bf16"}, torch: []string{"gpt.py", "--case", "decode_bf16"}},
		{cases: []string{"compute/gpt_train"}, torch: []string{"gpt.py", "--case", "train"}},
	}
}

// The contenders, as the tables name them.
const (
	ours     = "chimera"
	noCgo    = "no cgo"
	plainGo  = "Go alone"
	openBLAS = "OpenBLAS"
	pyTorch  = "PyTorch"
)

// compute is products and a GPT beside OpenBLAS and PyTorch.
func (d *driver) compute(ctx context.Context) (string, error) {
	chosen := slices.DeleteFunc(groups(), func(g group) bool { return !strings.Contains(strings.Join(g.cases, " "), d.only) })
	c := &contest{driver: d, groups: chosen, won: map[string]string{}, found: map[string][]measured{}, kinds: map[string]map[string]int{}}
	if err := c.setup(ctx); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, cores := range []int{1, 2} {
		for round := range d.rounds {
			for _, g := range c.groups {
				fmt.Fprintf(os.Stderr, "%d cores, round %d of %d: %s\n", cores, round+1, d.rounds, strings.Join(g.cases, " "))
				if err := c.turn(ctx, g, cores); err != nil {
					return "", err
				}
			}
		}
		c.table(&b, cores)
	}
	c.notes(&b)
	return b.String(), nil
}

// setup builds the binary without cgo and installs PyTorch.
func (c *contest) setup(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", c.noCgo(), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	install := exec.CommandContext(ctx, filepath.Join(peers, "setup.sh"))
	install.Stderr = os.Stderr
	out, err := install.Output()
	c.python = strings.TrimSpace(string(out))
	return err
}

func (c *contest) noCgo() string { return c.chimera + "-nocgo" }

// turn measures a group once with each contender.
func (c *contest) turn(ctx context.Context, g group, cores int) error {
	bench := []string{"bench", "compute", "--json", "--quiet", "--repeat", "1", "--seconds", fmt.Sprint(c.seconds), "--cores", fmt.Sprint(cores)}
	for _, name := range g.cases {
		bench = append(bench, "--case", name)
	}
	threads := []string{"--threads", fmt.Sprint(cores), "--repeat", "1", "--seconds", fmt.Sprint(c.seconds)}
	if err := c.run(ctx, ours, c.chimera, bench...); err != nil {
		return err
	}
	if err := c.run(ctx, noCgo, c.noCgo(), bench...); err != nil {
		return err
	}
	if g.alone {
		if err := c.run(ctx, plainGo, c.noCgo(), append(bench, "--device", "cpu/purego-fast")...); err != nil {
			return err
		}
	}
	if g.blas {
		if err := c.run(ctx, openBLAS, c.python, append([]string{filepath.Join(peers, "sgemm.py"), "--peer", "openblas"}, threads...)...); err != nil {
			return err
		}
	}
	return c.run(ctx, pyTorch, c.python, append(append([]string{filepath.Join(peers, g.torch[0])}, g.torch[1:]...), threads...)...)
}

// run runs one process and takes its results in. A peer that has told which of its
// variants of a single case is the fastest runs only that one from then on.
func (c *contest) run(ctx context.Context, contender, program string, args ...string) error {
	key := strings.Join(args, " ")
	if v := c.won[key]; v != "" {
		args = append(args, "--variant", v)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, errs.Bytes())
	}
	var lines []measured
	for dec := json.NewDecoder(&out); dec.More(); {
		var m measured
		if err := dec.Decode(&m); err != nil {
			return fmt.Errorf("%v: %w", cmd, err)
		}
		lines = append(lines, m)
	}
	for _, m := range lines {
		id := cell(contender, m.Name, m.Cores)
		c.found[id] = append(c.found[id], m)
		c.called(contender, m)
	}
	if len(lines) == 1 && len(lines[0].Others) > 0 {
		c.won[key] = lines[0].Variant
	}
	return nil
}

// cell names what a contender reached in a case.
func cell(contender, name string, cores int) string {
	return fmt.Sprintf("%s %s %d", contender, name, cores)
}

// called notes what a contender was, for the notes below the tables.
func (c *contest) called(contender string, m measured) {
	kind := "`" + m.SIMD + "`"
	if m.Peer != "" {
		kind = strings.TrimSpace(m.Peer + " " + m.Variant)
	}
	if c.kinds[contender] == nil {
		c.kinds[contender] = map[string]int{}
	}
	c.kinds[contender][kind]++
}
