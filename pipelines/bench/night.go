package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/transforms/text"
)

// night measures whole nights, three at most. Each repeat makes a lake with a generated night
// in it, a quarter as large, and then measures a night on top of that, from
// listing the input to the moved refs.
func (e *env) night(ctx context.Context, profile string, change func(*pipelines.Curate)) (Result, error) {
	p, err := text.LookupProfile(profile)
	if err != nil {
		return Result{}, err
	}
	old, raw, err := e.rawFiles(ctx)
	if err != nil {
		return Result{}, err
	}
	rates := make([]float64, min(3, e.Repeat))
	wall := make([]float64, len(rates))
	for i := range rates {
		job := pipelines.Curate{Lake: filepath.Join(e.dir, fmt.Sprint("lake-", i)), Profile: p, Workers: e.Cores, ReportDir: "-", Revision: "bench"}
		change(&job)
		if rates[i], wall[i], err = secondNight(ctx, job, old, raw); err != nil {
			return Result{}, err
		}
		if err := os.RemoveAll(job.Lake); err != nil {
			return Result{}, err
		}
	}
	r := median(rates)
	r.Wall = median(wall).Value
	return r, nil
}

// secondNight runs job over old and then over raw, and returns the rates of
// the latter by CPU time and by the clock.
func secondNight(ctx context.Context, job pipelines.Curate, old, raw []string) (cpu, wall float64, err error) {
	job.Date, job.Inputs = "2026-01-01", inputs(old)
	if _, err := job.Run(ctx); err != nil {
		return 0, 0, err
	}
	job.Date, job.Inputs = "2026-01-02", inputs(raw)
	start, cpu0 := time.Now(), cpuSeconds()
	s, err := job.Run(ctx)
	if err != nil {
		return 0, 0, err
	}
	mb := float64(s.Input.TextBytes) / 1e6
	return mb / (cpuSeconds() - cpu0), mb / time.Since(start).Seconds(), nil
}

func inputs(globs []string) []pipelines.Input {
	out := make([]pipelines.Input, len(globs))
	for i, g := range globs {
		out[i] = pipelines.Input{Glob: g, Source: "bench"}
	}
	return out
}

// rawFiles returns the input of the old and of the measured night.
func (e *env) rawFiles(ctx context.Context) (old, raw []string, err error) {
	old, raw = []string{filepath.Join(e.dir, "old", rawName)}, e.Inputs
	if len(raw) == 0 {
		raw = []string{filepath.Join(e.dir, "new", rawName)}
		if err := e.writeOnce(ctx, filepath.Join(e.dir, "new"), e.MB, 3); err != nil {
			return nil, nil, err
		}
	}
	return old, raw, e.writeOnce(ctx, filepath.Join(e.dir, "old"), max(e.MB/4, 1), 2)
}

func (e *env) writeOnce(ctx context.Context, dir string, mb int, seed uint64) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	_, err := WriteCorpus(ctx, dir, mb, seed)
	return err
}
