package pipelines

import (
	"context"
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
	"github.com/chimera-1/chimera/transforms/text"
)

// judgeTask applies a profile to the stored signals of one row group of
// text.documents.
type judgeTask struct {
	Part       int // number of the row group among all
	Documents  dedup.FileRef
	Group      int
	Decisions  []dedup.FileRef
	Profile    text.Profile
	Stored     text.Profile // profile whose line rules the stored signals follow
	Generation int32
	Shards     int
}

type judgeResult struct {
	Lo, Hi    int64    // row ids of the group
	Decisions unitFile // first decisions of the rows whose outcome changes
	Tombs     unitFile // tombstones of published rows that are no longer kept
	Orphans   []dedup.Segment
	Counts    counts
	Sketches  sketches // of all rows judged, by their stored figures
	Judged    int64
	Reread    int64
}

// judgedRow is what a verdict needs of a document: everything but the text.
type judgedRow struct {
	RowID   int64             `parquet:"row_id,id(1)"`
	Signals *datasets.Signals `parquet:"signals,id(9)"`
}

// effective is what counts for a row before tonight.
type effective struct {
	decidedIn   int32
	decision    string
	stage       string
	reason      string
	duplicateOf int64
}

// judgeStage judges one row group. Rows that the filters newly keep get a first
// decision to keep, which near dedup may still change; rows no longer kept get
// their final one.
func judgeStage(ctx context.Context, env lakeio.Env, t judgeTask) (judgeResult, error) {
	rows, err := judgedRows(ctx, env, t)
	if err != nil || len(rows) == 0 {
		return judgeResult{}, err
	}
	before, err := effectiveDecisions(ctx, env, t.Decisions, rows)
	if err != nil {
		return judgeResult{}, err
	}
	verdicts, reread, err := t.judge(ctx, env, rows, before)
	if err != nil {
		return judgeResult{}, err
	}
	res := judgeResult{Lo: rows[0].RowID, Hi: rows[len(rows)-1].RowID, Counts: newCounts(), Sketches: newSketches(t.Profile), Reread: reread}
	out := newRowFile[datasets.Decision](env, "judge", t.Part, "decisions")
	defer out.abort()
	tombs := newRowFile[datasets.Tombstone](env, "judge", t.Part, "tombstones")
	defer tombs.abort()
	var entries []dedup.Entry
	for i, row := range rows {
		if stands(row, before[i]) {
			continue
		}
		res.Judged++
		res.Sketches.count(row.Signals, verdicts[i])
		d, changed := redecided(row.RowID, t.Generation, before[i], verdicts[i])
		if e, ok := orphanEntry(row.RowID, before[i], verdicts[i]); ok {
			entries = append(entries, e)
		}
		if !changed {
			continue
		}
		if err := out.add(ctx, d, 0); err != nil {
			return judgeResult{}, err
		}
		if before[i].decision == datasets.Keep {
			if err := tombs.add(ctx, datasets.Tombstone{RowID: row.RowID, Generation: t.Generation, Reason: d.Reason}, 0); err != nil {
				return judgeResult{}, err
			}
		}
	}
	if res.Decisions, err = out.close(ctx); err != nil {
		return judgeResult{}, err
	}
	if res.Tombs, err = tombs.close(ctx); err != nil {
		return judgeResult{}, err
	}
	path := fmt.Sprintf("%sjudge/%06d-%s.spill", env.Scratch, t.Part, env.Attempt)
	res.Orphans, err = dedup.WriteEntries(ctx, env.Store, path, t.Shards, entries)
	return res, err
}

// stands reports whether no filter has a say in the row's decision: it is an
// exact duplicate, or blank.
func stands(row judgedRow, was effective) bool {
	return row.Signals == nil || was.stage == datasets.StageInput
}

// redecided is the first decision about a row, and whether it differs from what
// counts. A near duplicate that the filters still keep stays one.
func redecided(row int64, generation int32, was effective, v text.Verdict) (datasets.Decision, bool) {
	d := datasets.Decision{RowID: row, DecidedIn: generation, Decision: datasets.Keep}
	if v.Keep {
		return d, was.decision == datasets.Drop
	}
	d.Decision, d.Stage, d.Reason = datasets.Drop, v.Stage, v.Reason
	return d, was.decision != datasets.Drop || was.stage != v.Stage || was.reason != v.Reason
}

// Rows whose survivor leaves are orphans: they compete again. Entries meet by
// the survivor: a mark of the survivor that leaves (row 0 sorts first), then
// the near duplicates of it that the filters keep.
const leaves = int64(0)

func orphanEntry(row int64, was effective, v text.Verdict) (dedup.Entry, bool) {
	switch {
	case was.decision == datasets.Keep && !v.Keep:
		return dedup.Entry{Key: mix64(uint64(row)), Check: uint64(row), Row: leaves}, true
	case was.decision == datasets.Duplicate && was.reason == datasets.ReasonNear && v.Keep:
		return dedup.Entry{Key: mix64(uint64(was.duplicateOf)), Check: uint64(was.duplicateOf), Row: row}, true
	}
	return dedup.Entry{}, false
}

func judgedRows(ctx context.Context, env lakeio.Env, t judgeTask) ([]judgedRow, error) {
	o, err := env.Store.Open(ctx, t.Documents.Path)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	f, err := parquetio.Open(o, o.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Documents.Path, err)
	}
	var rows []judgedRow
	err = parquetio.ReadRows(ctx, f, []int{t.Group}, func(part []judgedRow) error {
		rows = append(rows, part...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Documents.Path, err)
	}
	return rows, nil
}

// judge decides every row, from its signals if they tell, else from its text.
func (t judgeTask) judge(ctx context.Context, env lakeio.Env, rows []judgedRow, before []effective) ([]text.Verdict, int64, error) {
	verdicts := make([]text.Verdict, len(rows))
	var again []int64
	at := map[int64]int{}
	for i, row := range rows {
		if stands(row, before[i]) {
			continue
		}
		verdicts[i] = t.Profile.Decide(row.Signals)
		if t.Profile.NeedsText(t.Stored) && beforeLines(t.Profile).Decide(row.Signals).Keep {
			again, at[row.RowID] = append(again, row.RowID), i
		}
	}
	if len(again) == 0 {
		return verdicts, 0, nil
	}
	a := text.NewAnalyzer(t.Profile.Lines)
	err := lookupTexts(ctx, env, t.Documents.Path, again, func(row int64, d docView) error {
		verdicts[at[row]] = t.Profile.Decide(a.Analyze(d.Text))
		return nil
	}, func() error { return nil })
	return verdicts, int64(len(again)), err
}

// effectiveDecisions finds, for rows in order, the decision that counts.
func effectiveDecisions(ctx context.Context, env lakeio.Env, files []dedup.FileRef, rows []judgedRow) ([]effective, error) {
	out := make([]effective, len(rows))
	lo, hi := rows[0].RowID, rows[len(rows)-1].RowID
	for _, ref := range files {
		if ref.Hi < lo || ref.Lo > hi {
			continue
		}
		if err := effectiveFrom(ctx, env, ref.Path, lo, hi, rows, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func effectiveFrom(ctx context.Context, env lakeio.Env, path string, lo, hi int64, rows []judgedRow, out []effective) error {
	return eachBatch(ctx, env, path, func(f *parquetio.File) *parquetio.Batches {
		return f.Range(ctx, "row_id", lo, hi, "row_id", "decided_in", "decision", "stage", "reason", "duplicate_of")
	}, func(b batchView) error {
		ids, in, of := b.int64s(0), b.rec.Column(1).(*array.Int32), b.rec.Column(5).(*array.Int64)
		for j := range ids.Len() {
			id := ids.Value(j)
			i := sort.Search(len(rows), func(i int) bool { return rows[i].RowID >= id })
			if i == len(rows) || rows[i].RowID != id || in.Value(j) <= out[i].decidedIn {
				continue
			}
			e := effective{decidedIn: in.Value(j), decision: b.str(2, j), stage: b.str(3, j), reason: b.str(4, j)}
			if of.IsValid(j) {
				e.duplicateOf = of.Value(j)
			}
			out[i] = e
		}
		return nil
	})
}

// beforeLines is the part of a profile that its line rules have no say in: a
// row that it drops needs no text.
func beforeLines(p text.Profile) text.Profile {
	for i, s := range p.Stages {
		if s == text.StageC4 || s == text.StageFineWeb {
			p.Stages = p.Stages[:i]
			break
		}
	}
	return p
}
