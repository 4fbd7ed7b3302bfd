package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/chimera-1/chimera/datasets/store"
)

const (
	leasePath = "_chimera/lease.json"
	lockPath  = "_chimera/lease.lock"

	beatEvery  = 10 * time.Second
	staleAfter = 60 * time.Second // without a heartbeat, where there are no locks
	pollEvery  = 250 * time.Millisecond
)

// leaseFile is _chimera/lease.json: who writes the lake.
type leaseFile struct {
	Host       string    `json:"host"`
	PID        int       `json:"pid"`
	RunID      string    `json:"run_id"`
	Identity   string    `json:"identity"`
	Job        string    `json:"job"`
	Date       string    `json:"date"`
	Generation int32     `json:"generation"` // number the holder will commit
	Since      time.Time `json:"since"`
	Heartbeat  time.Time `json:"heartbeat"`
	Released   bool      `json:"released,omitempty"`
}

func (f leaseFile) String() string {
	return fmt.Sprintf("run %s (%s) of process %d on %s, since %s", f.RunID, f.Job, f.PID, f.Host, f.Since.Format(time.RFC3339))
}

// lease is the right to write the lake. Where the store has locks, the lock is
// the lease, and ends with the process; lease.json only says who holds it.
// Elsewhere lease.json is the lease: it is replaced only by the generation that
// was read, and may be taken over when its heartbeat stops.
type lease struct {
	lake   *Lake
	unlock func() error // nil without a lock
	stop   context.CancelFunc
	done   chan struct{}

	mu         sync.Mutex
	file       leaseFile
	generation string // of lease.json
	lost       error
}

// acquire takes the lease, waiting for it if the run says so.
func (l *Lake) acquire(ctx context.Context, run RunInfo) (*lease, error) {
	for said := false; ; {
		le, err := l.tryAcquire(ctx, run)
		if err == nil || !run.Wait || !errors.Is(err, ErrBusy) {
			return le, err
		}
		if !said {
			slog.InfoContext(ctx, "lake: waiting for the lease", "lake", l.URI(), "error", err)
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lake: wait for the lease: %w (%w)", ctx.Err(), err)
		case <-time.After(pollEvery):
		}
	}
}

func (l *Lake) tryAcquire(ctx context.Context, run RunInfo) (*lease, error) {
	unlock, err := l.st.Lock(ctx, lockPath)
	switch {
	case errors.Is(err, store.ErrLocked):
		holder, _, _ := l.readLease(ctx)
		return nil, fmt.Errorf("lake: %s: %w: %s", l.URI(), ErrBusy, holder)
	case errors.Is(err, errors.ErrUnsupported):
		unlock = nil
	case err != nil:
		return nil, fmt.Errorf("lake: lock %s: %w", lockPath, err)
	}
	le := &lease{lake: l, unlock: unlock}
	if err := le.take(ctx, run); err != nil {
		if unlock != nil {
			err = errors.Join(err, unlock())
		}
		return nil, err
	}
	return le, nil
}

// readLease reads lease.json; none, or a damaged one, is a released one.
func (l *Lake) readLease(ctx context.Context) (leaseFile, string, error) {
	doc, info, err := l.st.ReadFile(ctx, leasePath)
	if errors.Is(err, store.ErrNotExist) {
		return leaseFile{Released: true}, "", nil
	}
	if err != nil {
		return leaseFile{}, "", fmt.Errorf("lake: read %s: %w", leasePath, err)
	}
	var f leaseFile
	if json.Unmarshal(doc, &f) != nil {
		return leaseFile{Released: true}, info.Generation, nil
	}
	return f, info.Generation, nil
}

// take writes our name into lease.json.
func (le *lease) take(ctx context.Context, run RunInfo) error {
	l := le.lake
	old, generation, err := l.readLease(ctx)
	if err != nil {
		return err
	}
	now := l.now().UTC()
	if !old.Released {
		if le.unlock == nil && now.Sub(old.Heartbeat) < staleAfter {
			return fmt.Errorf("lake: %s: %w: %s", l.URI(), ErrBusy, old)
		}
		slog.WarnContext(ctx, "lake: taking over the lease of a run that ended without releasing it", "lake", l.URI(), "holder", old.String())
	}
	top, err := l.newest(ctx)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	le.generation = generation
	le.file = leaseFile{
		Host: host, PID: os.Getpid(), RunID: run.RunID, Identity: run.Identity, Job: run.Job, Date: run.Date,
		Generation: top.Generation + 1, Since: now.Truncate(time.Second),
	}
	if err := le.beat(ctx); err != nil {
		if errors.Is(err, ErrLost) {
			err = fmt.Errorf("lake: %s: %w", l.URI(), ErrBusy) // someone took it in between
		}
		return err
	}
	le.keep(ctx)
	return nil
}

// beat renews the lease, or finds that it is lost.
func (le *lease) beat(ctx context.Context) error {
	le.mu.Lock()
	defer le.mu.Unlock()
	if le.lost != nil {
		return le.lost
	}
	le.file.Heartbeat = le.lake.now().UTC()
	doc, err := json.MarshalIndent(le.file, "", " ")
	if err != nil {
		return err
	}
	cond := store.Condition{IfAbsent: le.generation == "", IfGeneration: le.generation}
	info, err := le.lake.st.Put(ctx, leasePath, append(doc, '\n'), cond)
	switch {
	case errors.Is(err, store.ErrChanged), errors.Is(err, store.ErrExist):
		le.lost = fmt.Errorf("lake: %s: %w", le.lake.URI(), ErrLost)
		return le.lost
	case err != nil:
		return fmt.Errorf("lake: write %s: %w", leasePath, err)
	}
	le.generation = info.Generation
	return nil
}

// keep renews the lease in the background until it is released.
func (le *lease) keep(ctx context.Context) {
	ctx, le.stop = context.WithCancel(context.WithoutCancel(ctx))
	le.done = make(chan struct{})
	go func() {
		defer close(le.done)
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := le.beat(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "lake: lease not renewed", "error", err)
			}
		}
	}()
}

// release gives the lease back.
func (le *lease) release(ctx context.Context) error {
	le.stop()
	<-le.done
	le.mu.Lock()
	le.file.Released = true
	le.mu.Unlock()
	err := le.beat(ctx)
	if errors.Is(err, ErrLost) {
		err = nil // nothing to give back
	}
	le.mu.Lock()
	le.lost = fmt.Errorf("lake: %s: %w: it was given back", le.lake.URI(), ErrLost)
	le.mu.Unlock()
	if le.unlock != nil {
		err = errors.Join(err, le.unlock())
	}
	return err
}
