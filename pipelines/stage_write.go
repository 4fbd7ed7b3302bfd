package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
	"github.com/chimera-1/chimera/transforms/text"
)

type writeTask struct {
	Unit       int
	Generation int32
	Documents  unitFile
	Decisions  unitFile
	Outcomes   []dedup.Segment       // what near dedup found for rows of the unit, in row order
	IDs        shared[dedup.FileRef] // text.documents, old and tonight's, for the survivors' doc_id
	Profile    text.Profile
	Weight     float32
	NoText     bool
}

type writeResult struct {
	Decisions unitFile
	Training  unitFile
	Counts    counts
	TextBytes int64 // kept text after line edits
}

// writeStage settles a unit: the first decisions become final with what near
// dedup found, and what is kept goes to training.text.
func writeStage(ctx context.Context, env lakeio.Env, t writeTask) (writeResult, error) {
	decisions, err := readAll[datasets.Decision](ctx, env, t.Decisions.Path)
	if err != nil {
		return writeResult{}, err
	}
	if err := settle(ctx, env, t, decisions); err != nil {
		return writeResult{}, err
	}
	res := writeResult{Counts: newCounts()}
	out := newRowFile[datasets.Decision](env, "write", t.Unit, "decisions")
	defer out.abort()
	for _, d := range decisions {
		if err := out.add(ctx, d, 0); err != nil {
			return writeResult{}, err
		}
	}
	if res.Decisions, err = out.close(ctx); err != nil {
		return writeResult{}, err
	}
	err = t.train(ctx, env, decisions, &res)
	return res, err
}

// settle writes the outcomes of near dedup over the first decisions and fills
// in the survivors' doc ids.
func settle(ctx context.Context, env lakeio.Env, t writeTask, decisions []datasets.Decision) error {
	i := 0
	err := dedup.ReadOutcomes(ctx, env.Store, t.Outcomes, func(o dedup.Outcome) error {
		for i < len(decisions) && decisions[i].RowID < o.Row {
			i++
		}
		if i == len(decisions) || decisions[i].RowID != o.Row {
			return fmt.Errorf("unit %d: an outcome for row %d, which is not of the unit", t.Unit, o.Row)
		}
		applyOutcome(&decisions[i], o)
		return nil
	})
	if err != nil {
		return err
	}
	return fillIDs(ctx, env, t.IDs, decisions)
}

func applyOutcome(d *datasets.Decision, o dedup.Outcome) {
	d.Cluster = &o.Cluster
	if len(o.Bridges) > 0 {
		parts := make([]string, len(o.Bridges))
		for i, b := range o.Bridges {
			parts[i] = strconv.FormatInt(b, 10)
		}
		joined := strings.Join(parts, ",")
		d.Bridges = &joined
	}
	if o.DuplicateOf == 0 {
		return
	}
	d.Decision, d.Stage, d.Reason = datasets.Duplicate, datasets.StageDedup, datasets.ReasonNear
	d.DuplicateOf, d.Similarity = &o.DuplicateOf, &o.Similarity
}

// fillIDs looks up the doc_id of every survivor: one sorted pass over the
// pages of text.documents that can hold one.
func fillIDs(ctx context.Context, env lakeio.Env, files shared[dedup.FileRef], decisions []datasets.Decision) error {
	var rows []int64
	for _, d := range decisions {
		if d.DuplicateOf != nil {
			rows = append(rows, *d.DuplicateOf)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	refs, err := files.read(ctx, env)
	if err != nil {
		return err
	}
	slices.Sort(rows)
	ids, err := dedup.LookupDocIDs(ctx, env.Store, refs, slices.Compact(rows))
	if err != nil {
		return err
	}
	for i := range decisions {
		if of := decisions[i].DuplicateOf; of != nil {
			id, ok := ids[*of]
			if !ok {
				return fmt.Errorf("row %d: the survivor, row %d, is not in text.documents", decisions[i].RowID, *of)
			}
			decisions[i].DuplicateOfID = &id
		}
	}
	return nil
}

// train writes the kept rows, as the profile's line edits leave them, and
// counts every decision.
func (t writeTask) train(ctx context.Context, env lakeio.Env, decisions []datasets.Decision, res *writeResult) error {
	out := newRowFile[datasets.Training](env, "write", t.Unit, "training")
	defer out.abort()
	w := trainer{t: t, out: out, editor: text.NewAnalyzer(t.Profile.Lines)}
	sources := names{}
	err := eachDocument(ctx, env, t.Documents.Path, !t.NoText, func(i int64, doc docView) error {
		d := decisions[i]
		res.Counts.decision(d, sources.keep(doc.Source), t.Generation)
		if d.Decision != datasets.Keep {
			return nil
		}
		return w.add(ctx, d.RowID, doc)
	}, func() error { return w.flush(ctx) })
	if err != nil {
		return err
	}
	res.TextBytes = w.bytes
	res.Training, err = out.close(ctx)
	return err
}

// trainer makes rows of training.text. Rows that wait point to the documents'
// batch, and to the arena for texts that were edited.
type trainer struct {
	t      writeTask
	out    *rowFile[datasets.Training]
	editor *text.Analyzer
	arena  arena
	bytes  int64
}

// add takes a document whose strings stay valid until the next flush.
func (w *trainer) add(ctx context.Context, row int64, d docView) error {
	tr := datasets.Training{RowID: row, DocID: d.DocID, Source: d.Source, Weight: w.t.Weight, Generation: w.t.Generation}
	if !w.t.NoText {
		tr.Text = w.editor.Edit(w.t.Profile, d.Text)
		if unsafe.StringData(tr.Text) != unsafe.StringData(d.Text) {
			tr.Text = w.arena.copy(tr.Text)
		}
	}
	w.bytes += int64(len(tr.Text))
	if err := w.out.add(ctx, tr, int64(len(tr.Text))); err != nil {
		return err
	}
	if w.out.flushed() {
		w.arena.reset()
	}
	return nil
}

// flush writes the rows that wait.
func (w *trainer) flush(ctx context.Context) error {
	if err := w.out.flush(ctx); err != nil {
		return err
	}
	w.arena.reset()
	return nil
}

// decision counts one final decision of tonight's rows.
func (c *counts) decision(d datasets.Decision, source string, generation int32) {
	s := sourceCounts{}
	switch d.Decision {
	case datasets.Keep:
		c.Kept++
		s.Kept++
	case datasets.Drop:
		c.Dropped++
		c.DroppedBy[d.Reason]++
		s.Dropped++
	case datasets.Duplicate:
		c.Duplicate++
		if d.Reason == datasets.ReasonExact {
			c.Exact++
			s.Exact++
		} else {
			c.Near++
			s.Near++
		}
		if datasets.GenerationOf(*d.DuplicateOf) < generation {
			c.Old++
		}
	}
	if source != "" { // redecide does not read it
		c.source(source, s)
	}
}

// readAll reads a small file of typed rows whole. An empty path has no rows.
func readAll[T any](ctx context.Context, env lakeio.Env, path string) ([]T, error) {
	if path == "" {
		return nil, nil
	}
	o, err := env.Store.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	rows := make([]T, 0, f.Rows())
	err = parquetio.ReadRows(ctx, f, nil, func(part []T) error {
		rows = append(rows, part...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}
