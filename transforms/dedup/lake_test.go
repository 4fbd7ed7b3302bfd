package dedup

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// shuffled runs tasks in this process, through JSON, several at once, in random
// order, and now and then twice, as a runner may.
type shuffled struct {
	env     Env
	rng     *rand.Rand
	workers int
	tasks   map[string]int
}

func (r *shuffled) Run(ctx context.Context, stage string, tasks [][]byte) ([][]byte, error) {
	if r.tasks == nil {
		r.tasks = map[string]int{}
	}
	r.tasks[stage] += len(tasks)
	out, errs := make([][]byte, len(tasks)), make([]error, len(tasks))
	order := r.rng.Perm(len(tasks))
	order = append(order, order[:len(order)/4]...)
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, max(r.workers, 1))
	for _, i := range order {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			res, err := Do(ctx, r.env, stage, tasks[i])
			mu.Lock()
			defer mu.Unlock()
			out[i], errs[i] = res, errors.Join(errs[i], err)
		}()
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// testDoc is one row of input.
type testDoc struct {
	id   string
	text string
	size int64
	sig  []byte // nil: none
	keep bool   // by the filters
}

// testLake is a lake after some nights.
type testLake struct {
	st    store.Store
	index Index
	docs  map[int64]testDoc
	// decided holds each row's decisions in the order of nights.
	decided map[int64][]datasets.Decision
	nights  int32
	// rowGroup is the size of row groups: small, so that lookups have groups to skip.
	rowGroup int64
	late     int // decisions of nights that brought in no rows
}

func newTestLake() *testLake {
	return &testLake{st: store.NewMemory(), rowGroup: 16 << 10, docs: map[int64]testDoc{}, decided: map[int64][]datasets.Decision{}}
}

// how says how a night is cut; outcomes do not depend on it.
type how struct {
	shards    int
	units     int
	workers   int
	taskEdges int
	seed      uint64
}

func writeTable[T any](t testing.TB, l *testLake, path string, rows []T, key func(T) int64) FileRef {
	t.Helper()
	ctx := context.Background()
	out, err := l.st.Create(ctx, path, store.Condition{})
	check(t, err)
	w := parquetio.NewWriter[T](out, parquetio.WriterOptions{RowGroupBytes: l.rowGroup})
	check(t, w.Write(rows))
	_, err = w.Close()
	check(t, err)
	_, err = out.Commit(ctx)
	check(t, err)
	return FileRef{Path: path, Lo: key(rows[0]), Hi: key(rows[len(rows)-1]), Rows: int64(len(rows))}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// near runs near dedup over tonight's documents.
func (l *testLake) near(t testing.TB, docs []testDoc, opt Options, h how) ([]Outcome, Result, *shuffled) {
	t.Helper()
	ctx := context.Background()
	scratch := fmt.Sprintf("scratch/%d-%d-%d-%d-%d/", l.nights+1, h.shards, h.units, h.taskEdges, h.seed)
	rng := rand.New(rand.NewPCG(h.seed, 1))
	in := Input{Options: opt, Shards: h.shards, Old: l.index, TaskEdges: h.taskEdges}
	for u := range h.units {
		from, to := u*len(docs)/h.units, (u+1)*len(docs)/h.units
		in.Bounds = append(in.Bounds, datasets.MakeRowID(l.nights+1, int64(from)))
		l.writeUnit(t, &in, scratch, u, from, docs[from:to], rng)
	}
	in.Bounds = append(in.Bounds, datasets.MakeRowID(l.nights+1, int64(len(docs))))
	rng.Shuffle(len(in.Kept), func(i, j int) { in.Kept[i], in.Kept[j] = in.Kept[j], in.Kept[i] })
	r := &shuffled{env: Env{l.st, scratch, "a1"}, rng: rng, workers: h.workers}
	res, err := Near(ctx, r, in)
	check(t, err)
	var out []Outcome
	for u, segs := range res.Outcomes {
		check(t, ReadOutcomes(ctx, l.st, segs, func(o Outcome) error {
			if o.Row < in.Bounds[u] || o.Row >= in.Bounds[u+1] {
				t.Errorf("unit %d has an outcome of row %d", u, o.Row)
			}
			out = append(out, o)
			return nil
		}))
	}
	return out, res, r
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// writeUnit leaves what the stages before near dedup leave of a unit.
func (l *testLake) writeUnit(t testing.TB, in *Input, scratch string, unit, first int, docs []testDoc, rng *rand.Rand) {
	t.Helper()
	var entries []Entry
	var rows []datasets.Document
	var sigs []datasets.Band
	for i, d := range docs {
		row := datasets.MakeRowID(l.nights+1, int64(first+i))
		rows = append(rows, datasets.Document{RowID: row, DocID: d.id, Text: &d.text, TextBytes: d.size})
		if d.sig == nil {
			continue
		}
		sigs = append(sigs, datasets.Band{Band: datasets.BandSignature, Key: row, RowID: row, Signature: &d.sig})
		if d.keep {
			entries = AppendBands(entries, in.scheme(), d.sig, row)
		}
	}
	rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	segs, err := WriteEntries(context.Background(), l.st, fmt.Sprintf("%skept/%d.spill", scratch, unit), in.Shards, entries)
	check(t, err)
	in.Kept = append(in.Kept, segs...)
	if len(rows) > 0 {
		in.Documents = append(in.Documents, writeTable(t, l, fmt.Sprintf("%sdocs/%d", scratch, unit), rows, func(d datasets.Document) int64 { return d.RowID }))
	}
	if len(sigs) > 0 {
		in.Signatures = append(in.Signatures, writeTable(t, l, fmt.Sprintf("%ssigs/%d", scratch, unit), sigs, func(b datasets.Band) int64 { return b.RowID }))
	}
}

// publish makes the night part of the lake.
func (l *testLake) publish(t testing.TB, docs []testDoc, opt Options, outcomes []Outcome) {
	t.Helper()
	in := Input{Options: opt, Shards: 2}
	base := fmt.Sprintf("lake/%d/", l.nights+1)
	l.writeUnit(t, &in, base, 0, 0, docs, rand.New(rand.NewPCG(1, 1)))
	l.nights++
	l.index.Documents = append(l.index.Documents, in.Documents...)
	l.index.Signatures = append(l.index.Signatures, in.Signatures...)

	byRow := map[int64]Outcome{}
	for _, o := range outcomes {
		byRow[o.Row] = o
	}
	var decisions []datasets.Decision
	var bands []Entry
	for i, d := range docs {
		row := datasets.MakeRowID(l.nights, int64(i))
		l.docs[row] = d
		dec := datasets.Decision{RowID: row, DecidedIn: l.nights, Decision: datasets.Drop, Reason: "short"}
		if d.keep {
			dec.Decision, dec.Reason = datasets.Keep, ""
		}
		if o, ok := byRow[row]; ok {
			dec.Cluster = &o.Cluster
			if o.DuplicateOf != 0 {
				dec.Decision, dec.Reason, dec.DuplicateOf = datasets.Duplicate, datasets.ReasonNear, &o.DuplicateOf
			}
		}
		decisions = append(decisions, dec)
		l.decided[row] = append(l.decided[row], dec)
		if d.sig != nil {
			bands = AppendBands(bands, opt.scheme(), d.sig, row)
		}
	}
	l.index.Decisions = append(l.index.Decisions, l.writeDecisions(t, decisions))
	l.writeBands(t, base, bands)
}

func (l *testLake) writeDecisions(t testing.TB, rows []datasets.Decision) FileRef {
	path := fmt.Sprintf("lake/%d/decisions-%d", l.nights, l.late+len(l.index.Decisions))
	return writeTable(t, l, path, rows, func(d datasets.Decision) int64 { return d.RowID })
}

func (l *testLake) writeBands(t testing.TB, base string, bands []Entry) {
	t.Helper()
	ctx := context.Background()
	segs, err := WriteEntries(ctx, l.st, base+"bands.spill", 3, bands)
	check(t, err)
	r := &shuffled{env: Env{l.st, base, "a1"}, rng: rand.New(rand.NewPCG(1, 2))}
	files, err := WriteIndex(ctx, r, BandEntries, 3, segs, func(n int) string { return fmt.Sprintf("%sbands-%d", base, n) })
	check(t, err)
	for _, f := range files {
		l.index.Bands = append(l.index.Bands, refOf(t, l.st, f.Path))
	}
}

// refOf reads the bounds of a file of the index.
func refOf(t testing.TB, st store.Store, path string) FileRef {
	t.Helper()
	rows := readBands(t, st, path)
	keys := make([]int64, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	if !slices.IsSorted(keys) {
		t.Fatalf("%s is not sorted by key", path)
	}
	return FileRef{Path: path, Lo: keys[0], Hi: keys[len(keys)-1], Rows: int64(len(keys))}
}

func readBands(t testing.TB, st store.Store, path string) []datasets.Band {
	t.Helper()
	f, err := openTable(context.Background(), st, path)
	check(t, err)
	defer f.close()
	var rows []datasets.Band
	check(t, parquetio.ReadRows(context.Background(), f.File, nil, func(part []datasets.Band) error {
		rows = append(rows, part...)
		return nil
	}))
	return rows
}
