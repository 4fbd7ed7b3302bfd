package pipelines

import (
	"context"
	"errors"
	"fmt"
)

// Nightly is every job of the configuration, in order. Each job is idempotent
// for a date, so a night that was killed is run again as it stands.
type Nightly struct {
	Jobs []Curate // in order; each takes from its globs only what ops.inputs does not list yet
}

// Run does the jobs in order and stops at the first that fails. Rejects above
// the limit stop the night too: later jobs would build on what is missing.
func (n Nightly) Run(ctx context.Context) ([]Summary, error) {
	var out []Summary
	for i, job := range n.Jobs {
		job.OnlyNew = !job.Redecide
		s, err := job.Run(ctx)
		var rejects *RejectsError
		if err == nil || errors.As(err, &rejects) {
			out = append(out, s)
		}
		if err != nil {
			return out, fmt.Errorf("job %d (%s): %w", i+1, job.job(), err)
		}
	}
	return out, nil
}

// Validate returns the faults of every job.
func (n Nightly) Validate() error {
	var errs []error
	if len(n.Jobs) == 0 {
		errs = append(errs, errors.New("nightly: no jobs"))
	}
	for i, job := range n.Jobs {
		if err := job.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("job %d (%s): %w", i+1, job.job(), err))
		}
	}
	return errors.Join(errs...)
}
