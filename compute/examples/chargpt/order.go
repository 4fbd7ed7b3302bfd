package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
)

// An order says which parts of the text the sequences of each step are. A step's
// depend on the seed and the step alone, so that a run that goes on from a
// checkpoint needs to remember nothing.
type order struct {
	seed           uint64
	batch, context int
	tokens         []byte
}

// starts are the places where the sequences of a step begin.
func (o order) starts(step int) []int {
	r := rand.New(rand.NewPCG(o.seed, uint64(step)))
	s := make([]int, o.batch)
	for i := range s {
		s[i] = r.IntN(len(o.tokens) - o.context)
	}
	return s
}

// fill writes the sequences of a step, one after another, and the tokens that
// follow each of theirs.
func (o order) fill(tokens, targets []int32, step int) {
	at := 0
	for _, start := range o.starts(step) {
		for i := range o.context {
			tokens[at], targets[at] = int32(o.tokens[start+i]), int32(o.tokens[start+i+1])
			at++
		}
	}
}

// write writes the places of all steps, a line a step.
func (o order) write(path string, steps int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for step := range steps {
		for i, start := range o.starts(step) {
			if i > 0 {
				_ = w.WriteByte(' ') // Flush tells
			}
			fmt.Fprint(w, start)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
