package lakeio

import (
	"context"
	"sync"
)

// slots bounds how many tasks run at once in this process, whatever the number
// of bundles the runner opens: prism up to eight, Dataflow one a harness thread.
var slots struct {
	sync.Mutex
	n  int
	ch chan struct{}
}

// slotsOf returns the process's pool of n slots. The first size wins while
// tasks are running; a later run of another size gets a pool of its own.
func slotsOf(n int) chan struct{} {
	slots.Lock()
	defer slots.Unlock()
	if slots.ch == nil || slots.n != n {
		slots.n, slots.ch = n, make(chan struct{}, n)
	}
	return slots.ch
}

// batch is the tasks of one bundle under way.
type batch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	forget func() bool // the driver's context
	job    *job
	slots  chan struct{}
	wg     sync.WaitGroup
	mu     sync.Mutex
	done   []output
}

type output struct {
	index int64
	value []byte
}

// newBatch starts a batch that ends with the bundle or the driver's call.
func newBatch(ctx context.Context, workers int, j *job) *batch {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &batch{ctx: ctx, cancel: cancel, job: j, slots: slotsOf(workers), forget: func() bool { return true }}
	if j != nil {
		b.forget = context.AfterFunc(j.ctx, func() { cancel(context.Cause(j.ctx)) })
	}
	return b
}

// submit runs f in the pool; it waits for a free slot, so that at most the
// pool's size of tasks hold memory. The first error cancels the others.
func (b *batch) submit(index int64, f func(context.Context) ([]byte, error)) {
	select {
	case b.slots <- struct{}{}:
	case <-b.ctx.Done():
		return
	}
	if !b.job.enter() {
		<-b.slots
		b.cancel(context.Canceled)
		return
	}
	b.wg.Add(1)
	go func() {
		defer func() { <-b.slots; b.job.leave(); b.wg.Done() }()
		v, err := f(b.ctx)
		if err != nil {
			b.cancel(err)
			return
		}
		b.mu.Lock()
		b.done = append(b.done, output{index, v})
		b.mu.Unlock()
	}()
}

// wait returns what was done, or the first error, once every task has ended.
func (b *batch) wait() ([]output, error) {
	b.wg.Wait()
	b.forget()
	if err := context.Cause(b.ctx); err != nil {
		return nil, err
	}
	b.cancel(nil)
	return b.done, nil
}
