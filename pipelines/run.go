package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// run is one attempt of one night.
type run struct {
	c       Curate
	l       *lake.Lake
	night   *lake.Night
	id      string // run id
	plan    plan
	old     dedup.Index
	oldDocs []lake.DataFile // text.documents before tonight
	runner  *lakeio.Runner
	read    []datasets.Input // what was read, once it was
	began   time.Time
	cpu0    float64
	stages  []stageTime
}

// stageTime is how long a stage took.
type stageTime struct {
	Name    string
	Seconds float64
	CPU     float64
	Bytes   int64 // raw bytes it read, 0 if it does not read the input
	Tasks   int64
}

// begin finds the plan of an earlier attempt or makes one, and what the lake
// knew before tonight.
func (c Curate) begin(ctx context.Context, l *lake.Lake, night *lake.Night, runID string, files []pinned) (*run, error) {
	r := &run{c: c, l: l, night: night, id: runID, began: c.Now(), cpu0: cpuSeconds()}
	st, scratch := l.Store(), night.Scratch()
	path := scratch + "plan.json"
	p, resumed, err := loadPlan(ctx, st, path, c.Revision, night.Generation)
	if err != nil {
		return nil, err
	}
	if !resumed {
		if err := night.RemoveScratch(ctx); err != nil {
			return nil, err
		}
		stored, err := c.storedBytes(ctx, l)
		if err != nil {
			return nil, err
		}
		if p, err = c.cut(ctx, files, night.Generation, stored); err != nil {
			return nil, err
		}
		if err := savePlan(ctx, st, path, p); err != nil {
			return nil, err
		}
	}
	r.plan = p
	if err := r.checkScheme(ctx); err != nil {
		return nil, err
	}
	slog.Info("run", "id", runID, "generation", night.Generation, "files", len(p.Files), "units", len(p.Units), "shards", p.Shards, "resumed", resumed)
	r.runner = &lakeio.Runner{Lake: l.Store().URI(), Scratch: scratch, Attempt: attemptName(c.Now()), Beam: c.Beam, Workers: c.Workers}
	return r, r.loadIndex(ctx)
}

// storedBytes guesses how many bytes of text a redecide works on; other jobs
// work on their inputs.
func (c Curate) storedBytes(ctx context.Context, l *lake.Lake) (int64, error) {
	if !c.Redecide || l == nil {
		return 0, nil
	}
	files, err := l.Files(ctx, datasets.TableDocuments, 0)
	var n int64
	for _, f := range files {
		n += storedExpansion * f.Bytes
	}
	return n, err
}

// checkScheme refuses another MinHash scheme than the index was made with:
// their signatures cannot be compared.
func (r *run) checkScheme(ctx context.Context) error {
	gens, err := r.l.Generations(ctx)
	if err != nil {
		return err
	}
	for i := len(gens) - 1; i >= 0; i-- {
		used := gens[i].Properties[propScheme]
		if gens[i].RolledBack || used == "" {
			continue
		}
		if used != r.c.Dedup.Scheme && !r.c.Dedup.Exact {
			return fmt.Errorf("dedup.scheme: %s, but the index of %s holds signatures of %s; use that scheme, or a new lake", r.c.Dedup.Scheme, r.l.URI(), used)
		}
		return nil
	}
	return nil
}

// attemptName is unique to this attempt: names of files that an attempt makes
// carry it, so that two attempts never write one file.
func attemptName(now time.Time) string {
	return strings.ToLower(fmt.Sprintf("%x-%s", now.UnixNano(), randomSuffix()))
}

// loadIndex lists the files that tonight's rows are compared with, by kind.
func (r *run) loadIndex(ctx context.Context) error {
	bands, err := r.l.Files(ctx, datasets.TableBands, 0)
	if err != nil {
		return err
	}
	for _, f := range bands {
		kind, _, ok := f.Int64Bounds(fieldBand)
		ref := fileRef(f, fieldKey)
		switch {
		case !ok:
			return fmt.Errorf("%s: no bounds of column band in the manifest", f.Path)
		case kind == datasets.BandSignature:
			r.old.Signatures = append(r.old.Signatures, ref)
		case kind == datasets.BandContent:
			r.old.Content = append(r.old.Content, ref)
		default:
			r.old.Bands = append(r.old.Bands, ref)
		}
	}
	decisions, err := r.l.Files(ctx, datasets.TableDecisions, 0)
	if err != nil {
		return err
	}
	for _, f := range decisions {
		r.old.Decisions = append(r.old.Decisions, fileRef(f, fieldRowID))
	}
	if r.oldDocs, err = r.l.Files(ctx, datasets.TableDocuments, 0); err != nil {
		return err
	}
	sort.Slice(r.oldDocs, func(i, j int) bool {
		return fileRef(r.oldDocs[i], fieldRowID).Lo < fileRef(r.oldDocs[j], fieldRowID).Lo
	})
	for _, f := range r.oldDocs {
		r.old.Documents = append(r.old.Documents, fileRef(f, fieldRowID))
	}
	return nil
}

// Field ids of the columns that files are chosen by.
const (
	fieldRowID = 1 // in documents, decisions
	fieldBand  = 1 // in bands
	fieldKey   = 2
)

func fileRef(f lake.DataFile, field int) dedup.FileRef {
	lo, hi, _ := f.Int64Bounds(field)
	return dedup.FileRef{Path: f.Path, Lo: lo, Hi: hi, Rows: f.Rows}
}

// stage runs one stage over typed tasks and books its time. bytes is how much
// raw input the stage reads, if it does, and size how much of it a result read.
func stage[T, R any](ctx context.Context, r *run, name string, bytes int64, tasks []T, size func(R) float64) ([]R, error) {
	defer r.book(name, bytes, len(tasks))()
	r.watch(name, bytes, len(tasks), func(raw []byte) float64 {
		var res R
		if size == nil || json.Unmarshal(raw, &res) != nil {
			return 0
		}
		return size(res)
	})
	return lakeio.Each[T, R](ctx, r.runner, name, tasks)
}

// Run runs a stage of near dedup: run is a dedup.Runner.
func (r *run) Run(ctx context.Context, name string, tasks [][]byte) ([][]byte, error) {
	defer r.book(name, 0, len(tasks))()
	r.watch(name, 0, len(tasks), nil)
	return r.runner.Run(ctx, name, tasks)
}

// book measures a stage; several runs of one stage add up.
func (r *run) book(name string, bytes int64, tasks int) func() {
	start, cpu := time.Now(), cpuSeconds()
	return func() {
		i := slices.IndexFunc(r.stages, func(s stageTime) bool { return s.Name == name })
		if i < 0 {
			i = len(r.stages)
			r.stages = append(r.stages, stageTime{Name: name})
		}
		s := &r.stages[i]
		s.Seconds += time.Since(start).Seconds()
		s.CPU += cpuSeconds() - cpu
		s.Bytes += bytes
		s.Tasks += int64(tasks)
	}
}

// watch reports the progress of the stage that runs next.
func (r *run) watch(name string, bytes int64, tasks int, size func(raw []byte) float64) {
	report := r.c.Progress
	if report == nil {
		return
	}
	p := Progress{Stage: name, Total: float64(tasks), Bytes: bytes > 0}
	if p.Bytes {
		p.Total = float64(bytes)
	}
	report(p)
	r.runner.Progress = func(_ string, done, _ int, raw []byte) {
		if p.Bytes {
			p.Done += size(raw)
		} else {
			p.Done = float64(done)
		}
		report(p)
	}
}
