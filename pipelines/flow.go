package pipelines

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

func init() {
	lakeio.Register("hash", hashStage)
	lakeio.Register("exact", exactStage)
	lakeio.Register("signals", signalsStage)
	lakeio.Register("write", writeStage)
	lakeio.Register("pack", packStage)
}

// curate runs the stages of a night over its units.
func (r *run) curate(ctx context.Context) (Summary, error) {
	hashed, err := r.hash(ctx)
	if err != nil {
		return Summary{}, err
	}
	in := r.count(hashed)
	pairs, err := r.exact(ctx, in)
	if err != nil {
		return Summary{}, err
	}
	signed, err := r.signals(ctx, in, pairs)
	if err != nil {
		return Summary{}, err
	}
	var kept []dedup.Segment
	docs := make([]dedup.FileRef, 0, len(signed))
	for i, s := range signed {
		kept = append(kept, s.Kept...)
		if s.Rows.Rows > 0 {
			docs = append(docs, dedup.FileRef{Path: s.Rows.Path, Lo: in.firstRow(i), Hi: in.lastRow(i), Rows: s.Rows.Rows})
		}
	}
	found, err := r.near(ctx, nearInput{kept: kept, docs: docs, signatures: in.signatureFiles(signed), bounds: in.rowBounds()})
	if err != nil {
		return Summary{}, err
	}
	written, err := r.write(ctx, in, signed, docs, found.Outcomes)
	if err != nil {
		return Summary{}, err
	}
	clusters, err := r.clusters(ctx, found.Largest, append(docs, r.old.Documents...))
	if err != nil {
		return Summary{}, err
	}
	return r.publish(ctx, in, signed, written, clusters)
}

// counted is the night's input once every unit has been read: where each
// unit's rows lie in the night and in their file.
type counted struct {
	r       *run
	units   []unit
	hashed  []hashResult
	base    []int64   // ordinal of the unit's first row in the night
	skipped [][]int64 // by unit and part: rows of the file before it
	rows    int64
	bytes   int64 // of the files
}

func (in *counted) firstRow(i int) int64 {
	return datasets.MakeRowID(in.r.plan.Generation, in.base[i])
}

func (in *counted) lastRow(i int) int64 {
	return datasets.MakeRowID(in.r.plan.Generation, in.base[i]+max(in.hashed[i].Rows, 1)-1)
}

// rowBounds are the first row ids of the units and, last, the one after them all.
func (in *counted) rowBounds() []int64 {
	out := make([]int64, 0, len(in.units)+1)
	for i := range in.units {
		out = append(out, in.firstRow(i))
	}
	return append(out, datasets.MakeRowID(in.r.plan.Generation, in.rows))
}

func (in *counted) signatureFiles(signed []signalsResult) []dedup.FileRef {
	var out []dedup.FileRef
	for i, s := range signed {
		if s.Sigs.Rows > 0 {
			out = append(out, dedup.FileRef{Path: s.Sigs.Path, Lo: in.firstRow(i), Hi: in.lastRow(i), Rows: s.Sigs.Rows})
		}
	}
	return out
}

func (r *run) readTask(u unit) readTask {
	t := readTask{Unit: u.ID, Normalize: r.c.Normalize, MaxRowBytes: r.c.MaxRowBytes, DropDamaged: r.c.DropDamaged,
		Generation: r.plan.Generation, RunID: r.id}
	for _, p := range u.Parts {
		f := r.plan.Files[p.File]
		t.Parts = append(t.Parts, readPart{Unit: p.Unit, Source: f.Source, Fields: f.Fields, Spool: f.Spool})
	}
	return t
}

func (r *run) inputBytes() int64 {
	var n int64
	for _, f := range r.plan.Files {
		n += f.Size
	}
	return n
}

func (r *run) hash(ctx context.Context) ([]hashResult, error) {
	tasks := make([]hashTask, len(r.plan.Units))
	for i, u := range r.plan.Units {
		tasks[i] = hashTask{Read: r.readTask(u), Shards: r.plan.Shards, Keep: r.c.readsOnce()}
		if r.c.readsOnce() && !r.c.Dedup.Exact {
			tasks[i].Scheme = r.c.Dedup.Scheme
		}
	}
	return stage(ctx, r, "hash", r.inputBytes(), tasks, func(h hashResult) float64 { return float64(bytesOf(h.Ends)) })
}

// count gives every unit its place.
func (r *run) count(hashed []hashResult) *counted {
	in := &counted{r: r, units: r.plan.Units, hashed: hashed, bytes: r.inputBytes()}
	lines := make([]int64, len(r.plan.Files))
	for i, u := range in.units {
		in.base = append(in.base, in.rows)
		in.rows += hashed[i].Rows
		var skipped []int64
		for j, p := range u.Parts {
			skipped = append(skipped, lines[p.File])
			lines[p.File] += hashed[i].Ends[j].Lines
		}
		in.skipped = append(in.skipped, skipped)
	}
	return in
}

// bytesOf is how many bytes of files were read.
func bytesOf(ends []formats.End) int64 {
	var n int64
	for _, e := range ends {
		n += e.Bytes
	}
	return n
}

// exact finds the exact duplicates, by shard, and hands each unit its own.
func (r *run) exact(ctx context.Context, in *counted) (map[int][]pairRef, error) {
	tasks := make([]exactTask, r.plan.Shards)
	for s := range tasks {
		tasks[s] = exactTask{Shard: s, Shards: r.plan.Shards, Old: dedup.Index{Content: r.old.Content}}
	}
	for _, h := range in.hashed {
		for _, seg := range h.Segments {
			tasks[seg.Shard].Segments = append(tasks[seg.Shard].Segments, seg)
		}
	}
	results, err := stage[exactTask, exactResult](ctx, r, "exact", 0, tasks, nil)
	if err != nil {
		return nil, err
	}
	pairs := map[int][]pairRef{}
	for _, res := range results {
		for _, p := range res.Pairs {
			pairs[p.Unit] = append(pairs[p.Unit], p)
		}
	}
	return pairs, nil
}

func (r *run) signals(ctx context.Context, in *counted, pairs map[int][]pairRef) ([]signalsResult, error) {
	bases, err := share(ctx, r, "bases", in.base)
	if err != nil {
		return nil, err
	}
	tasks := make([]signalsTask, len(in.units))
	for i, u := range in.units {
		read := r.readTask(u)
		for j := range read.Parts {
			read.Parts[j].Skipped = in.skipped[i][j] // so that rows are numbered as in the file
			read.Parts[j].Checked = in.hashed[i].Ends[j].Damaged
		}
		tasks[i] = signalsTask{Read: read, Digests: in.hashed[i].Digests, Base: in.base[i], Pairs: pairs[u.ID], Profile: r.c.Profile,
			Signals: r.c.Signals == "all", Scheme: r.c.Dedup.Scheme, ExactOnly: r.c.Dedup.Exact, NoText: r.c.SkipTextWrites,
			Shards: r.plan.Shards, Started: r.plan.Started, Scanned: r.c.readsOnce(), Scan: in.hashed[i].Scan}
		if len(pairs[u.ID]) > 0 {
			tasks[i].UnitBases = bases // survivors may be in any unit
		}
	}
	bytes := r.inputBytes()
	if r.c.readsOnce() {
		bytes = 0
	}
	return stage(ctx, r, "signals", bytes, tasks, func(s signalsResult) float64 { return float64(s.Read) })
}

// readsOnce reports whether texts are needed for nothing but hashes and signatures,
// so that the first reading of the input can be the only one. Other nights read
// twice, which costs less than keeping their texts anywhere.
func (c Curate) readsOnce() bool { return c.SkipTextWrites && c.Signals != "all" }

func (r *run) write(ctx context.Context, in *counted, signed []signalsResult, docs []dedup.FileRef, outcomes [][]dedup.Segment) ([]writeResult, error) {
	all, err := share(ctx, r, "documents", append(append([]dedup.FileRef(nil), r.old.Documents...), docs...))
	if err != nil {
		return nil, err
	}
	tasks := make([]writeTask, len(in.units))
	for i, s := range signed {
		tasks[i] = writeTask{Unit: in.units[i].ID, Generation: r.plan.Generation, Documents: s.Rows, Decisions: s.Decisions,
			Outcomes: outcomes[i], IDs: all, Profile: r.c.Profile, Weight: r.c.Weight, NoText: r.c.SkipTextWrites}
	}
	return stage[writeTask, writeResult](ctx, r, "write", 0, tasks, nil)
}

// checkBalance is the job's own proof that no row was lost: it holds before
// anything is committed, or the night ends here.
func checkBalance(s Summary) error {
	if !s.balanced() {
		panic(fmt.Sprintf("pipelines: %d rows came in, but %d kept + %d dropped + %d duplicate + %d rejected went out",
			s.Input.Rows, s.Output.Kept, s.Output.Dropped, s.Output.Duplicate, s.Output.Rejected))
	}
	return nil
}
