package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
)

// Change is what a commit does to one table.
type Change struct {
	Add    []DataFile
	Remove []string // paths of files that Add replaces; text/bands only
}

// Commit is what a night publishes.
type Commit struct {
	Tables     map[string]Change
	Properties map[string]string // of the generation; in snapshot summaries as chimera.NAME
	Summary    any               // kept with the generation, as JSON
}

// Commit publishes the night: all of it, or nothing. It writes the rows of
// ops/files itself unless the commit has some. An identity that is published
// already is not published twice: its generation is returned.
//
// An error that comes with a generation says that the night is committed, but
// that some table's refs are not moved yet; whoever opens the lake next does it.
func (n *Night) Commit(ctx context.Context, c Commit) (Generation, error) {
	l := n.lake
	if g, ok, err := l.Committed(ctx, n.Run.Identity); err != nil || ok {
		return g, err
	}
	r := n.newRecord()
	r.Properties = c.Properties
	var err error
	if c.Summary != nil {
		if r.Summary, err = json.Marshal(c.Summary); err != nil {
			return Generation{}, fmt.Errorf("lake: encode the night's summary: %w", err)
		}
	}
	if r.Tables, r.Files, err = n.stageAll(ctx, c, tableNames()); err != nil {
		return Generation{}, err
	}
	r.CommittedAt = l.now().UTC()
	doc, err := r.encode()
	if err != nil {
		return Generation{}, fmt.Errorf("lake: encode generation %d: %w", r.Number, err)
	}
	if err := n.publish(ctx, generationPath(r.Number), doc); err != nil {
		return Generation{}, err
	}
	if err := l.forward(ctx); err != nil {
		return r.Generation, fmt.Errorf("lake: %s is committed, but not all refs are moved; the next command on the lake does it: %w", r.Tag, err)
	}
	return r.Generation, nil
}

func (n *Night) newRecord() *generationRecord {
	r := &generationRecord{FormatVersion: recordVersion, Base: n.base, Generation: Generation{
		Number: n.Generation, Tag: datasets.Tag(n.Generation),
		RunID: n.Run.RunID, Identity: n.Run.Identity, Job: n.Run.Job, Date: n.Run.Date, Parents: []int32{},
	}}
	if n.parent > 0 {
		r.Parents = append(r.Parents, n.parent)
	}
	return r
}

// CommitOps publishes rows of ops tables without a generation: what became of a
// night that is not published.
func (n *Night) CommitOps(ctx context.Context, tables map[string]Change) error {
	for table := range tables {
		if !strings.HasPrefix(table, "ops/") {
			panic("lake: CommitOps of " + table)
		}
	}
	return n.commitEvent(ctx, &eventRecord{Kind: eventOps}, tables, nil)
}

// commitEvent publishes an event: the given tables get new snapshots, and the
// moved ones go to snapshots they have.
func (n *Night) commitEvent(ctx context.Context, e *eventRecord, tables map[string]Change, moved map[string]TableState) error {
	l := n.lake
	changed := slices.Collect(maps.Keys(tables))
	if len(changed) > 0 {
		changed = append(changed, datasets.TableFiles) // of the other tables' files
	}
	states, files, err := n.stageAll(ctx, Commit{Tables: tables}, changed)
	if err != nil {
		return err
	}
	e.FormatVersion, e.Number, e.RunID, e.Base = recordVersion, n.base.Event+1, n.Run.RunID, n.base
	e.At, e.Tables, e.Files = l.now().UTC(), maps.Clone(moved), append(e.Files, files...)
	if e.Tables == nil {
		e.Tables = map[string]TableState{}
	}
	maps.Copy(e.Tables, states)
	doc, err := e.encode()
	if err != nil {
		return fmt.Errorf("lake: encode event %d: %w", e.Number, err)
	}
	if err := n.publish(ctx, eventPath(e.Number), doc); err != nil {
		return err
	}
	if err := l.forwardFrom(ctx, n.load); err != nil {
		return fmt.Errorf("lake: %s is committed, but not all refs are moved; the next command on the lake does it: %w", e.tag(), err)
	}
	return n.rebase(ctx)
}

// publish creates the record at path: the commit point.
func (n *Night) publish(ctx context.Context, path string, doc []byte) error {
	if err := n.lease.beat(ctx); err != nil {
		return err
	}
	_, err := n.lake.st.Put(ctx, path, doc, store.Condition{IfAbsent: true})
	if errors.Is(err, store.ErrExist) {
		return fmt.Errorf("lake: %s was committed by someone else meanwhile: %w", path, ErrLost)
	}
	if err != nil {
		return fmt.Errorf("lake: commit %s: %w", path, err)
	}
	h, err := n.lake.history(ctx)
	if err != nil {
		return fmt.Errorf("lake: %s is written, but reading it back failed: %w", path, err)
	}
	if h.void[path] {
		return fmt.Errorf("lake: %s has no effect, because the lake has changed meanwhile: %w", path, ErrLost)
	}
	return nil
}

// stageAll writes the snapshots of a commit on the run's branch. Of the given
// tables, those without a change keep their snapshot, or get an empty one if
// they have none, so that every table can be read at the tag.
func (n *Night) stageAll(ctx context.Context, c Commit, tables []string) (map[string]TableState, []recordFile, error) {
	changes, files, err := n.withFiles(ctx, c.Tables)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(tables)
	tables = slices.Compact(tables)
	staged := make([]TableState, len(tables))
	written := make([][]recordFile, len(tables))
	err = forEach(ctx, tables, func(ctx context.Context, i int, table string) (err error) {
		staged[i], written[i], err = n.stageTable(ctx, table, changes[table], n.properties(c))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	states := map[string]TableState{}
	for i, table := range tables {
		states[table] = staged[i]
	}
	return states, append(files, slices.Concat(written...)...), nil
}

// forEach calls do for all tables at once: what takes time is waiting for the
// disk, and the disk syncs many files as fast as one.
func forEach(ctx context.Context, tables []string, do func(ctx context.Context, i int, table string) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, table := range tables {
		g.Go(func() error { return do(ctx, i, table) })
	}
	return g.Wait()
}

// withFiles adds to the changes the rows of ops/files: one for every data file
// but its own, whose checksum goes into the record.
func (n *Night) withFiles(ctx context.Context, tables map[string]Change) (map[string]Change, []recordFile, error) {
	changes := maps.Clone(tables)
	if changes == nil {
		changes = map[string]Change{}
	}
	var rows []datasets.File
	for _, table := range slices.Sorted(maps.Keys(changes)) {
		if err := n.checkChange(ctx, table, changes[table]); err != nil {
			return nil, nil, err
		}
		if table == datasets.TableFiles {
			continue
		}
		for _, f := range changes[table].Add {
			rows = append(rows, datasets.File{Path: f.Path, SHA256: f.SHA256, Rows: f.Rows, Bytes: f.Bytes, RunID: n.Run.RunID})
		}
	}
	own := changes[datasets.TableFiles]
	if len(own.Add) == 0 && len(rows) > 0 {
		path := n.NewDataFile(datasets.TableFiles, fmt.Sprintf("files-%06d-%d", n.Generation, n.base.Event))
		f, err := WriteDataFile(ctx, n.lake, path, rows)
		if err != nil {
			return nil, nil, err
		}
		own.Add = []DataFile{f}
		changes[datasets.TableFiles] = own
	}
	var files []recordFile
	for _, f := range own.Add {
		files = append(files, recordFile{Path: f.Path, SHA256: f.SHA256, Bytes: f.Bytes, Rows: f.Rows})
	}
	return changes, files, nil
}

// checkChange refuses what would break the policy or the table.
func (n *Night) checkChange(ctx context.Context, table string, c Change) error {
	spec, err := specOf(table)
	if err != nil {
		return err
	}
	if len(c.Remove) > 0 && !spec.replace {
		return fmt.Errorf("lake: %s: %w: the commit drops %s", table, ErrPolicy, c.Remove[0])
	}
	known, seen := schemaOf(spec.row), map[string]bool{}
	for _, f := range c.Add {
		if seen[f.Path] {
			return fmt.Errorf("lake: %s: %s is committed twice", table, f.Path)
		}
		seen[f.Path] = true
		if !strings.HasPrefix(f.Path, table+"/data/") || len(f.SHA256) != len(unsealed) {
			return fmt.Errorf("lake: %s: %q is no data file of the table with a checksum", table, f.Path)
		}
		for id := range f.Columns {
			if _, ok := known.FindFieldByID(id); !ok {
				return fmt.Errorf("lake: %s: %w: %s has a column with id %d, which the table has not", table, ErrSchema, f.Path, id)
			}
		}
		info, err := n.lake.st.Stat(ctx, f.Path)
		if err != nil {
			return fmt.Errorf("lake: %s: file to commit: %w", table, err)
		}
		if info.Size != f.Bytes {
			return fmt.Errorf("lake: %s: %s has %d bytes, but %d were written", table, f.Path, info.Size, f.Bytes)
		}
	}
	return nil
}

// properties is what the snapshots of a commit say about it.
func (n *Night) properties(c Commit) map[string]string {
	p := map[string]string{
		"run-id": n.Run.RunID, "identity": n.Run.Identity, "job": n.Run.Job, "date": n.Run.Date,
		"generation": strconv.Itoa(int(n.Generation)), "parent": strconv.Itoa(int(n.parent)),
	}
	maps.Copy(p, c.Properties)
	return p
}

// stageTable writes the snapshot of one table on the run's branch.
func (n *Night) stageTable(ctx context.Context, table string, c Change, properties map[string]string) (TableState, []recordFile, error) {
	spec, err := specOf(table)
	if err != nil {
		return TableState{}, nil, err
	}
	state := TableState{RowsAdded: total(c.Add, func(f DataFile) int64 { return f.Rows })}
	h, err := n.lake.history(ctx)
	if err != nil {
		return TableState{}, nil, err
	}
	var files []recordFile
	err = n.lake.updateFrom(ctx, table, n.load, func(m *tableMetadata) (*tableMetadata, error) {
		if m == nil {
			m = n.lake.newTable(spec)
		} else if _, err := n.lake.advance(h, table, m); err != nil { // build on what the records say
			return nil, err
		}
		merged, err := evolve(table, m.schema(), schemaOf(spec.row))
		if err != nil {
			return nil, err
		}
		if merged != m.schema() {
			m.addSchema(merged.Fields())
		}
		if main, ok := m.main(); ok && len(c.Add)+len(c.Remove) == 0 {
			state.SnapshotID = main.SnapshotID
			return nil, nil // a new schema can wait for the first file that has it
		}
		m.dropRunBranches()
		s, written, err := n.lake.stage(ctx, table, m, c, properties)
		if err != nil {
			return nil, err
		}
		m.Refs[branchOf(n.Run.RunID)] = snapshotRef{SnapshotID: s.SnapshotID, Type: refBranch}
		state.SnapshotID, files = s.SnapshotID, written
		return m, nil
	})
	return state, files, err
}

// Generation is a committed night.
type Generation struct {
	Number      int32                 `json:"generation"`
	Tag         string                `json:"tag"`
	RunID       string                `json:"run_id"`
	Identity    string                `json:"identity"`
	Job         string                `json:"job"`
	Date        string                `json:"date"`
	CommittedAt time.Time             `json:"committed_at"`
	Parents     []int32               `json:"parents"`
	Tables      map[string]TableState `json:"tables"`
	Properties  map[string]string     `json:"properties,omitempty"`
	Summary     json.RawMessage       `json:"summary,omitempty"`
	RolledBack  bool                  `json:"rolled_back,omitempty"` // main no longer contains it
}

// TableState is what a commit made of one table.
type TableState struct {
	SnapshotID int64 `json:"snapshot_id"`
	RowsAdded  int64 `json:"rows_added"`
}
