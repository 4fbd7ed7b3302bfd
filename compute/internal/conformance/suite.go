package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// Options of [Kernels].
type Options struct {
	// Twin is a set whose results must be equal to the bit; nil: none.
	Twin kernel.Set
	// Inexact says that the set's matrix products are near the exact ones only:
	// it is neither compared with Twin nor with itself in pieces.
	Inexact bool
	// Only is the families to run, by the names of package kernel's interfaces;
	// empty: all.
	Only []string
}

// Kernels tests the set s.
func Kernels(t *testing.T, name string, s kernel.Set, o Options) {
	families := []struct {
		name string
		test func(x *suite)
	}{
		{"Products", products}, {"Elementwise", elementwise}, {"Reductions", reductions}, {"Normalisers", normalisers},
		{"Attention", attention}, {"Losses", losses}, {"Training", training}, {"Sampling", sampling},
	}
	t.Run(name, func(t *testing.T) {
		for _, f := range families {
			if len(o.Only) > 0 && !slices.Contains(o.Only, f.name) {
				continue
			}
			t.Run(f.name, func(t *testing.T) { f.test(&suite{T: t, set: s, Options: o}) })
		}
	})
}

// suite is a family's test.
type suite struct {
	*testing.T
	Options
	set kernel.Set
}

// op is the test of one method.
type op struct {
	*testing.T
	*rand.Rand
	suite  *suite
	faults int
}

// example is a call with what is expected of it.
type example struct {
	name string
	run  func(c *call)
	// want has a judge an output; nil: any result, if it is the same in all
	// variants and sets.
	want []Judge
	// fast results may depend on the variant and the set.
	fast bool
	// inPlace runs that variant as well.
	inPlace bool
}

// method runs the test of a method with its own random numbers.
func (s *suite) method(name string, test func(o *op)) {
	s.Run(name, func(t *testing.T) {
		test(&op{T: t, Rand: Rand(t, name), suite: s})
	})
}

// short picks the number of random repetitions.
func (o *op) short(short, long int) int {
	if testing.Short() {
		return short
	}
	return long
}

// check runs the example in all variants and on the twin.
func (o *op) check(e example) {
	if o.faults >= 5 {
		return // enough to see
	}
	o.Helper()
	if err := o.compare(e); err != nil {
		o.faults++
		o.Errorf("%s: %v", e.name, err)
	}
}

func (o *op) compare(e example) error {
	first, err := o.observe(o.suite.set, variant{name: "plain"}, e)
	if err != nil {
		return err
	}
	if err := o.judge(e, first); err != nil {
		return err
	}
	for _, v := range o.variants(e) {
		again, err := o.observe(o.suite.set, v, e)
		if err == nil && e.fast {
			err = o.judge(e, again)
		} else if err == nil {
			err = sameOutputs(again, first)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	if twin := o.suite.Twin; twin != nil && !e.fast {
		theirs, err := o.observe(twin, variant{name: "plain"}, e)
		if err != nil {
			return fmt.Errorf("%s, to which this is compared: %w", twin.Name(), err)
		}
		if err := sameOutputs(first, theirs); err != nil {
			return fmt.Errorf("compared with %s: %w", twin.Name(), err)
		}
	}
	return nil
}

func (o *op) variants(e example) []variant {
	v := []variant{{name: "in pieces", pieces: true}}
	if havePages {
		v = append(v, variant{name: "at the end of a page", placement: pageEnd},
			variant{name: "at the start of a page", placement: pageStart, pieces: true})
	}
	if e.inPlace {
		v = append(v, variant{name: "in place", inPlace: true})
	}
	return v
}

func (o *op) observe(s kernel.Set, v variant, e example) ([]any, error) {
	c := &call{Set: s, variant: v, r: o.Rand}
	return c.observe(e.name, e.run)
}

func (o *op) judge(e example, outputs []any) error {
	for i, want := range e.want {
		if want == nil {
			continue
		}
		if err := want(outputs[i]); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

func sameOutputs(got, want []any) error {
	for i := range want {
		if err := SameBits(got[i], want[i]); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}
