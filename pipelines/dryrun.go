package pipelines

import (
	"context"
	"errors"
	"runtime"

	"github.com/chimera-1/chimera/datasets/lake"
)

// Plan is what a run would do: --dry-run prints it and writes nothing.
type Plan struct {
	Job             string        `json:"job"`
	Lake            string        `json:"lake"`
	LakeExists      bool          `json:"lake_exists"`
	Date            string        `json:"date"`
	Identity        string        `json:"identity"`
	Already         string        `json:"already,omitempty"` // tag of the generation that this very run published
	Generation      int32         `json:"generation"`        // number it would publish
	Files           int           `json:"files"`
	Bytes           int64         `json:"bytes"`
	RawBytes        int64         `json:"raw_bytes"` // expected after decompression
	Units           int           `json:"units"`
	Shards          int           `json:"shards"`
	Workers         int           `json:"workers"`
	BoundaryBytes   int64         `json:"boundary_bytes"` // references that cross stage boundaries
	ScratchBytes    int64         `json:"scratch_bytes"`  // key blocks and unit files on the lake's disk meanwhile
	ExpectedSeconds float64       `json:"expected_seconds"`
	ExpectedMB      float64       `json:"expected_memory_mb"`
	Inputs          []PlannedFile `json:"inputs"`
}

// PlannedFile is one input of a plan.
type PlannedFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	Source string `json:"source"`
	Parts  int    `json:"parts"` // pieces that the file is cut into
}

// What a run costs, measured on one core of a server (docs/benchmarks.md); they
// only feed the estimate of --dry-run.
const (
	signalsMBPerSecond = 22.0
	dedupMBPerSecond   = 35.0
	baseMB             = 150.0
	unitMemory         = 4.0 // times the raw bytes of a unit, a worker
)

// Plan says what Run would do.
func (c Curate) Plan(ctx context.Context) (Plan, error) {
	c = c.withDefaults(runtime.GOMAXPROCS(0))
	if err := c.Validate(); err != nil {
		return Plan{}, err
	}
	out := Plan{Job: c.job(), Lake: c.Lake, Date: c.Date, Workers: c.Workers, Generation: 1}
	l, err := lake.Open(ctx, c.Lake)
	switch {
	case errors.Is(err, lake.ErrNoLake):
	case err != nil:
		return Plan{}, err
	default:
		out.LakeExists = true
	}
	files, err := c.plannedInputs(ctx, l)
	if err != nil {
		return Plan{}, err
	}
	defer removeSpool(files)
	if l != nil {
		if err := c.planAgainst(ctx, l, files, &out); err != nil {
			return Plan{}, err
		}
	} else {
		out.Identity = c.identity(files, 0)
	}
	stored, err := c.storedBytes(ctx, l)
	if err != nil {
		return Plan{}, err
	}
	p, err := c.cut(ctx, files, out.Generation, stored)
	if err != nil {
		return Plan{}, err
	}
	out.describe(p, c.Signals == "all")
	return out, nil
}

func (c Curate) plannedInputs(ctx context.Context, l *lake.Lake) ([]pinned, error) {
	files, err := c.pin(ctx)
	if err != nil || !c.OnlyNew || l == nil {
		return files, err
	}
	return onlyNew(ctx, l, files)
}

func (c Curate) planAgainst(ctx context.Context, l *lake.Lake, files []pinned, out *Plan) error {
	id, done, err := c.published(ctx, l, files)
	if err != nil {
		return err
	}
	out.Identity = id
	if done != nil {
		out.Already = done.Tag
	}
	gens, err := l.Generations(ctx)
	if err != nil {
		return err
	}
	for _, g := range gens {
		out.Generation = max(out.Generation, g.Number+1)
	}
	return nil
}

// describe sums the plan up.
func (out *Plan) describe(p plan, signals bool) {
	out.Files, out.Units, out.Shards = len(p.Files), len(p.Units), p.Shards
	for _, f := range p.Files {
		out.Bytes += f.Size
		out.RawBytes += rawSize(f.Input)
		out.Inputs = append(out.Inputs, PlannedFile{Path: f.Path, Bytes: f.Size, Source: f.Source})
	}
	for _, u := range p.Units {
		for _, part := range u.Parts {
			out.Inputs[part.File].Parts++
		}
	}
	const refBytes = 160 // one reference as JSON
	out.BoundaryBytes = int64(out.Units) * int64(out.Shards) * 4 * refBytes
	out.ScratchBytes = out.RawBytes/8 + out.RawBytes // entries, and unit files before they are packed
	rate := dedupMBPerSecond
	if signals {
		rate = signalsMBPerSecond
	}
	cores := float64(min(out.Workers, max(out.Units, 1)))
	out.ExpectedSeconds = 0.5 + float64(out.RawBytes)/1e6/(rate*cores)
	if out.Units > 0 {
		out.ExpectedMB = baseMB + cores*unitMemory*float64(out.RawBytes)/float64(out.Units)/1e6
	}
}
