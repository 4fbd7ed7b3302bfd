package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/pipelines"
)

func (a *app) curate() *cobra.Command {
	var j jobFlags
	var redecide bool
	cmd := &cobra.Command{
		Use:     "curate",
		GroupID: groupJobs,
		Short:   "Curate text into a new generation of training data",
		Long: `Curate reads raw text, measures and filters it, finds duplicates of everything
the lake has ever seen, and publishes a new generation.

The same inputs with the same options on the same date are the same run: what is
published is not done again, what was interrupted goes on where it was.

` + beamHelp,
		Example: `  chimera curate --input 'raw/forum/*.jsonl.zst' --source forum
  zcat posts.jsonl.gz | chimera curate --input - --source forum
  chimera curate --input raw --profile technical --dry-run
  chimera curate --redecide --set curate.thresholds.gopher_quality.min_doc_words=30`,
		Args:        cobra.NoArgs,
		Annotations: jobExits(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runCurate(cmd, &j, redecide)
		},
	}
	j.add(a, cmd)
	cmd.Flags().BoolVar(&redecide, "redecide", false, "apply the thresholds to stored signals instead of reading inputs")
	return cmd
}

func (a *app) runCurate(cmd *cobra.Command, j *jobFlags, redecide bool) error {
	if redecide && len(j.globs) > 0 {
		return usagef("--redecide: reads the lake, not --input")
	}
	if err := j.layer(a, cmd); err != nil {
		return err
	}
	l, err := a.load()
	if err != nil {
		return err
	}
	c, err := j.job(a, l)
	if err != nil {
		return err
	}
	c.Redecide = redecide
	if err := c.Validate(); err != nil {
		return usageError{err}
	}
	if j.dryRun {
		p, err := c.Plan(cmd.Context())
		if err != nil {
			return err
		}
		return a.plans([]pipelines.Plan{p})
	}
	s, err := withProgress(cmd.Context(), a, l, func(ctx context.Context, show func(pipelines.Progress)) (pipelines.Summary, error) {
		c.Progress = show
		return c.Run(ctx)
	})
	return a.finish(s, err, s)
}
