package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// variant is one way to make the same call.
type variant struct {
	name      string
	placement placement
	pieces    bool // in several calls
	inPlace   bool // the destination is an operand
}

// call is the surroundings of one run of an example: the set it runs on and the
// buffers it lends. Its outputs are those made by write and change, in order.
type call struct {
	kernel.Set
	variant
	r       *rand.Rand
	buffers []*buffer
	free    []func()
}

// span is a range of rows, panels, columns or elements.
type span struct{ from, to int }

// read lends an input.
func read[T element](c *call, x []T) []T { return lend(c, input, x, 1, len(x), len(x)) }

// readOrNil lends an input that may be left out.
func readOrNil[T element](c *call, x []T) []T {
	if x == nil {
		return nil
	}
	return read(c, x)
}

// write lends an output of n elements.
func write[T element](c *call, n int) []T { return lend[T](c, output, nil, 1, n, n) }

// change lends an output that holds x beforehand.
func change[T element](c *call, x []T) []T { return lend(c, update, x, 1, len(x), len(x)) }

// scratch lends n numbers to do anything with.
func scratch(c *call, n int) []float32 { return lend[float32](c, work, nil, 1, n, n) }

// over lends operands of one length and a destination, which is one of them in
// the variant in place.
func over(c *call, operands ...[]float32) (dst []float32, lent [][]float32) {
	which := -1
	if c.inPlace {
		which = c.r.IntN(len(operands))
	}
	for i, x := range operands {
		if i == which {
			dst = change(c, x)
			lent = append(lent, dst)
		} else {
			lent = append(lent, read(c, x))
		}
	}
	if dst == nil {
		dst = write[float32](c, len(operands[0]))
	}
	return dst, lent
}

// spans covers n things: at once, or in pieces whose borders are multiples of
// unit.
func (c *call) spans(n, unit int) []span {
	if !c.pieces || n == 0 {
		return []span{{0, n}}
	}
	var s []span
	for at := 0; at < n; {
		size := unit * (1 + c.r.IntN(1+n/unit/2))
		s = append(s, span{at, min(at+size, n)})
		at += size
	}
	return s
}

// observe runs the example and returns copies of its outputs.
func (c *call) observe(name string, run func(c *call)) (outputs []any, err error) {
	if *traceFlag {
		fmt.Fprintf(os.Stderr, "%s %s (%s)\n", c.Name(), name, c.name)
	}
	defer func() {
		for _, free := range c.free {
			free()
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	run(c)
	for i, b := range c.buffers {
		if err := b.check(); err != nil {
			return nil, fmt.Errorf("buffer %d: %w", i, err)
		}
		if b.role == output || b.role == update {
			outputs = append(outputs, b.dense())
		}
	}
	return outputs, nil
}
