package lakeio

import (
	"context"
	"sync"
)

// job is what the DoFns of one pipeline share with the driver when they run in
// its process: errors keep their types, progress is live, and no task outlives
// the driver's call. On a remote runner no job is found, a nil one stands for
// it, and errors and results come through Beam alone.
type job struct {
	ctx      context.Context // of the driver: a task ends with it, whenever the runner hears of it
	stage    string
	total    int
	progress func(stage string, done, total int, result []byte)

	mu      sync.Mutex
	idle    sync.Cond // no task is running
	err     error
	done    int
	running int
	ended   bool
}

func newJob(ctx context.Context, stage string, total int, progress func(stage string, done, total int, result []byte)) *job {
	j := &job{ctx: ctx, stage: stage, total: total, progress: progress}
	j.idle.L = &j.mu
	return j
}

// enter reports whether a task may start; then leave must follow.
func (j *job) enter() bool {
	if j == nil {
		return true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended {
		return false
	}
	j.running++
	return true
}

func (j *job) leave() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.running--; j.running == 0 {
		j.idle.Broadcast()
	}
}

// end lets no further task start and waits for those that run.
func (j *job) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	for j.running > 0 {
		j.idle.Wait()
	}
}

func (j *job) fail(err error) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = err
	}
}

func (j *job) finished(result []byte) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done++
	if j.progress != nil {
		j.progress(j.stage, j.done, j.total, result)
	}
}
