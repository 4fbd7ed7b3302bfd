package compute

import (
	"context"
	"runtime"
	"sync/atomic"
)

// A team is the threads of a CPU device: the caller's and size-1 workers. One
// job runs at a time, so that a device never uses more threads than it was
// given, whoever calls.
//
// A job is a number of parts that threads claim one by one. Workers join a job
// that is open and leave when no parts are left; the caller closes the job and
// waits for those who joined, not for those who slept through it.
type team struct {
	size  int
	turn  chan struct{} // holds a token while a job runs
	wake  []chan struct{}
	sleep []atomic.Bool

	epoch  atomic.Uint32
	open   atomic.Bool
	active atomic.Int32
	next   atomic.Int32
	parts  int32
	job    job

	quit atomic.Bool
}

// A job is work in parts that may run in any order and at the same time.
type job interface {
	// part does part i; thread, from 0 to below the team's size, is no other
	// thread's at the same time.
	part(i, thread int)
}

func newTeam(size int) *team {
	t := &team{size: size, turn: make(chan struct{}, 1), wake: make([]chan struct{}, size-1), sleep: make([]atomic.Bool, size-1)}
	for w := range t.wake {
		t.wake[w] = make(chan struct{}, 1)
		go t.work(w)
	}
	return t
}

// enter waits for the caller's turn, or for the end of the context.
func (t *team) enter(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		if err := ctx.Err(); err != nil {
			<-t.turn
			return err
		}
		return nil
	default:
	}
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *team) leave() { <-t.turn }

// run runs the parts of a job; the caller has the turn. When the context ends it
// returns as soon as the parts that have begun are done.
func (t *team) run(ctx context.Context, j job, parts int) error {
	if parts <= 1 || t.size == 1 {
		for i := range parts {
			if err := ctx.Err(); err != nil {
				return err
			}
			j.part(i, 0)
		}
		return ctx.Err()
	}
	t.job, t.parts = j, int32(parts)
	t.next.Store(0)
	t.open.Store(true)
	t.epoch.Add(1)
	for w := range min(len(t.wake), parts-1) {
		if t.sleep[w].CompareAndSwap(true, false) {
			t.wake[w] <- struct{}{}
		}
	}
	err := t.claim(ctx, 0)
	t.open.Store(false)
	for spins := 0; t.active.Load() != 0; spins++ {
		if spins > 1000 {
			runtime.Gosched()
		}
	}
	t.job = nil
	return err
}

// claim runs parts until none is left or the context ends. Workers leave
// it to the caller to look at the context.
func (t *team) claim(ctx context.Context, thread int) error {
	for {
		if err := ctx.Err(); err != nil {
			t.next.Store(t.parts)
			return err
		}
		i := t.next.Add(1) - 1
		if i >= t.parts {
			return nil
		}
		t.job.part(int(i), thread)
	}
}

// spinLimit is how often a worker looks for a new job before it sleeps, some 30
// microseconds: waking takes as long, and the operations of a model follow each
// other faster.
const spinLimit = 20000

func (t *team) work(w int) {
	seen := uint32(0)
	for {
		for spins := 0; t.epoch.Load() == seen; spins++ {
			if spins < spinLimit {
				continue
			}
			t.sleep[w].Store(true)
			if t.epoch.Load() == seen || !t.sleep[w].CompareAndSwap(true, false) {
				<-t.wake[w]
			}
			spins = 0
		}
		seen = t.epoch.Load()
		if t.quit.Load() {
			return
		}
		t.active.Add(1)
		if t.open.Load() {
			_ = t.claim(context.Background(), w+1)
		}
		t.active.Add(-1)
	}
}

// stop ends the workers. No job may run.
func (t *team) stop() {
	t.quit.Store(true)
	t.epoch.Add(1)
	for w := range t.wake {
		if t.sleep[w].CompareAndSwap(true, false) {
			t.wake[w] <- struct{}{}
		}
	}
}
