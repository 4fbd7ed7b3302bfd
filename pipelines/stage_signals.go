package pipelines

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/lakeio"
	"github.com/chimera-1/chimera/transforms/text"
)

type signalsTask struct {
	Read      readTask
	Digests   []digest      // of the rows as they were read first
	Base      int64         // ordinal of the unit's first counted row in the night
	UnitBases shared[int64] // Base of every unit; only if there are Pairs
	Pairs     []pairRef
	Profile   text.Profile
	Signals   bool // compute the filters' figures
	Scheme    string
	ExactOnly bool
	NoText    bool
	Shards    int
	Started   time.Time
	Scanned   bool   // the input is not read again: what is known of its rows
	Scan      string // lies in this scan file; empty if there are none
}

type signalsResult struct {
	Read      int64    // bytes of input read
	Rows      unitFile // text.documents of the unit
	Decisions unitFile // first decisions; write settles the kept ones
	Sigs      unitFile // signature rows of text.bands
	Rejects   unitFile
	Content   []dedup.Segment // contents seen for the first time, by row id
	Kept      []dedup.Segment // band entries of rows that the filters keep
	Rest      []dedup.Segment // band entries of the others
	Counts    counts
	Sketches  sketches
}

// unitFile is a Parquet file that one unit made.
type unitFile struct {
	Path   string
	Rows   int64
	Bytes  int64
	Lo, Hi int64 // smallest and largest row id
}

// signalsStage reads a unit again and writes what is known of its rows for
// good: text.documents, the first decisions, signatures and rejects.
func signalsStage(ctx context.Context, env lakeio.Env, t signalsTask) (signalsResult, error) {
	u, err := newUnitWriter(ctx, env, t)
	if err != nil {
		return signalsResult{}, err
	}
	defer u.abort()
	if u.res.Read, err = t.eachRow(ctx, env, func(row scanned) error { return u.row(ctx, row) }); err != nil {
		return signalsResult{}, err
	}
	return u.finish(ctx)
}

// eachRow calls yield for the unit's rows, from its scan file or its input, and
// returns how many bytes of input were read.
func (t signalsTask) eachRow(ctx context.Context, env lakeio.Env, yield func(scanned) error) (int64, error) {
	if t.Scanned {
		return 0, t.Read.eachScanned(ctx, env, t.Scan, yield)
	}
	digests := make([]digest, len(t.Read.Parts))
	ends, err := t.Read.eachRow(ctx, func(row inputRow) error {
		s := scan(row)
		digests[row.Part].add(s.digest())
		return yield(s)
	})
	if err != nil {
		return 0, err
	}
	return bytesOf(ends), t.Read.sameRows(t.Digests, digests)
}

// unitWriter holds what signalsStage makes of one unit.
type unitWriter struct {
	env      lakeio.Env
	t        signalsTask
	pairs    []pair
	bases    []int64 // of all units
	analyzer *text.Analyzer
	scheme   minhash.Scheme
	signer   *signer

	documents documentFile
	decisions *rowFile[datasets.Decision]
	sigs      *rowFile[datasets.Band]
	rejects   *rowFile[datasets.Reject]
	arena     arena
	names     names

	content, kept, rest []dedup.Entry
	res                 signalsResult
}

func newUnitWriter(ctx context.Context, env lakeio.Env, t signalsTask) (*unitWriter, error) {
	pairs, err := readPairs(ctx, env.Store, t.Pairs)
	if err != nil {
		return nil, err
	}
	var bases []int64
	if len(pairs) > 0 {
		if bases, err = t.UnitBases.read(ctx, env); err != nil {
			return nil, err
		}
	}
	scheme := mustScheme(t.Scheme)
	u := &unitWriter{bases: bases, env: env, names: names{}, t: t, pairs: pairs, scheme: scheme, signer: newSigner(scheme), analyzer: text.NewAnalyzer(t.Profile.Lines)}
	u.documents = newDocumentFile(env, t.Read.Unit, t.Signals)
	u.decisions = newRowFile[datasets.Decision](env, "signals", t.Read.Unit, "decisions")
	u.sigs = newRowFile[datasets.Band](env, "signals", t.Read.Unit, "signatures")
	u.rejects = newRowFile[datasets.Reject](env, "signals", t.Read.Unit, "rejects")
	u.content, u.kept, u.rest = takeEntries(), takeEntries(), takeEntries()
	u.res.Counts = newCounts()
	u.res.Sketches = newSketches(t.Profile)
	return u, nil
}

// abort drops what is unfinished and lets go of memory.
func (u *unitWriter) abort() {
	giveEntries(u.content, u.kept, u.rest)
	u.documents.abort()
	u.decisions.abort()
	u.sigs.abort()
	u.rejects.abort()
}

func (u *unitWriter) row(ctx context.Context, in scanned) error {
	if in.Reject != nil {
		return u.reject(ctx, *in.Reject)
	}
	id := datasets.MakeRowID(u.t.Read.Generation, u.t.Base+in.Ordinal)
	d := datasets.Document{
		RowID: id, Source: u.names.keep(in.Source), OriginFile: u.names.keep(in.File), OriginRow: in.Number,
		TextBytes: in.TextBytes, ContentHash: in.Content,
		Generation: u.t.Read.Generation, RunID: u.t.Read.RunID, IngestedAt: u.t.Started, Edits: u.names.keep(in.Edits),
	}
	d.DocID = u.arena.copy(in.ID)
	if d.DocID == "" {
		d.DocID = hex.EncodeToString(d.ContentHash[:])
	}
	dec := datasets.Decision{RowID: id, DecidedIn: u.t.Read.Generation}
	if survivor, dup := u.duplicateOf(in.Ordinal); dup {
		one := float32(1)
		dec.Decision, dec.Stage, dec.Reason = datasets.Duplicate, datasets.StageDedup, datasets.ReasonExact
		dec.DuplicateOf, dec.Similarity = &survivor, &one
	} else {
		u.fresh(&d, &dec, in)
	}
	u.res.Counts.document(d.Source, d.TextBytes)
	if err := u.documents.add(ctx, d, d.TextBytes); err != nil {
		return err
	}
	if u.documents.flushed() { // then nothing but signatures points into the arena
		if err := u.sigs.flush(ctx); err != nil {
			return err
		}
		u.arena.reset()
	}
	return u.decisions.add(ctx, dec, 0)
}

// fresh does for a row with new content what an exact duplicate is spared:
// text, figures, verdict, signature.
func (u *unitWriter) fresh(d *datasets.Document, dec *datasets.Decision, in scanned) {
	if !u.t.NoText {
		kept := u.arena.copy(in.Text)
		d.Text = &kept
	}
	verdict := text.Verdict{Keep: true}
	if u.t.Signals {
		d.Signals = u.analyzer.Analyze(in.Text)
	}
	switch {
	case in.Blank:
		verdict = text.Verdict{Stage: datasets.StageInput, Reason: datasets.ReasonEmpty}
	case u.t.Signals:
		verdict = u.t.Profile.Decide(d.Signals)
		u.res.Sketches.add(d, rowName(d.OriginFile, d.OriginRow), verdict, in.Text)
	}
	dec.Decision = datasets.Keep
	if !verdict.Keep {
		dec.Decision, dec.Stage, dec.Reason = datasets.Drop, verdict.Stage, verdict.Reason
	}
	if !in.Blank {
		u.content = append(u.content, contentEntry(d.ContentHash, d.RowID))
		u.sign(d.RowID, in, verdict.Keep)
	}
}

// sign gives the row its signature and its entries in the band index.
func (u *unitWriter) sign(row int64, in scanned, keep bool) {
	if u.t.ExactOnly {
		return
	}
	if !in.Signature.Known {
		in.Signature = u.signer.sign(in.Text)
	}
	if len(in.Signature.Value) == 0 {
		return
	}
	sig := append(u.arena.grow(len(in.Signature.Value)), in.Signature.Value...)
	entries := &u.rest
	if keep {
		entries = &u.kept
	}
	*entries = dedup.AppendBands(*entries, u.scheme, sig, row)
	u.sigs.pending = append(u.sigs.pending, datasets.Band{Band: datasets.BandSignature, Key: row, RowID: row, Signature: &sig})
}

// mustScheme returns the scheme of a name that Validate has let pass.
func mustScheme(name string) minhash.Scheme {
	s, err := minhash.Lookup(name)
	if err != nil {
		panic("pipelines: scheme was validated: " + err.Error())
	}
	return s
}

// duplicateOf looks the row up among the exact duplicates, which come in row order.
func (u *unitWriter) duplicateOf(ordinal int64) (int64, bool) {
	local := localRow(u.t.Read.Unit, ordinal)
	for len(u.pairs) > 0 && u.pairs[0].Row < local {
		u.pairs = u.pairs[1:]
	}
	if len(u.pairs) == 0 || u.pairs[0].Row != local {
		return 0, false
	}
	s := u.pairs[0].Survivor
	if s&localBit != 0 {
		s = datasets.MakeRowID(u.t.Read.Generation, u.bases[unitOf(s)]+s&(1<<40-1))
	}
	return s, true
}

func (u *unitWriter) reject(ctx context.Context, r datasets.Reject) error {
	r.RunID = u.t.Read.RunID
	u.res.Counts.reject(r)
	return u.rejects.add(ctx, r, 0)
}

func (u *unitWriter) finish(ctx context.Context) (signalsResult, error) {
	res := &u.res
	var err error
	keep := func(f *unitFile, g unitFile, e error) {
		*f = g
		if err == nil {
			err = e
		}
	}
	f, e := u.documents.close(ctx)
	keep(&res.Rows, f, e)
	f, e = u.decisions.close(ctx)
	keep(&res.Decisions, f, e)
	f, e = u.sigs.close(ctx)
	keep(&res.Sigs, f, e)
	f, e = u.rejects.close(ctx)
	keep(&res.Rejects, f, e)
	if err != nil {
		return signalsResult{}, err
	}
	for _, s := range []struct {
		name    string
		entries []dedup.Entry
		out     *[]dedup.Segment
	}{{"content", u.content, &res.Content}, {"kept", u.kept, &res.Kept}, {"rest", u.rest, &res.Rest}} {
		path := fmt.Sprintf("%ssignals/%06d-%s-%s.spill", u.env.Scratch, u.t.Read.Unit, s.name, u.env.Attempt)
		if *s.out, err = dedup.WriteEntries(ctx, u.env.Store, path, u.t.Shards, s.entries); err != nil {
			return signalsResult{}, err
		}
	}
	return *res, nil
}

// rowFile is a Parquet file of the scratch folder, made when its first row is written.
type rowFile[T any] struct {
	env     lakeio.Env
	path    string
	pending []T
	bytes   int64
	rows    int64
	out     store.Writer
	w       *parquetio.Writer[T]
}

func newRowFile[T any](env lakeio.Env, stage string, unit int, what string) *rowFile[T] {
	return &rowFile[T]{env: env, path: fmt.Sprintf("%s%s/%06d-%s-%s.parquet", env.Scratch, stage, unit, what, env.Attempt)}
}

// batchBytes and batchRows bound the rows that wait to be written at once.
const (
	batchBytes = 1 << 20
	batchRows  = 512
)

// add queues a row; when a batch is full it is written.
func (f *rowFile[T]) add(ctx context.Context, row T, bytes int64) error {
	f.pending = append(f.pending, row)
	f.bytes += bytes
	if f.bytes < batchBytes && len(f.pending) < batchRows {
		return nil
	}
	return f.flush(ctx)
}

// flushed reports whether no row waits: memory the rows pointed at is free.
func (f *rowFile[T]) flushed() bool { return len(f.pending) == 0 }

func (f *rowFile[T]) flush(ctx context.Context) error {
	if len(f.pending) == 0 {
		return nil
	}
	if f.w == nil {
		out, err := f.env.Store.Create(ctx, f.path, store.Condition{})
		if err != nil {
			return err
		}
		f.out, f.w = out, parquetio.NewWriter[T](out, parquetio.WriterOptions{NoDigest: true})
	}
	if err := f.w.Write(f.pending); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	f.rows += int64(len(f.pending))
	clear(f.pending)
	f.pending, f.bytes = f.pending[:0], 0
	return nil
}

func (f *rowFile[T]) close(ctx context.Context) (unitFile, error) {
	if err := f.flush(ctx); err != nil || f.w == nil {
		return unitFile{}, err
	}
	info, err := f.w.Close()
	if err != nil {
		return unitFile{}, fmt.Errorf("write %s: %w", f.path, err)
	}
	out := f.out
	f.out = nil
	if _, err := out.Commit(ctx); err != nil {
		return unitFile{}, fmt.Errorf("write %s: %w", f.path, err)
	}
	return unitFile{Path: f.path, Rows: info.Rows, Bytes: info.Bytes}, nil
}

func (f *rowFile[T]) abort() {
	if f.out != nil {
		f.out.Abort()
		f.out = nil
	}
}
