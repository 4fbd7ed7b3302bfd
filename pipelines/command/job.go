package command

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/pipelines/config"
	"github.com/chimera-1/chimera/pipelines/progress"
)

// jobFlags are what jobs share beside the configuration.
type jobFlags struct {
	inputFlags
	date                                           string
	dryRun, again, publishAnyway, wait, allowEmpty bool
}

func (j *jobFlags) add(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	a.lakeFlag(f)
	j.inputFlags.add(f)
	f.StringVar(&j.date, "date", "", "the night's `DATE`, as 2026-11-20 (default today, UTC)")
	a.curateFlags(f)
	f.BoolVar(&j.dryRun, "dry-run", false, "print the plan and write nothing")
	f.BoolVar(&j.again, "again", false, "run even if this very run is published already")
	f.BoolVar(&j.publishAnyway, "publish-anyway", false, "publish although rejects pass max_rejects")
	f.BoolVar(&j.wait, "wait", false, "wait for another night to end instead of failing")
	f.BoolVar(&j.allowEmpty, "allow-empty", false, "an input without any file is no error")
	beamFlags(f)
}

// job is a configured job, apart from what it does.
func (j *jobFlags) job(a *app, l *config.Loaded) (pipelines.Curate, error) {
	runner, err := beamRunner()
	if err != nil {
		return pipelines.Curate{}, err
	}
	a.remote = runner != "prism"
	c := curateOf(l)
	c.Date = j.date
	if c.Date == "" {
		c.Date = time.Now().UTC().Format(time.DateOnly)
	}
	c.Stdin, c.Beam = a.In, runner
	c.Again, c.PublishAnyway, c.Wait, c.AllowEmpty = j.again, j.publishAnyway, j.wait, j.allowEmpty
	c.Revision = a.buildInfo().revision()
	a.limitMemory(l, c.Workers)
	return c, nil
}

// A worker holds some 130 MB of a unit: two row groups in the making and its
// index entries. The collector may let that double, and no more.
const (
	baseMemory   = 256 << 20
	workerMemory = 256 << 20
)

// garbage is how many percent of what is in use the collector lets pile up before
// the limit holds it back. A night makes little garbage, and has little in use:
// at the usual 100 it is collected three times a second.
const garbage = 300

// limitMemory sets the soft limit that the configuration asks for. Without one
// it goes by the number of workers, so that garbage of a long night does not
// pile up; GOMEMLIMIT and GOGC, if set, have their way.
func (a *app) limitMemory(l *config.Loaded, workers int) {
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	switch {
	case l.Curate.Memory > 0:
		debug.SetMemoryLimit(int64(l.Curate.Memory))
	case a.getenv("GOMEMLIMIT") == "":
		debug.SetMemoryLimit(baseMemory + int64(workers)*workerMemory)
	}
}

// curateOf is the job that a configuration describes.
func curateOf(l *config.Loaded) pipelines.Curate {
	c := l.Curate
	out := pipelines.Curate{
		Lake:        l.Lake,
		Profile:     c.TextProfile(),
		Normalize:   c.Normalize,
		Signals:     c.Signals,
		Dedup:       pipelines.Dedup(c.Dedup),
		MaxRejects:  pipelines.MaxRejects(c.MaxRejects),
		MaxRowBytes: int64(c.MaxRowBytes),
		DropDamaged: c.Damaged == "reject-file",
		Weight:      float32(c.Weight),
		Workers:     c.Workers,
		Shards:      c.Shards,
		UnitBytes:   int64(c.UnitBytes),
		ReportDir:   l.Report.Dir,
		ConfigYAML:  l.Print(),
	}
	for _, in := range l.Inputs {
		out.Inputs = append(out.Inputs, pipelines.Input{Glob: in.Glob, Source: in.Source, Fields: formats.FieldMap(in.Fields)})
	}
	return out
}

// withProgress runs a job and shows how far it is.
func withProgress[T any](ctx context.Context, a *app, l *config.Loaded, run func(context.Context, func(pipelines.Progress)) (T, error)) (T, error) {
	a.initBeam(l.Log)
	if a.quiet {
		return run(ctx, nil)
	}
	stderr := a.Err
	r := progress.New(stderr, terminal(stderr) && l.Log.Format == "text")
	a.Err = r // logs keep clear of the live line
	a.setLogging(l.Log)
	defer func() {
		r.Close()
		a.Err = stderr
		a.setLogging(l.Log)
	}()
	show := func(p pipelines.Progress) { r.Update(progress.State(p)) }
	if l.Log.Format == "json" {
		show = jsonProgress()
	}
	return run(ctx, show)
}

// initBeam gets Beam ready. It replaces the logger while it does.
func (a *app) initBeam(log config.Log) {
	if a.InitBeam != nil {
		a.InitBeam()
	}
	a.setLogging(log)
}

// jsonProgress logs progress as records, for programs that read them.
func jsonProgress() func(pipelines.Progress) {
	var last time.Time
	return func(p pipelines.Progress) {
		if now := time.Now(); now.Sub(last) >= progress.Interval {
			last = now
			slog.Info("progress", "stage", p.Stage, "done", p.Done, "total", p.Total, "bytes", p.Bytes, "rows", p.Rows)
		}
	}
}

// finish prints a job's summary. A night with too many rejects has one too.
func (a *app) finish(s pipelines.Summary, jobErr error, object any) error {
	var rejects *pipelines.RejectsError
	if jobErr != nil && !errors.As(jobErr, &rejects) {
		return jobErr
	}
	if a.json {
		if err := a.printJSON(object); err != nil {
			return err
		}
		return jobErr
	}
	a.summary(s)
	return jobErr
}
