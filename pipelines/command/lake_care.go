package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/pipelines/progress"
)

func (a *app) lakeVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Read every committed file again and hold it against its checksum",
		Long: `Verify names every committed file that is damaged or missing. Orphans, which no
snapshot names, are listed too and are no fault: see chimera lake sweep.`,
		Example:     "  chimera lake verify --lake lake\n  chimera lake verify --lake lake --json | jq '.damaged[].path'",
		Args:        cobra.NoArgs,
		Annotations: exits("1    a committed file is damaged or missing, or the lake cannot be read", exitsInterrupted),
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		report, err := a.verify(ctx, l)
		if err != nil {
			return err
		}
		if a.json {
			// Scripts take the length of these: an empty list, not null.
			report.Damaged, report.Missing = append([]lake.Damage{}, report.Damaged...), append([]lake.Damage{}, report.Missing...)
			report.Orphans = append([]lake.Orphan{}, report.Orphans...)
			if err := a.printJSON(report); err != nil {
				return err
			}
		} else {
			a.verified(report)
		}
		if !report.OK() {
			return fmt.Errorf("lake %s: %d files damaged, %d missing", l.URI(), len(report.Damaged), len(report.Missing))
		}
		return nil
	})
}

func (a *app) verify(ctx context.Context, l *lake.Lake) (lake.VerifyReport, error) {
	if a.quiet {
		return l.Verify(ctx, nil)
	}
	r := progress.New(a.Err, terminal(a.Err))
	defer r.Close()
	return l.Verify(ctx, func(done, total int64) {
		r.Update(progress.State{Stage: "verify", Done: float64(done), Total: float64(total), Bytes: true})
	})
}

func (a *app) verified(r lake.VerifyReport) {
	for _, d := range r.Damaged {
		a.text("damaged  %s: %s\n", d.Path, d.Reason)
	}
	for _, d := range r.Missing {
		a.text("missing  %s: %s\n", d.Path, d.Reason)
	}
	for _, o := range r.Orphans {
		a.text("orphan   %s: %s, %s\n", o.Path, size(o.Bytes), o.Reason)
	}
	a.text("%s files, %s: %d damaged, %d missing, %d orphans\n", count(r.Files), size(r.Bytes), len(r.Damaged), len(r.Missing), len(r.Orphans))
}

func (a *app) lakeSweep() *cobra.Command {
	var olderThan time.Duration
	var remove bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "List files that no snapshot names, and delete them if asked",
		Long: `Sweep lists what killed runs left behind. With --delete it removes it; without,
it changes nothing. A run that is to be resumed still needs its files: keep what
is younger than a day.`,
		Example:     "  chimera lake sweep --lake lake\n  chimera lake sweep --lake lake --older-than 48h --delete",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed),
	}
	cmd.Flags().DurationVar(&olderThan, "older-than", 24*time.Hour, "leave alone what is younger, a `DURATION` like 90m")
	cmd.Flags().BoolVar(&remove, "delete", false, "delete what is listed")
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		if olderThan <= 0 {
			olderThan = -1 // any age: zero means the default to lake
		}
		orphans, err := l.Sweep(ctx, lake.SweepOptions{OlderThan: olderThan, Delete: remove})
		if err != nil {
			return err
		}
		if a.json {
			return printLines(a, orphans)
		}
		var bytes int64
		for _, o := range orphans {
			what := "orphan "
			if o.Deleted {
				what = "deleted"
			}
			bytes += o.Bytes
			a.text("%s  %s: %s, %s, %s\n", what, o.Path, size(o.Bytes), o.Modified.UTC().Format(time.DateTime), o.Reason)
		}
		a.text("%d orphans, %s\n", len(orphans), size(bytes))
		return nil
	})
}

func (a *app) lakeRollback() *cobra.Command {
	var to, reason string
	var wait bool
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Move every table back to a generation; nothing is deleted",
		Long: `Rollback makes readers see an earlier generation. The ones after it keep their
tags and files; the next night gets the next unused number. Who rolled back, when
and why is kept in ops.runs.`,
		Example:     "  chimera lake rollback --to gen-2 --reason 'the forum dump of the 20th was last year'\\''s' --lake lake",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed),
	}
	cmd.Flags().StringVar(&to, "to", "", "`GENERATION` to go back to, as gen-000007 (required)")
	cmd.Flags().StringVar(&reason, "reason", "", "`WHY`, kept for those who ask later (required)")
	waitFlag(cmd.Flags(), &wait)
	out := a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		n, err := generationNumber(to)
		if err != nil {
			return err
		}
		id := "rollback-" + time.Now().UTC().Format("20060102T150405.000000")
		info := lake.RollbackInfo{RunID: id, Reason: reason, CodeRevision: a.buildInfo().revision(), Wait: wait}
		if err := l.Rollback(ctx, n, info); err != nil {
			return err
		}
		if a.json {
			return a.printJSON(map[string]any{"job": "rollback", "run_id": id, "generation": n, "tag": fmt.Sprintf("gen-%06d", n), "reason": reason, "lake": l.URI()})
		}
		a.text("readers of %s see gen-%06d; later generations keep their tags\n", l.URI(), n)
		return nil
	})
	open := out.RunE
	out.RunE = func(cmd *cobra.Command, args []string) error {
		if to == "" || strings.TrimSpace(reason) == "" {
			return usagef("--to and --reason are required")
		}
		return open(cmd, args)
	}
	return out
}

func (a *app) lakeRelocate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "relocate",
		Short: "Rewrite the absolute paths in a lake's metadata after its folder was moved",
		Long: `Iceberg's metadata names files by absolute path. After a move or a copy, relocate
writes new metadata with the new place; data files stay as they are.`,
		Example:     "  mv lake archive/lake && chimera lake relocate --lake archive/lake",
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed),
	}
	return a.lakeCommand(cmd, func(ctx context.Context, l *lake.Lake, _ []string) error {
		r, err := l.Relocate(ctx)
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(r)
		}
		if r.Tables == 0 {
			a.text("%s is where its metadata says; nothing to do\n", r.To)
			return nil
		}
		a.text("%d tables moved from %s to %s: %d metadata files written\n", r.Tables, r.From, r.To, r.Files)
		return nil
	})
}
