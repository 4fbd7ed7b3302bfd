package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chimera-1/chimera/pipelines"
	"github.com/chimera-1/chimera/transforms/text"
)

// input is a row of a generated raw file.
type input struct {
	ID   string `parquet:"id"`
	Text string `parquet:"text"`
}

// nightOf measures whole nights: each repeat is a fresh lake with one night in
// it already (a quarter as large), then the measured night.
func (e *env) nightOf(ctx context.Context, change func(*pipelines.Curate), profile string) (Result, error) {
	p, err := text.LookupProfile(profile)
	if err != nil {
		return Result{}, err
	}
	old, raw, err := e.rawFiles()
	if err != nil {
		return Result{}, err
	}
	var rates []float64
	peak := 0.0
	for i := range max(3, e.Repeat/2) {
		lake := filepath.Join(e.dir, fmt.Sprint("lake-", i))
		job := pipelines.Curate{Lake: lake, Date: "2026-01-01", Inputs: []pipelines.Input{{Glob: old, Source: "bench"}}, Profile: p,
			Workers: e.Cores, ReportDir: "-", Revision: "bench"}
		change(&job)
		if _, err := job.Run(ctx); err != nil {
			return Result{}, err
		}
		job.Date, job.Inputs = "2026-01-02", []pipelines.Input{{Glob: raw, Source: "bench"}}
		s, err := job.Run(ctx)
		if err != nil {
			return Result{}, err
		}
		rates = append(rates, float64(s.Input.TextBytes)/1e6/s.CPUSeconds)
		peak = s.PeakRSSMB
		if err := os.RemoveAll(lake); err != nil {
			return Result{}, err
		}
	}
	r := median(rates)
	r.PeakRSSMB = peak
	return r, nil
}

// rawFiles returns the input of the old and of the measured night.
func (e *env) rawFiles() (old, raw string, err error) {
	if len(e.Inputs) == 1 {
		return e.Inputs[0], e.Inputs[0], nil
	}
	old, raw = filepath.Join(e.dir, "old.parquet"), filepath.Join(e.dir, "raw.parquet")
	if _, err := os.Stat(raw); err == nil {
		return old, raw, nil
	}
	forget := func(Doc) error { return nil }
	if _, err = writeRaw(old, NewCorpus(2), max(e.MB/4, 1), forget); err != nil {
		return "", "", err
	}
	_, err = writeRaw(raw, NewCorpus(3), e.MB, forget)
	return old, raw, err
}

// night is everything: signals, decisions, dedup against an old lake, all tables written.
func night(ctx context.Context, e *env) (Result, error) {
	r, err := e.nightOf(ctx, func(*pipelines.Curate) {}, "fineweb")
	return r.bound("lake/parquet_write", e.bounds["zstd encode"]), err
}

// nearNight is near dedup alone, without writing texts.
func nearNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.nightOf(ctx, func(c *pipelines.Curate) { c.SkipTextWrites = true }, "none")
	r.Note = "profile none, texts not written"
	return r.bound("lake/zstd_decode", e.bounds["lake/zstd_decode"]), err
}

// nearWrittenNight is near dedup with every table written.
func nearWrittenNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.nightOf(ctx, func(*pipelines.Curate) {}, "none")
	r.Note = "profile none"
	return r.bound("zstd encode", e.bounds["zstd encode"]), err
}

// exactNight is exact dedup alone, without writing texts.
func exactNight(ctx context.Context, e *env) (Result, error) {
	r, err := e.nightOf(ctx, func(c *pipelines.Curate) { c.SkipTextWrites, c.Dedup.Exact = true, true }, "none")
	r.Note = "profile none, exact only, texts not written"
	return r.bound("lake/zstd_decode", e.bounds["lake/zstd_decode"]), err
}
