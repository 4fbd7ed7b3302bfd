package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/datasets/store/storetest"
)

func TestBusy(t *testing.T) {
	st := diskStore(t)
	l := newLake(t, st)
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	_, err = reopen(t, st).Begin(ctx, runInfo("b"))
	host, _ := os.Hostname()
	wantErr(t, err, ErrBusy, "run run-of-a (curate)", fmt.Sprintf("process %d on %s", os.Getpid(), host), "since 20")
	must(t, n.Close())
	n, err = l.Begin(ctx, runInfo("b"))
	must(t, err)
	must(t, n.Close())
}

func TestWait(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	var released atomic.Bool
	done := make(chan error)
	go func() {
		run := runInfo("b")
		run.Wait = true
		n, err := l.Begin(ctx, run)
		if err == nil {
			if !released.Load() {
				err = errors.New("got the lease while it was held")
			}
			err = errors.Join(err, n.Close())
		}
		done <- err
	}()
	time.Sleep(20 * time.Millisecond) // let it wait; the test holds either way
	released.Store(true)
	must(t, n.Close())
	must(t, <-done)

	n, err = l.Begin(ctx, runInfo("a"))
	must(t, err)
	defer n.Close()
	soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	run := runInfo("b")
	run.Wait = true
	_, err = l.Begin(soon, run)
	wantErr(t, err, context.DeadlineExceeded)
	wantErr(t, err, ErrBusy, "run-of-a")
}

// Where there are locks, a dead holder's lease is free at once, however fresh
// its heartbeat.
func TestTakeOverFromTheDead(t *testing.T) {
	st := diskStore(t)
	newLake(t, st)
	dying := &storetest.Faulty{Store: st}
	l := reopen(t, dying)
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	dying.Kill()
	mustNight(t, reopen(t, st), "b", 2)
	n.Close()
}

// noLocks is a store as object storage is.
type noLocks struct{ store.Store }

func (noLocks) Lock(context.Context, string) (func() error, error) {
	return nil, errors.ErrUnsupported
}

// Without locks the heartbeat decides, and a holder that comes back to life
// after its lease was taken over does no harm.
func TestTakeOverWithoutLocks(t *testing.T) {
	st := noLocks{store.NewMemory()}
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	openAt := func() *Lake {
		l := reopen(t, st)
		l.now = func() time.Time { return clock }
		return l
	}
	newLake(t, st)
	sleeper, err := openAt().Begin(ctx, runInfo("a"))
	must(t, err)
	c := write(t, sleeper, datasets.TableTraining, training, 2)

	clock = clock.Add(staleAfter - time.Second)
	_, err = openAt().Begin(ctx, runInfo("b"))
	wantErr(t, err, ErrBusy, "run-of-a")
	clock = clock.Add(2 * time.Second)
	g := mustNight(t, openAt(), "b", 3)

	_, err = sleeper.Commit(ctx, Commit{Tables: map[string]Change{datasets.TableTraining: c}})
	wantErr(t, err, ErrLost)
	must(t, sleeper.Close())
	gens, err := openAt().Generations(ctx)
	must(t, err)
	if len(gens) != 1 || gens[0].RunID != g.RunID {
		t.Errorf("generations: %+v", gens)
	}
	mustNight(t, openAt(), "a", 2) // and the sleeper's night can be done after all
}

// Even a holder that passes every check just before it loses the lease cannot
// commit a number that is taken.
func TestRevivedHolderLosesTheCreate(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	defer n.Close()
	c := write(t, n, datasets.TableTraining, training, 2)
	_, err = st.Put(ctx, generationPath(1), []byte("{}"), store.Condition{IfAbsent: true})
	must(t, err)
	l.past = fold(nil, nil) // what it knew before
	err = n.publish(ctx, generationPath(1), []byte("{}"))
	wantErr(t, err, ErrLost, "_chimera/generations/000001.json")
	_ = c
}

// A record that was built on a history which is not what precedes it is void.
func TestVoidRecords(t *testing.T) {
	gen := func(n int32, parent int32, b base) *generationRecord {
		r := &generationRecord{Base: b, Generation: Generation{Number: n, Tag: datasets.Tag(n), Tables: map[string]TableState{"t": {SnapshotID: int64(n)}}}}
		if parent > 0 {
			r.Parents = []int32{parent}
		}
		return r
	}
	rollback := func(n int, to int32, b base) *eventRecord {
		return &eventRecord{Number: n, Kind: eventRollback, To: to, Base: b, Tables: map[string]TableState{"t": {SnapshotID: int64(to)}}}
	}
	// 1, 2, back to 1, 3 on top of 1.
	h := fold(
		[]*generationRecord{gen(1, 0, base{}), gen(2, 1, base{1, 0}), gen(3, 1, base{2, 1})},
		[]*eventRecord{rollback(1, 1, base{2, 0})},
	)
	if h.head != 3 || h.mains["t"] != 3 || len(h.void) != 0 {
		t.Errorf("head %d, main %d, void %v", h.head, h.mains["t"], h.void)
	}
	if in := h.ancestors(); !in[1] || in[2] || !in[3] {
		t.Errorf("ancestors %v", in)
	}
	// A night that began before the rollback and commits after it.
	h = fold(
		[]*generationRecord{gen(1, 0, base{}), gen(2, 1, base{1, 0}), gen(3, 2, base{2, 0})},
		[]*eventRecord{rollback(1, 1, base{2, 0})},
	)
	if h.head != 1 || h.mains["t"] != 1 || !h.void[generationPath(3)] {
		t.Errorf("head %d, main %d, void %v", h.head, h.mains["t"], h.void)
	}
	if _, err := h.generation(3); !errors.Is(err, ErrUnknown) {
		t.Errorf("void generation: %v", err)
	}
	// The next night goes on from there.
	h = fold(append(h.generations, gen(4, 1, base{3, 1})), h.events)
	if h.head != 4 || h.mains["t"] != 4 {
		t.Errorf("head %d, main %d", h.head, h.mains["t"])
	}
}

func TestDamagedLeaseFileIsNoHolder(t *testing.T) {
	st := store.NewMemory()
	l := newLake(t, st)
	_, err := st.Put(ctx, leasePath, []byte(`{"host":`), store.Condition{})
	must(t, err)
	mustNight(t, l, "a", 2)
}

func TestCommitAfterClose(t *testing.T) {
	l := newLake(t, store.NewMemory())
	n, err := l.Begin(ctx, runInfo("a"))
	must(t, err)
	c := write(t, n, datasets.TableTraining, training, 2)
	must(t, n.Close())
	_, err = n.Commit(ctx, Commit{Tables: map[string]Change{datasets.TableTraining: c}})
	wantErr(t, err, ErrLost)
	if gens, err := l.Generations(ctx); err != nil || len(gens) != 0 {
		t.Errorf("generations %v, %v", gens, err)
	}
}

// readOnlyStore is a lake on a medium that cannot be written.
type readOnlyStore struct{ store.Store }

func (readOnlyStore) Put(context.Context, string, []byte, store.Condition) (store.Info, error) {
	return store.Info{}, syscall.EROFS
}

// A reader that may not write sees a committed night whole, though its refs
// were never moved.
func TestReadOnlyReader(t *testing.T) {
	seed := storeAfterOneNight(t)
	for k := int64(1); ; k++ {
		st := copyOf(t, seed)
		err := secondNight(&storetest.Faulty{Store: st, KillAfter: k})
		if _, statErr := st.Stat(ctx, generationPath(2)); statErr != nil {
			continue
		}
		if err == nil {
			t.Fatal("no kill hit the time between the commit point and the refs")
		}
		got := content(t, reopen(t, readOnlyStore{st}))
		wantContent(t, got, content(t, reopen(t, st)))
		if len(got["documents@0"]) != 7 {
			t.Errorf("documents: %v", got["documents@0"])
		}
		return
	}
}
