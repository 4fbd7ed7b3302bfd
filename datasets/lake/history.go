package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// history is all records in order, and what follows from them.
type history struct {
	generations []*generationRecord // ascending, numbers 1 to n
	events      []*eventRecord      // ascending, numbers 1 to n
	head        int32               // generation that main is at; 0: none
	mains       map[string]int64    // snapshot that each table's main is at
	void        map[string]bool     // paths of records without effect
	tags        map[string]map[string]int64
	branches    map[string]bool // of runs that are over
}

// top is what the next record will be built on.
func (h *history) top() base {
	return base{Generation: int32(len(h.generations)), Event: len(h.events)}
}

// generation finds an effective generation.
func (h *history) generation(n int32) (*generationRecord, error) {
	if n < 1 || int(n) > len(h.generations) || h.void[generationPath(n)] {
		return nil, fmt.Errorf("lake: %w generation %d; the newest is %d", ErrUnknown, n, h.top().Generation)
	}
	return h.generations[n-1], nil
}

// ancestors are the generations that main contains: the head, its parent, and
// so on.
func (h *history) ancestors() map[int32]bool {
	in := map[int32]bool{}
	for n := h.head; n >= 1 && int(n) <= len(h.generations) && !in[n]; n = h.generations[n-1].parent() {
		in[n] = true
	}
	return in
}

// branchOf is the branch a run writes its snapshots on.
func branchOf(runID string) string { return "run-" + runID }

// fold replays the records. Events come after the generation they were built
// on and before the next; a record built on anything else than what precedes
// it has no effect.
func fold(generations []*generationRecord, events []*eventRecord) *history {
	h := &history{
		generations: generations, events: events,
		mains: map[string]int64{}, void: map[string]bool{}, tags: map[string]map[string]int64{}, branches: map[string]bool{},
	}
	event := 0
	applyEvents := func(after int32) {
		for event < len(events) && events[event].Base.Generation <= after {
			h.applyEvent(events[event], base{after, event})
			event++
		}
	}
	applyEvents(0)
	for i, g := range generations {
		h.applyGeneration(g, base{int32(i), event})
		applyEvents(g.Number)
	}
	return h
}

func (h *history) applyGeneration(g *generationRecord, at base) {
	h.branches[branchOf(g.RunID)] = true
	if g.Base != at || g.parent() != h.head {
		h.void[generationPath(g.Number)] = true
		return
	}
	h.head = g.Number
	h.move(g.Tables, g.Tag)
}

func (h *history) applyEvent(e *eventRecord, at base) {
	h.branches[branchOf(e.RunID)] = true
	if e.Base != at {
		h.void[eventPath(e.Number)] = true
		return
	}
	if e.Kind == eventRollback {
		h.head = e.To
	}
	h.move(e.Tables, e.tag())
}

// move notes where the tables' main goes, and the tag that it leaves there.
func (h *history) move(tables map[string]TableState, tag string) {
	for table, state := range tables {
		h.mains[table] = state.SnapshotID
		if h.tags[table] == nil {
			h.tags[table] = map[string]int64{}
		}
		h.tags[table][tag] = state.SnapshotID
	}
}

// history reads the records that were not read before, and replays them.
func (l *Lake) history(ctx context.Context) (*history, error) {
	l.mu.Lock()
	generations, events := l.generations, l.events
	l.mu.Unlock()
	generations, err := loadRecords(ctx, l, generationsDir, generations, func(doc []byte, n int) (*generationRecord, error) {
		return parseGeneration(doc, int32(n))
	})
	if err != nil {
		return nil, err
	}
	events, err = loadRecords(ctx, l, eventsDir, events, parseEvent)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.past == nil || len(generations) > len(l.generations) || len(events) > len(l.events) {
		l.generations, l.events = generations, events
		l.past = fold(generations, events)
		l.noteChecksums(generations, events)
	}
	return l.past, nil
}

// noteChecksums keeps the records' checksums of metadata files. l.mu is held.
func (l *Lake) noteChecksums(generations []*generationRecord, events []*eventRecord) {
	sums := map[string]string{}
	note := func(files []recordFile) {
		for _, f := range files {
			sums[f.Path] = f.SHA256
		}
	}
	for _, g := range generations {
		note(g.Files)
	}
	for _, e := range events {
		note(e.Files)
	}
	l.checksums = sums
}

// checksum is what a record says about a file.
func (l *Lake) checksum(path string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum, ok := l.checksums[path]
	return sum, ok
}

// loadRecords extends the records known so far by those in dir.
func loadRecords[R any](ctx context.Context, l *Lake, dir string, known []R, parse func([]byte, int) (R, error)) ([]R, error) {
	numbers, err := l.recordNumbers(ctx, dir)
	if err != nil {
		return nil, err
	}
	if len(numbers) <= len(known) {
		return known, nil
	}
	records := slices.Clone(known)
	for i, n := range numbers {
		if n != i+1 {
			return nil, fmt.Errorf("lake: %s%06d.json: %w; restore that file from a backup", dir, i+1, errMissing)
		}
		if i < len(known) {
			continue
		}
		r, err := loadRecord(ctx, l, dir, n, parse)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

func loadRecord[R any](ctx context.Context, l *Lake, dir string, n int, parse func([]byte, int) (R, error)) (R, error) {
	path := fmt.Sprintf("%s%06d.json", dir, n)
	var r R
	doc, _, err := l.st.ReadFile(ctx, path)
	if err != nil {
		return r, fmt.Errorf("lake: read %s: %w", path, err)
	}
	if r, err = parse(doc, n); errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w; restore that file from a backup", err)
	}
	if err != nil {
		return r, fmt.Errorf("lake: %s: %w", path, err)
	}
	return r, nil
}

// recordNumbers lists the numbers of the records in dir, ascending.
func (l *Lake) recordNumbers(ctx context.Context, dir string) ([]int, error) {
	infos, err := l.st.List(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("lake: list %s: %w", dir, err)
	}
	var numbers []int
	for _, info := range infos {
		if n := recordNumber(info.Path); n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// errMissing marks a gap in the records.
var errMissing = fmt.Errorf("%w: missing, though later ones exist", store.ErrNotExist)

// Generations lists what was committed, oldest first. Those that main no longer
// contains are marked.
func (l *Lake) Generations(ctx context.Context) ([]Generation, error) {
	h, err := l.history(ctx)
	if err != nil {
		return nil, err
	}
	in := h.ancestors()
	var all []Generation
	for _, g := range h.generations {
		if h.void[generationPath(g.Number)] {
			continue
		}
		public := g.Generation
		public.Tables = maps.Clone(g.Tables)
		public.RolledBack = !in[g.Number]
		all = append(all, public)
	}
	return all, nil
}

// Committed finds the generation, of those that main contains, that an identity
// has published.
func (l *Lake) Committed(ctx context.Context, identity string) (Generation, bool, error) {
	all, err := l.Generations(ctx)
	if err != nil {
		return Generation{}, false, err
	}
	for _, g := range slices.Backward(all) {
		if g.Identity == identity && !g.RolledBack {
			return g, true, nil
		}
	}
	return Generation{}, false, nil
}

// tagOf names a generation in messages.
func tagOf(n int32) string { return datasets.Tag(n) }
