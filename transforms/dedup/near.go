package dedup

import (
	"context"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Which of a cluster of new rows survives.
const (
	SurvivorLongest = "longest" // most bytes of text, then the smallest doc_id, then the smallest row_id
	SurvivorFirst   = "first"   // smallest row_id
	SurvivorLast    = "last"    // largest row_id
)

// Options say which rows are near and who survives. All fields are required.
type Options struct {
	Scheme        string  // of the signatures
	Survivor      string  // SurvivorLongest, SurvivorFirst or SurvivorLast
	MinSimilarity float64 // least share of equal signature values, 0 to 1; 0: an equal band is enough
	Verify        bool    // ask for the true Jaccard similarity as well
	MinJaccard    float64 // least true similarity under Verify
}

// narrows reports whether an equal band is not enough.
func (o Options) narrows() bool { return o.MinSimilarity > 0 || o.Verify }

func (o Options) scheme() minhash.Scheme {
	s, err := minhash.Lookup(o.Scheme)
	if err != nil {
		panic("dedup: " + err.Error())
	}
	return s
}

// Input is what near dedup works on.
type Input struct {
	Options
	Shards     int              // of Kept, and tasks of most stages. Required.
	Kept       []Segment        // band entries of tonight's rows that the filters keep, Shards wide
	Documents  []FileRef        // tonight's text.documents
	Signatures []FileRef        // tonight's signatures
	Old        Index            // the lake before tonight
	Exclude    []Segment        // old rows that take no part as such, see ExcludeEntry
	Bounds     []datasets.RowID // unit i has tonight's rows from Bounds[i] to before Bounds[i+1]
	TaskEdges  int              // edges of the graph that one task holds in memory. Defaults to 2^19.
}

// Result is what near dedup found.
type Result struct {
	Outcomes [][]Segment // by unit: what becomes of its rows; see ReadOutcomes
	Clusters int64       // near-duplicate clusters with a row of tonight
	Largest  []Cluster   // the largest of them, largest first
	Bridges  int64       // rows near to more than one published row
	Rounds   int         // of the distributed part of the search for connected components
}

// Near finds near duplicates among tonight's rows and the published ones.
func Near(ctx context.Context, r Runner, in Input) (Result, error) {
	if in.TaskEdges == 0 {
		in.TaskEdges = 1 << 19
	}
	n := &near{
		Input: in, r: r,
		sigs:  files(in.Signatures, in.Old.Signatures),
		docs:  files(in.Documents, in.Old.Documents),
		units: finishRanges(in.Bounds, in.Shards),
	}
	n.oldCuts = rowCuts(in.Old.Decisions, in.Shards)
	n.sigCuts = rowCuts(n.sigs, in.Shards)
	res := Result{Outcomes: make([][]Segment, max(len(in.Bounds)-1, 0))}
	if len(in.Kept) == 0 || len(res.Outcomes) == 0 {
		return res, nil
	}
	return res, n.run(ctx, &res)
}

// near drives the stages of one run.
type near struct {
	Input
	r       Runner
	sigs    []FileRef // signatures of all rows
	docs    []FileRef
	oldCuts cuts // old rows, for Settle
	sigCuts cuts // all rows, for Sign
	units   unitRanges

	edges    []Segment // of the graph of near rows
	contacts []Segment // tonight's rows with published ones, by finish shard
	requests []Segment // pairs of rows to compare in the end, by sign shard
}

func (n *near) run(ctx context.Context, res *Result) error {
	pairs, err := n.match(ctx)
	if err != nil {
		return err
	}
	if err := n.narrow(ctx, pairs); err != nil {
		return err
	}
	graph, rounds, err := n.components(ctx)
	res.Rounds = rounds
	if err != nil || len(graph) == 0 {
		return err
	}
	base, err := n.resolve(ctx, graph, res)
	if err != nil {
		return err
	}
	signed, err := n.sign(ctx, n.requests, "finish")
	if err != nil {
		return err
	}
	return n.finish(ctx, base, signed, res)
}

// match finds rows with a band in common: edges among tonight's rows, and old
// rows, which settle and pair turn into edges to published ones. When that is
// not enough to be near, it returns the pairs to look at, by sign shard.
func (n *near) match(ctx context.Context) (pairs []Segment, err error) {
	tasks := make([]matchTask, n.Shards)
	for i, segs := range byShard(n.Shards, n.Kept) {
		tasks[i] = matchTask{Shard: i, Shards: n.Shards, Segments: segs, Bands: n.Old.Bands,
			Narrow: n.narrows(), OldCuts: n.oldCuts, SigCuts: n.sigCuts}
	}
	results, err := run[matchResult](ctx, n.r, stageMatch, tasks)
	if err != nil {
		return nil, err
	}
	var probes, touched []Segment
	for _, r := range results {
		n.edges = append(n.edges, r.Edges...)
		pairs = append(pairs, r.Pairs...)
		probes = append(probes, r.Probes...)
		touched = append(touched, r.Touched...)
	}
	settled, err := n.settle(ctx, probes)
	if err != nil || len(settled) == 0 {
		return pairs, err
	}
	more, err := n.pair(ctx, touched, settled)
	return append(pairs, more...), err
}

// maxHops bounds how often a near duplicate stands for a row that stands for
// another.
const maxHops = 32

// settle finds the published rows that old rows are or stand for. A row that
// stands for another costs a further pass, over those rows only.
func (n *near) settle(ctx context.Context, probes []Segment) ([]Segment, error) {
	var settled []Segment
	for hop := 0; len(probes) > 0; hop++ {
		tasks := make([]settleTask, 0, n.oldCuts.shards())
		for shard, segs := range byShard(n.oldCuts.shards(), probes) {
			if len(segs) > 0 {
				tasks = append(tasks, settleTask{Task: len(tasks), Hop: hop, Shard: shard, Probes: segs, Decisions: n.Old.Decisions,
					Exclude: n.Exclude, Shards: n.Shards, OldCuts: n.oldCuts, Last: hop+1 == maxHops})
			}
		}
		results, err := run[settleResult](ctx, n.r, stageSettle, tasks)
		if err != nil {
			return nil, err
		}
		probes = nil
		for _, r := range results {
			settled = append(settled, r.Settled...)
			probes = append(probes, r.Next...)
			n.edges = append(n.edges, r.Clusters...)
		}
	}
	return settled, nil
}

// pair joins tonight's rows and the published ones of the same bucket.
func (n *near) pair(ctx context.Context, touched, settled []Segment) (pairs []Segment, err error) {
	tasks := make([]pairTask, n.Shards)
	rows := byShard(n.Shards, touched)
	for i, segs := range byShard(n.Shards, settled) {
		tasks[i] = pairTask{Shard: i, Touched: rows[i], Settled: segs, Narrow: n.narrows(), SigCuts: n.sigCuts, RowCuts: n.units.cuts}
	}
	results, err := run[pairResult](ctx, n.r, stagePair, tasks)
	for _, r := range results {
		pairs = append(pairs, r.Pairs...)
		n.edges = append(n.edges, r.Edges...)
		n.contacts = append(n.contacts, r.Contacts...)
		n.requests = append(n.requests, r.Requests...)
	}
	return pairs, err
}

// narrow turns pairs that are similar enough into edges and contacts.
func (n *near) narrow(ctx context.Context, pairs []Segment) error {
	signed, err := n.sign(ctx, pairs, "narrow")
	if err != nil {
		return err
	}
	var tasks []narrowTask
	for shard, segs := range byShard(n.units.cuts.shards(), signed) {
		if len(segs) > 0 {
			tasks = append(tasks, narrowTask{Shard: shard, Signed: segs, Signatures: n.sigs, Documents: n.docs, Options: n.Options, RowCuts: n.units.cuts})
		}
	}
	results, err := run[narrowResult](ctx, n.r, stageNarrow, tasks)
	for _, r := range results {
		n.edges = append(n.edges, r.Edges...)
		n.contacts = append(n.contacts, r.Contacts...)
	}
	return err
}

// sign attaches to each pair the signature of its first row, and hands it to
// the shard of the other.
func (n *near) sign(ctx context.Context, pairs []Segment, purpose string) ([]Segment, error) {
	var tasks []signTask
	for shard, segs := range byShard(n.sigCuts.shards(), pairs) {
		if len(segs) > 0 {
			tasks = append(tasks, signTask{Shard: shard, Purpose: purpose, Pairs: segs, Signatures: n.sigs, Scheme: n.Scheme, RowCuts: n.units.cuts})
		}
	}
	results, err := run[signResult](ctx, n.r, stageSign, tasks)
	var signed []Segment
	for _, r := range results {
		signed = append(signed, r.Signed...)
	}
	return signed, err
}

// resolve decides what becomes of each member of a cluster, but for the choice
// among several published rows.
func (n *near) resolve(ctx context.Context, graph [][]Segment, res *Result) (base []Segment, err error) {
	var tasks []resolveTask
	for shard, segs := range graph {
		if len(segs) > 0 {
			tasks = append(tasks, resolveTask{Shard: shard, Graph: segs, Options: n.Options, Documents: n.docs, SigCuts: n.sigCuts, RowCuts: n.units.cuts})
		}
	}
	results, err := run[resolveResult](ctx, n.r, stageResolve, tasks)
	var largest largest
	for _, r := range results {
		base = append(base, r.Base...)
		n.requests = append(n.requests, r.Requests...)
		res.Clusters += r.Clusters
		for _, c := range r.Largest {
			largest.add(c)
		}
	}
	res.Largest = largest
	return base, err
}

// finish compares duplicates with their survivors and writes the outcomes.
func (n *near) finish(ctx context.Context, base, signed []Segment, res *Result) error {
	shards := n.units.cuts.shards()
	bases, contacts, sigs := byShard(shards, base), byShard(shards, n.contacts), byShard(shards, signed)
	var tasks []finishTask
	for shard := range shards {
		if len(bases[shard]) > 0 {
			first, bounds := n.units.of(shard)
			tasks = append(tasks, finishTask{Shard: shard, Base: bases[shard], Contacts: contacts[shard], Signed: sigs[shard],
				FirstUnit: first, Bounds: bounds, Signatures: n.sigs, Documents: n.docs, Options: n.Options})
		}
	}
	results, err := run[finishResult](ctx, n.r, stageFinish, tasks)
	for _, r := range results {
		res.Bridges += r.Bridges
		for _, s := range r.Outcomes {
			res.Outcomes[s.Shard] = append(res.Outcomes[s.Shard], s)
		}
	}
	return err
}

// files joins lists of files, each file once, in the order of their rows.
func files(lists ...[]FileRef) []FileRef {
	seen := map[string]bool{}
	var out []FileRef
	for _, list := range lists {
		for _, f := range list {
			if !seen[f.Path] {
				seen[f.Path] = true
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, byRows)
	return out
}
