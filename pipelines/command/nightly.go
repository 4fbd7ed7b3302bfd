package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/pipelines"
)

func (a *app) nightly() *cobra.Command {
	var j jobFlags
	cmd := &cobra.Command{
		Use:     "nightly",
		GroupID: groupJobs,
		Short:   "Run every job of the configuration, in order",
		Long: `Nightly runs the jobs that the configuration lists (nightly.jobs), in order.
From its inputs it takes what it has not read yet: new files and changed ones.

It is made for cron: run twice it does nothing the second time, killed and run
again it goes on where it was.

` + beamHelp,
		Example: `  chimera nightly --config chimera.yaml
  chimera nightly --config chimera.yaml --date 2026-11-20 --json
  chimera nightly --lake lake --input raw`,
		Args:        cobra.NoArgs,
		Annotations: jobExits(),
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.runNightly(cmd, &j) },
	}
	j.add(a, cmd)
	return cmd
}

// nightSummary is the summary of the night's last job that did something, and
// those of all its jobs.
type nightSummary struct {
	pipelines.Summary
	Jobs []pipelines.Summary `json:"jobs"`
}

func (a *app) runNightly(cmd *cobra.Command, j *jobFlags) error {
	if err := j.layer(a, cmd); err != nil {
		return err
	}
	l, err := a.load()
	if err != nil {
		return err
	}
	base, err := j.job(a, l)
	if err != nil {
		return err
	}
	var n pipelines.Nightly
	for _, name := range l.Nightly.Jobs {
		job := base
		job.Redecide = name == "redecide"
		job.OnlyNew = !job.Redecide
		n.Jobs = append(n.Jobs, job)
	}
	if err := n.Validate(); err != nil {
		return usageError{err}
	}
	if j.dryRun {
		return a.planNight(cmd.Context(), n)
	}
	done, err := withProgress(cmd.Context(), a, l, func(ctx context.Context, show func(pipelines.Progress)) ([]pipelines.Summary, error) {
		for i := range n.Jobs {
			n.Jobs[i].Progress = show
		}
		return n.Run(ctx)
	})
	out := nightSummary{Jobs: done}
	for _, s := range done {
		if out.Job == "" || s.Status != "nothing" {
			out.Summary = s
		}
	}
	out.Job = "nightly"
	return a.finish(out.Summary, err, out)
}

func (a *app) planNight(ctx context.Context, n pipelines.Nightly) error {
	plans := make([]pipelines.Plan, len(n.Jobs))
	for i, job := range n.Jobs {
		var err error
		if plans[i], err = job.Plan(ctx); err != nil {
			return err
		}
	}
	return a.plans(plans)
}
