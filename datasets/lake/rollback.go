package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/chimera-1/chimera/datasets"
)

// RollbackInfo says who rolls back, and why.
type RollbackInfo struct {
	RunID        string
	Reason       string // required: it is what the audit is for
	CodeRevision string
	Wait         bool // wait for the holder of the lease
}

// Rollback moves every table's main back to a generation. Nothing is deleted:
// the generations after it keep their tags and numbers, and the next night gets
// the next unused number. The tables that say what happened, ops/runs and
// ops/files, stay as they are; ops/runs gets a row with the reason.
//
// It passes over damaged metadata, so rolling back to the newest generation
// repairs a table whose newest metadata file is damaged.
func (l *Lake) Rollback(ctx context.Context, to int32, info RollbackInfo) (err error) {
	if info.Reason == "" {
		return fmt.Errorf("lake: rollback to %s: a reason is required", tagOf(to))
	}
	run := RunInfo{Identity: info.RunID, RunID: info.RunID, Job: eventRollback, Date: l.now().UTC().Format(time.DateOnly), Wait: info.Wait}
	if err := run.check(); err != nil {
		return err
	}
	n, err := l.lease(ctx, run, l.newestWhole)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	return n.rollback(ctx, to, info)
}

func (n *Night) rollback(ctx context.Context, to int32, info RollbackInfo) error {
	l := n.lake
	h, err := l.history(ctx)
	if err != nil {
		return err
	}
	g, err := h.generation(to)
	if err != nil {
		return err
	}
	// The last night's refs first: what is staged builds on main.
	if err := l.forwardFrom(ctx, n.load); err != nil {
		return err
	}
	audit, err := n.auditRow(ctx, h.head, to, info)
	if err != nil {
		return err
	}
	moved := map[string]TableState{}
	for _, spec := range specs {
		if state, ok := g.Tables[spec.name]; ok && !spec.log {
			moved[spec.name] = TableState{SnapshotID: state.SnapshotID}
		}
	}
	e := &eventRecord{Kind: eventRollback, To: to, Reason: info.Reason}
	return n.commitEvent(ctx, e, map[string]Change{datasets.TableRuns: {Add: []DataFile{audit}}}, moved)
}

// auditRow writes the row of ops/runs that says what was rolled back, and why.
func (n *Night) auditRow(ctx context.Context, from, to int32, info RollbackInfo) (DataFile, error) {
	summary, err := json.Marshal(map[string]any{"from": tagOf(from), "to": tagOf(to), "reason": info.Reason})
	if err != nil {
		return DataFile{}, err
	}
	now := n.lake.now().UTC()
	row := datasets.Run{
		RunID: n.Run.RunID, Job: n.Run.Job, Date: n.Run.Date, Generation: &to, Status: "published",
		Started: now, Ended: now, Summary: string(summary), CodeRevision: info.CodeRevision,
	}
	path := n.NewDataFile(datasets.TableRuns, fmt.Sprintf("rollback-%06d", n.base.Event+1))
	return WriteDataFile(ctx, n.lake, path, []datasets.Run{row})
}
