package backendtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
)

// example is calls of operations with what is expected of them.
type example struct {
	op   string // its method
	name string
	run  func(e *env)
	want []conformance.Judge // one an output; nil: any, if it is the same everywhere
	// inPlace: the result may be the operand.
	inPlace bool
	// fast: for devices opened with compute.Fast alone.
	fast bool
	// host: the bits are the same on CPU devices only.
	host bool
}

// Suite is examples, and the results of the first exact device that ran them.
type Suite struct {
	examples []example
	first    string
	outputs  map[int][]any
}

// New makes a suite with fresh inputs. rel is the relative error that is allowed:
// 1e-6, or more for fast devices.
func New(t testing.TB, rel float64) *Suite {
	b := &builder{Rand: conformance.Rand(t, "backend"), rel: rel}
	for _, family := range []func(*builder){moves, products, elementwise, reductions, normalisers, attention, losses, training, statistics} {
		family(b)
	}
	return &Suite{examples: b.examples, outputs: map[int][]any{}}
}

// builder makes examples.
type builder struct {
	*rand.Rand
	rel      float64
	examples []example
}

func (b *builder) add(x example) { b.examples = append(b.examples, x) }

// near is a judge with the suite's tolerance.
func (b *builder) near(want []float64, scale float64) conformance.Judge {
	return conformance.Near(want, b.rel, scale)
}

// Run runs all examples on the device.
func (s *Suite) Run(t *testing.T, d *compute.Device) {
	if s.first == "" && d.Mode() == compute.Exact {
		s.first = describe(d)
	}
	byOp := map[string][]int{}
	var ops []string
	for i, x := range s.examples {
		if byOp[x.op] == nil {
			ops = append(ops, x.op)
		}
		byOp[x.op] = append(byOp[x.op], i)
	}
	for _, op := range ops {
		t.Run(op, func(t *testing.T) {
			faults := 0
			for _, i := range byOp[op] {
				if err := s.check(d, i); err != nil {
					t.Errorf("%s: %v", s.examples[i].name, err)
					if faults++; faults == 5 {
						break // enough to see
					}
				}
			}
			if n := d.Usage().Tensors; n != 0 {
				t.Errorf("%d tensors are left open", n)
			}
		})
	}
}

func describe(d *compute.Device) string { return fmt.Sprintf("%s, %d threads", d.Name(), d.Threads()) }

func (s *Suite) check(d *compute.Device, i int) error {
	x := s.examples[i]
	if x.fast && d.Mode() != compute.Fast {
		return nil
	}
	plain, err := s.observe(d, x, env{})
	if err != nil {
		return err
	}
	for j, want := range x.want {
		if want == nil {
			continue
		}
		if err := want(plain[j]); err != nil {
			return fmt.Errorf("result %d: %w", j, err)
		}
	}
	if d.Mode() != compute.Exact {
		return nil
	}
	pieces, err := s.observe(d, x, env{pieces: true})
	if err := same(pieces, plain, err); err != nil {
		return fmt.Errorf("in pieces: %w", err)
	}
	if x.inPlace {
		inPlace, err := s.observe(d, x, env{inPlace: true})
		if err := same(inPlace, plain, err); err != nil {
			return fmt.Errorf("in place: %w", err)
		}
	}
	if x.host && !strings.HasPrefix(d.Name(), "cpu") {
		return nil
	}
	if first, ok := s.outputs[i]; ok {
		if err := same(plain, first, nil); err != nil {
			return fmt.Errorf("compared with %s: %w", s.first, err)
		}
		return nil
	}
	s.outputs[i] = plain
	return nil
}

func (s *Suite) observe(d *compute.Device, x example, e env) ([]any, error) {
	h := fnv.New64a()
	h.Write([]byte(x.name)) // a hash never fails
	e.Backend, e.dev, e.r = d.Backend(context.Background()), d, rand.New(rand.NewPCG(h.Sum64(), uint64(d.Threads())))
	return e.observe(x)
}

func same(got, want []any, err error) error {
	if err != nil {
		return err
	}
	for i := range want {
		if err := conformance.SameBits(got[i], want[i]); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}
