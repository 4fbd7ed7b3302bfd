package backendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
)

// env is the surroundings of one run of an example: a backend and the tensors it
// works on. Its outputs are those made by out, change and over, in order.
type env struct {
	compute.Backend
	dev     *compute.Device
	r       *rand.Rand
	pieces  bool
	inPlace bool
	lent    []lent
}

// lent is a tensor and, of an operand that must stay, its elements.
type lent struct {
	*compute.Tensor
	before any
	output bool
}

// span is a range of the first axis.
type span struct{ from, to int }

// spans covers n things: at once or in pieces.
func (e *env) spans(n int) []span {
	if !e.pieces || n == 0 {
		return []span{{0, n}}
	}
	var s []span
	for at := 0; at < n; {
		to := min(at+1+e.r.IntN(1+n/2), n)
		s = append(s, span{at, to})
		at = to
	}
	return s
}

// rows is that part of a tensor's first axis; nil of nil.
func (s span) rows(t *compute.Tensor) *compute.Tensor {
	if t == nil {
		return nil
	}
	return t.Rows(s.from, s.to)
}

// must panics: what fails here is reported with the example.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// in is an operand.
func (e *env) in(x any, shape ...int) *compute.Tensor {
	t := must(e.dev.From(x, shape...))
	e.lent = append(e.lent, lent{Tensor: t, before: x})
	return t
}

// maybe is an operand that may be left out.
func (e *env) maybe(x []float32, shape ...int) *compute.Tensor {
	if x == nil {
		return nil
	}
	return e.in(x, shape...)
}

// mask is an operand that may be left out.
func (e *env) mask(x []uint8, shape ...int) *compute.Tensor {
	if x == nil {
		return nil
	}
	return e.in(x, shape...)
}

// change is a result that holds x beforehand.
func (e *env) change(x any, shape ...int) *compute.Tensor {
	t := must(e.dev.From(x, shape...))
	e.lent = append(e.lent, lent{Tensor: t, output: true})
	return t
}

// out is a float32 result.
func (e *env) out(shape ...int) *compute.Tensor { return e.outOf(compute.F32, shape...) }

// outOf is a result, filled with NaN or numbers no operation gives.
func (e *env) outOf(d compute.DType, shape ...int) *compute.Tensor {
	t := must(e.dev.New(d, shape...))
	if err := t.CopyFrom(poisoned(d, t.Len())); err != nil {
		panic(err)
	}
	e.lent = append(e.lent, lent{Tensor: t, output: true})
	return t
}

// packed is an operand made by the device from w, k by n or with trans n by k.
func (e *env) packed(d compute.DType, w []float32, k, n int, trans bool) *compute.Tensor {
	p := must(e.dev.NewPacked(d, k, n))
	e.lent = append(e.lent, lent{Tensor: p})
	shape := []int{k, n}
	if trans {
		shape = []int{n, k}
	}
	e.Pack(p, e.in(w, shape...), trans)
	return p
}

// over is a result and its operand of equal shape, which are one tensor in place.
func (e *env) over(x []float32, shape ...int) (dst, operand *compute.Tensor) {
	if e.inPlace {
		t := e.change(x, shape...)
		return t, t
	}
	return e.out(shape...), e.in(x, shape...)
}

func poisoned(d compute.DType, n int) any {
	switch d {
	case compute.F64:
		return repeat(math.NaN(), n)
	case compute.BF16:
		return repeat(uint16(0xffa5), n)
	case compute.I32:
		return repeat(int32(math.MinInt32), n)
	case compute.U32:
		return repeat(uint32(0xffa5ffa5), n)
	case compute.U8:
		return repeat(uint8(0xa5), n)
	}
	return repeat(math.Float32frombits(0xffa5ffa5), n)
}

func repeat[T any](v T, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// Elements is a copy of a tensor's elements.
func Elements(t *compute.Tensor) (any, error) {
	x := poisoned(t.DType(), t.Len())
	return x, t.CopyTo(x)
}

// observe runs the example and returns its outputs; all tensors are closed.
func (e *env) observe(x example) (outputs []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		for _, l := range e.lent {
			l.Close()
		}
	}()
	x.run(e)
	if err := e.Wait(); err != nil {
		return nil, err
	}
	for i, l := range e.lent {
		if l.Packed() {
			continue
		}
		now, err := Elements(l.Tensor)
		if err != nil {
			return nil, err
		}
		if l.output {
			outputs = append(outputs, now)
		} else if err := conformance.SameBits(now, l.before); err != nil {
			return nil, fmt.Errorf("operand %d was written: %w", i, err)
		}
	}
	return outputs, nil
}
