package nn

import (
	"fmt"
	"sort"

	"github.com/chimera-1/chimera/compute"
)

// A Plan is the memory, in bytes, that something will take, computed before any
// of it is allocated.
type Plan struct {
	Weights     int64 // of the model, with the gradients
	Packed      int64 // the copy laid out for products
	Cache       int64 // keys and values
	Activations int64 // results of one step
	Workspace   int64 // of operations
	Optimizer   int64 // moments

	batch int
	what  string
	again func(batch int) Plan // the plan with another batch
}

// Total is the sum.
func (p Plan) Total() int64 {
	return p.Weights + p.Packed + p.Cache + p.Activations + p.Workspace + p.Optimizer
}

// A FitError says that a plan needs more memory than there is.
type FitError struct {
	Plan  Plan
	Limit int64 // bytes there are
	Batch int   // the greatest batch that fits, 0 if none does
}

func (e *FitError) Error() string {
	s := fmt.Sprintf("%s takes %s, %s more than the %s there are", e.Plan.what, size(e.Plan.Total()), size(e.Plan.Total()-e.Limit), size(e.Limit))
	if e.Batch == 0 {
		return s + "; no batch would fit"
	}
	return fmt.Sprintf("%s; a batch of %d would fit", s, e.Batch)
}

// Unwrap is compute.ErrOutOfMemory.
func (e *FitError) Unwrap() error { return compute.ErrOutOfMemory }

// Fits is nil if the plan takes no more than limit bytes, else a [FitError].
func (p Plan) Fits(limit int64) error {
	if p.Total() <= limit {
		return nil
	}
	e := &FitError{Plan: p, Limit: limit}
	if p.again != nil {
		e.Batch = sort.Search(p.batch, func(i int) bool { return p.again(i+1).Total() > limit })
	}
	return e
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
