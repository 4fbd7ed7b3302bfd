package pipelines

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
	"github.com/chimera-1/chimera/transforms/text"
)

func init() {
	lakeio.Register("judge", judgeStage)
	lakeio.Register("orphans", orphansStage)
	lakeio.Register("candidates", candidatesStage)
	lakeio.Register("rewrite", rewriteStage)
}

// redecide applies the profile to the stored signals of every document. What
// the filters newly keep is compared with what is published, like a night's
// new rows; what they no longer keep gets a tombstone.
func (r *run) redecide(ctx context.Context) (Summary, error) {
	judged, tasks, err := r.judge(ctx)
	if err != nil {
		return Summary{}, err
	}
	orphans, err := r.orphans(ctx, tasks, judged)
	if err != nil {
		return Summary{}, err
	}
	cands, err := r.candidates(ctx, tasks, judged, orphans)
	if err != nil {
		return Summary{}, err
	}
	var in nearInput
	for i, c := range cands {
		in.kept = append(in.kept, c.Kept...)
		in.bounds = append(in.bounds, judged[i].Lo)
		in.exclude = append(in.exclude, c.Exclude...)
	}
	if n := len(judged); n > 0 {
		in.bounds = append(in.bounds, judged[n-1].Hi+1)
	}
	in.docs, in.signatures = r.old.Documents, nil
	found, err := r.near(ctx, in)
	if err != nil {
		return Summary{}, err
	}
	written, err := r.rewrite(ctx, tasks, judged, cands, found.Outcomes)
	if err != nil {
		return Summary{}, err
	}
	return r.publishRedecided(ctx, judged, written)
}

func (r *run) judgeTasks(ctx context.Context) ([]judgeTask, error) {
	stored, published, err := r.storedProfiles(ctx)
	if err != nil {
		return nil, err
	}
	r.warnOf(stored)
	r.warnOfEdits(published)
	var tasks []judgeTask
	for i, f := range r.oldDocs {
		p, err := storedProfile(stored, r.old.Documents[i])
		if err != nil {
			return nil, err
		}
		for g := range max(len(f.Splits), 1) {
			tasks = append(tasks, judgeTask{Part: len(tasks), Documents: r.old.Documents[i], Group: g, Decisions: r.old.Decisions,
				Profile: r.c.Profile, Stored: p, Generation: r.plan.Generation, Shards: r.plan.Shards})
		}
	}
	return tasks, nil
}

func (r *run) judge(ctx context.Context) ([]judgeResult, []judgeTask, error) {
	tasks, err := r.judgeTasks(ctx)
	if err != nil {
		return nil, nil, err
	}
	results, err := stage[judgeTask, judgeResult](ctx, r, "judge", 0, tasks, nil)
	if err != nil {
		return nil, nil, err
	}
	var judged []judgeResult
	var parts []judgeTask
	for i, res := range results {
		if res.Hi > 0 { // an empty row group has no rows to bound
			judged, parts = append(judged, res), append(parts, tasks[i])
		}
	}
	return judged, parts, nil
}

type orphansTask struct {
	Segments []dedup.Segment
	Los      []int64 // first row id of each part, ascending
}

type orphansResult struct{ Pairs []pairRef } // by part; Survivor is the row that leaves

// orphansStage finds, in one shard, the near duplicates whose survivor leaves.
func orphansStage(ctx context.Context, env lakeio.Env, t orphansTask) (orphansResult, error) {
	var pairs []pair
	leaving := int64(-1)
	err := dedup.Merge(ctx, env.Store, t.Segments, func(e dedup.Entry) error {
		if e.Row == leaves {
			leaving = int64(e.Check)
		} else if int64(e.Check) == leaving {
			pairs = append(pairs, pair{e.Row, leaving})
		}
		return nil
	})
	if err != nil || len(pairs) == 0 {
		return orphansResult{}, err
	}
	sortPairs(pairs)
	path := fmt.Sprintf("%sorphans/%s-%s.pairs", env.Scratch, randomSuffix(), env.Attempt)
	refs, err := writePairs(ctx, env.Store, path, pairs, func(row int64) int { return partOf(t.Los, row) })
	return orphansResult{refs}, err
}

// partOf is the last part that starts at or before the row.
func partOf(los []int64, row int64) int {
	lo, hi := 0, len(los)
	for lo < hi {
		if mid := (lo + hi) / 2; los[mid] <= row {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

func (r *run) orphans(ctx context.Context, parts []judgeTask, judged []judgeResult) (map[int][]pairRef, error) {
	tasks := make([]orphansTask, r.plan.Shards)
	var los []int64
	for _, j := range judged {
		los = append(los, j.Lo)
		for _, s := range j.Orphans {
			tasks[s.Shard].Segments = append(tasks[s.Shard].Segments, s)
		}
	}
	for i := range tasks {
		tasks[i].Los = los
	}
	results, err := stage[orphansTask, orphansResult](ctx, r, "orphans", 0, tasks, nil)
	if err != nil {
		return nil, err
	}
	out := map[int][]pairRef{}
	for _, res := range results {
		for _, p := range res.Pairs {
			out[p.Unit] = append(out[p.Unit], p)
		}
	}
	return out, nil
}

type candidatesTask struct {
	Judged     judgeResult
	Part       int
	Orphans    []pairRef
	Signatures []dedup.FileRef
	Scheme     string
	Generation int32
	Shards     int
}

type candidatesResult struct {
	Decisions unitFile        // first decisions, orphans included, sorted by row
	Kept      []dedup.Segment // band entries of the rows that compete
	Exclude   []dedup.Segment // rows whose old decision no longer counts
}

// candidatesStage gathers what competes in one part: rows newly kept and
// orphans. Their band entries come from the stored signatures.
func candidatesStage(ctx context.Context, env lakeio.Env, t candidatesTask) (candidatesResult, error) {
	decisions, err := readAll[datasets.Decision](ctx, env, t.Judged.Decisions.Path)
	if err != nil {
		return candidatesResult{}, err
	}
	orphans, err := readPairs(ctx, env.Store, t.Orphans)
	if err != nil {
		return candidatesResult{}, err
	}
	decisions = withOrphans(decisions, orphans, t.Generation)
	var res candidatesResult
	out := newRowFile[datasets.Decision](env, "candidates", t.Part, "decisions")
	defer out.abort()
	var rows []int64
	var exclude []dedup.Entry
	for _, d := range decisions {
		if d.Decision == datasets.Keep {
			rows = append(rows, d.RowID)
		}
		exclude = append(exclude, dedup.ExcludeEntry(d.RowID))
		if err := out.add(ctx, d, 0); err != nil {
			return res, err
		}
	}
	if res.Decisions, err = out.close(ctx); err != nil {
		return res, err
	}
	entries, err := bandEntries(ctx, env, t, rows)
	if err != nil {
		return res, err
	}
	base := fmt.Sprintf("%scandidates/%06d-%s", env.Scratch, t.Part, env.Attempt)
	if res.Kept, err = dedup.WriteEntries(ctx, env.Store, base+"-kept.spill", t.Shards, entries); err != nil {
		return res, err
	}
	res.Exclude, err = dedup.WriteEntries(ctx, env.Store, base+"-exclude.spill", 1, exclude)
	return res, err
}

// withOrphans merges a first decision to keep for every orphan into decisions.
func withOrphans(decisions []datasets.Decision, orphans []pair, generation int32) []datasets.Decision {
	out := make([]datasets.Decision, 0, len(decisions)+len(orphans))
	for _, o := range orphans {
		for len(decisions) > 0 && decisions[0].RowID < o.Row {
			out, decisions = append(out, decisions[0]), decisions[1:]
		}
		out = append(out, datasets.Decision{RowID: o.Row, DecidedIn: generation, Decision: datasets.Keep})
	}
	return append(out, decisions...)
}

func bandEntries(ctx context.Context, env lakeio.Env, t candidatesTask, rows []int64) ([]dedup.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	scheme := mustScheme(t.Scheme)
	var entries []dedup.Entry
	err := dedup.LookupSignatures(ctx, env.Store, t.Signatures, rows, func(row int64, sig []byte) error {
		entries = dedup.AppendBands(entries, scheme, sig, row)
		return nil
	})
	return entries, err
}

func (r *run) candidates(ctx context.Context, parts []judgeTask, judged []judgeResult, orphans map[int][]pairRef) ([]candidatesResult, error) {
	tasks := make([]candidatesTask, len(parts))
	for i := range parts {
		tasks[i] = candidatesTask{Judged: judged[i], Part: i, Orphans: orphans[i], Signatures: r.old.Signatures, Scheme: r.c.Dedup.Scheme,
			Generation: r.plan.Generation, Shards: r.plan.Shards}
		tasks[i].Judged.Orphans, tasks[i].Judged.Counts, tasks[i].Judged.Sketches = nil, counts{}, sketches{}
	}
	return stage[candidatesTask, candidatesResult](ctx, r, "candidates", 0, tasks, nil)
}

type rewriteTask struct {
	Write     writeTask // its Documents is the lake's file
	Decisions unitFile
}

type rewriteResult struct {
	Decisions unitFile
	Training  unitFile
	Counts    counts
	Sketches  sketches // of the rows that drop
	TextBytes int64
}

// rewriteStage settles one part: final decisions and the texts of rows that join.
func rewriteStage(ctx context.Context, env lakeio.Env, t rewriteTask) (rewriteResult, error) {
	res := rewriteResult{Counts: newCounts(), Sketches: newSketches(t.Write.Profile)}
	decisions, err := readAll[datasets.Decision](ctx, env, t.Decisions.Path)
	if err != nil || len(decisions) == 0 {
		return res, err
	}
	if err := settle(ctx, env, t.Write, decisions); err != nil {
		return res, err
	}
	out := newRowFile[datasets.Decision](env, "rewrite", t.Write.Unit, "decisions")
	defer out.abort()
	var joins []int64
	for _, d := range decisions {
		if d.Decision == datasets.Keep {
			joins = append(joins, d.RowID)
		}
		res.Counts.decision(d, "", t.Write.Generation)
		if d.Decision == datasets.Drop {
			res.Sketches.drop(d.Stage, d.Reason)
		}
		if err := out.add(ctx, d, 0); err != nil {
			return res, err
		}
	}
	if res.Decisions, err = out.close(ctx); err != nil {
		return res, err
	}
	err = t.join(ctx, env, joins, &res)
	return res, err
}

// join writes the texts of rows that join training.text.
func (t rewriteTask) join(ctx context.Context, env lakeio.Env, rows []int64, res *rewriteResult) error {
	if len(rows) == 0 {
		return nil
	}
	out := newRowFile[datasets.Training](env, "rewrite", t.Write.Unit, "training")
	defer out.abort()
	w := trainer{t: t.Write, out: out, editor: text.NewAnalyzer(t.Write.Profile.Lines)}
	err := lookupTexts(ctx, env, t.Write.Documents.Path, rows,
		func(row int64, d docView) error { return w.add(ctx, row, d) },
		func() error { return w.flush(ctx) })
	if err != nil {
		return err
	}
	res.TextBytes = w.bytes
	res.Training, err = out.close(ctx)
	return err
}

func (r *run) rewrite(ctx context.Context, parts []judgeTask, judged []judgeResult, cands []candidatesResult, outcomes [][]dedup.Segment) ([]rewriteResult, error) {
	all, err := share(ctx, r, "documents", r.old.Documents)
	if err != nil {
		return nil, err
	}
	tasks := make([]rewriteTask, len(parts))
	for i, p := range parts {
		tasks[i] = rewriteTask{Decisions: cands[i].Decisions, Write: writeTask{Unit: i, Generation: r.plan.Generation,
			Documents: unitFile{Path: p.Documents.Path}, Outcomes: outcomes[i], IDs: all, Profile: r.c.Profile, Weight: r.c.Weight}}
	}
	return stage[rewriteTask, rewriteResult](ctx, r, "rewrite", 0, tasks, nil)
}

// publishRedecided commits new decisions over the same documents.
func (r *run) publishRedecided(ctx context.Context, judged []judgeResult, written []rewriteResult) (Summary, error) {
	total, files, red := newCounts(), map[string][]unitFile{}, Redecided{}
	var seen []signalsResult // what the report shows of the rows
	for i, w := range written {
		total.add(w.Counts)
		files[datasets.TableDecisions] = append(files[datasets.TableDecisions], w.Decisions)
		files[datasets.TableTraining] = append(files[datasets.TableTraining], w.Training)
		files[datasets.TableTombstones] = append(files[datasets.TableTombstones], judged[i].Tombs)
		seen = append(seen, signalsResult{Sketches: judged[i].Sketches}, signalsResult{Sketches: w.Sketches})
		red.Rows += judged[i].Judged
		red.TextReread += judged[i].Reread
		red.Joined += w.Training.Rows
		red.Left += judged[i].Tombs.Rows
	}
	packed, err := r.pack(ctx, files)
	if err != nil {
		return Summary{}, err
	}
	changes := map[string]lake.Change{}
	for table, fs := range packed {
		changes[table] = lake.Change{Add: fs}
	}
	s := Summary{Job: r.c.job(), RunID: r.id, Date: r.c.Date, Generation: r.plan.Generation, Tag: datasets.Tag(r.plan.Generation), Status: "published",
		Profile: r.c.Profile.Name, DroppedBy: total.DroppedBy, RejectedBy: total.RejectedBy, Lake: r.l.URI(), Redecided: &red}
	s.Input.Rows = total.Kept + total.Dropped + total.Duplicate // rows whose decision changes
	s.Output.Kept, s.Output.Dropped, s.Output.Duplicate = total.Kept, total.Dropped, total.Duplicate
	s.Duplicates.Exact, s.Duplicates.Near, s.Duplicates.Old = total.Exact, total.Near, total.Old
	in := &counted{r: r}
	return r.commit(ctx, s, changes, r.reportOf(s, in, total, seen))
}
