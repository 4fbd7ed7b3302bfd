package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"

	"github.com/chimera-1/chimera/datasets/store"
)

// appliedPath holds the newest record whose refs are known to be moved. It is a
// hint: without it, or with an older one, the work is checked again.
const appliedPath = "_chimera/applied.json"

// catchUp moves the tables' refs to what the records say, if some record is
// not known to be applied.
func (l *Lake) catchUp(ctx context.Context) error {
	top, err := l.newest(ctx)
	if err != nil || top == (base{}) {
		return err
	}
	var applied base
	if doc, _, err := l.st.ReadFile(ctx, appliedPath); err == nil {
		if json.Unmarshal(doc, &applied) != nil {
			applied = base{}
		}
	}
	if applied == top {
		return nil
	}
	err = l.forward(ctx)
	if readOnly(err) {
		slog.WarnContext(ctx, "lake: may not move refs of a committed night; other readers may see an older state", "lake", l.URI(), "error", err)
		return nil
	}
	return err
}

// readOnly says whether err is that we may not write. Our own reads go by the
// records, so they are right all the same.
func readOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// newest finds the numbers of the newest records.
func (l *Lake) newest(ctx context.Context) (base, error) {
	generations, err := l.recordNumbers(ctx, generationsDir)
	if err != nil {
		return base{}, err
	}
	events, err := l.recordNumbers(ctx, eventsDir)
	if err != nil {
		return base{}, err
	}
	var top base
	if n := len(generations); n > 0 {
		top.Generation = int32(generations[n-1])
	}
	if n := len(events); n > 0 {
		top.Event = events[n-1]
	}
	return top, nil
}

// forward makes every table's refs what the records say. It may run twice, and
// by several processes at once: each table is changed at most once a record.
func (l *Lake) forward(ctx context.Context) error {
	return l.forwardFrom(ctx, l.table)
}

func (l *Lake) forwardFrom(ctx context.Context, load loader) error {
	h, err := l.history(ctx)
	if err != nil {
		return err
	}
	err = forEach(ctx, tableNames(), func(ctx context.Context, _ int, table string) error {
		if h.mains[table] == 0 {
			return nil // never committed
		}
		err := l.updateFrom(ctx, table, load, func(m *tableMetadata) (*tableMetadata, error) {
			// The records are read after the metadata, so that they are never
			// older: a night may have moved on meanwhile, and main must not go
			// back.
			h, err := l.history(ctx)
			if err != nil {
				return nil, err
			}
			return l.advance(h, table, m)
		})
		if err != nil {
			return fmt.Errorf("lake: move refs of %s: %w", table, err)
		}
		return l.writeHint(ctx, table)
	})
	if err != nil {
		return err
	}
	doc, err := json.Marshal(h.top())
	if err != nil {
		return err
	}
	if _, err := l.st.Put(ctx, appliedPath, append(doc, '\n'), store.Condition{}); err != nil {
		slog.WarnContext(ctx, "lake: hint of applied records not written", "file", appliedPath, "error", err)
	}
	return nil
}

// advance changes a table's refs to what the records say, or returns nil if
// they are right.
func (l *Lake) advance(h *history, table string, m *tableMetadata) (*tableMetadata, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: the table is committed, but its metadata folder is empty", ErrDamaged)
	}
	changed := false
	for tag, id := range h.tags[table] {
		if m.Refs[tag].SnapshotID == id {
			continue
		}
		if _, ok := m.snapshot(id); !ok {
			return nil, fmt.Errorf("%w: %s is snapshot %d, which the metadata does not have", ErrDamaged, tag, id)
		}
		m.Refs[tag] = snapshotRef{SnapshotID: id, Type: refTag}
		changed = true
	}
	if id, ok := h.mains[table]; ok && m.Refs[mainBranch].SnapshotID != id {
		s, _ := m.snapshot(id) // there: it has a tag
		m.setMain(id, max(l.now().UnixMilli(), s.TimestampMS))
		changed = true
	}
	for ref := range m.Refs {
		if h.branches[ref] {
			m.dropBranch(ref)
			changed = true
		}
	}
	if !changed {
		return nil, nil
	}
	return m, nil
}

// dropBranch removes a run's branch, and its snapshot if nothing else has it.
func (m *tableMetadata) dropBranch(name string) {
	id := m.Refs[name].SnapshotID
	delete(m.Refs, name)
	for _, ref := range m.Refs {
		if ref.SnapshotID == id {
			return
		}
	}
	kept := m.Snapshots[:0:0]
	for _, s := range m.Snapshots {
		if s.SnapshotID != id {
			kept = append(kept, s)
		}
	}
	m.Snapshots = kept
}

// dropRunBranches removes what nights that died before their commit left. Only
// the holder of the lease may do that.
func (m *tableMetadata) dropRunBranches() {
	for ref := range m.Refs {
		if strings.HasPrefix(ref, branchOf("")) {
			m.dropBranch(ref)
		}
	}
}
