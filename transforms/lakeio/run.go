package lakeio

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/pprof"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets/store"
)

// Runner runs stages for one run of a job.
type Runner struct {
	Lake    string // URI of the lake's store; workers open it
	Scratch string // the run's scratch folder within the store, with a trailing slash. Required.
	Attempt string // unique to this attempt. Required.
	Beam    string // name of the Beam runner. Defaults to prism.
	Workers int    // tasks at once in one process. Required, at least 1.
	// Progress, if set, hears of every finished task: its stage, how many of the
	// stage's tasks are done, and the raw result. Local runners only.
	Progress func(stage string, done, total int, result []byte)
}

// jobs holds the running jobs of this process by key.
var jobs sync.Map

// Each runs a stage over tasks and returns the results in task order. Results
// that an earlier attempt of the run recorded are taken as they are.
func Each[T, R any](ctx context.Context, r *Runner, stage string, tasks []T) ([]R, error) {
	raw := make([][]byte, len(tasks))
	for i, t := range tasks {
		b, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("%s: encode task %d: %w", stage, i, err)
		}
		raw[i] = b
	}
	out, err := r.Run(ctx, stage, raw)
	if err != nil {
		return nil, err
	}
	results := make([]R, len(out))
	for i, b := range out {
		if err := json.Unmarshal(b, &results[i]); err != nil {
			return nil, fmt.Errorf("%s: decode result of task %d: %w", stage, i, err)
		}
	}
	return results, nil
}

// Run is Each over encoded tasks.
func (r *Runner) Run(ctx context.Context, stage string, tasks [][]byte) ([][]byte, error) {
	if stages[stage] == nil {
		panic("lakeio: no such stage: " + stage)
	}
	for i, t := range tasks {
		if len(t) > MaxElement {
			return nil, fmt.Errorf("%s: task %d has %d bytes, more than the %d that may cross a stage boundary", stage, i, len(t), MaxElement)
		}
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	if err := r.runBeam(ctx, stage, tasks); err != nil {
		return nil, err
	}
	st, err := openStore(ctx, r.Lake)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(tasks))
	for i, t := range tasks {
		rec, ok, err := readRecord(ctx, st, recordPath(r.Scratch, stage, t))
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%s: task %d left no record in %s", stage, i, r.Scratch)
		}
		out[i] = rec
	}
	return out, nil
}

// record is a finished task on disk.
type record struct {
	Stage  string          `json:"stage"`
	Task   json.RawMessage `json:"task"`
	Result json.RawMessage `json:"result"`
}

func recordPath(scratch, stage string, task []byte) string {
	h := xxh3.Hash128(task).Bytes()
	return scratch + stage + "/" + hex.EncodeToString(h[:]) + ".json"
}

// readRecord returns the result of a finished task; a record that does not
// parse counts as none: the task is done again.
func readRecord(ctx context.Context, st store.Store, path string) ([]byte, bool, error) {
	b, _, err := st.ReadFile(ctx, path)
	if errors.Is(err, store.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var rec record
	if json.Unmarshal(b, &rec) != nil || len(rec.Result) == 0 {
		return nil, false, nil
	}
	return rec.Result, true, nil
}

// do is one task on a worker: the recorded result if there is one, else the
// stage's, recorded before it is returned. A CPU profile tells stages apart.
func do(ctx context.Context, env Env, stage string, task []byte) ([]byte, error) {
	path := recordPath(env.Scratch, stage, task)
	if res, ok, err := readRecord(ctx, env.Store, path); err != nil || ok {
		return res, err
	}
	f := stages[stage]
	if f == nil {
		return nil, fmt.Errorf("stage %q is not known to this worker: is --worker_binary this version of chimera?", stage)
	}
	var res []byte
	var err error
	pprof.Do(ctx, pprof.Labels("stage", stage), func(ctx context.Context) { res, err = f(ctx, env, task) })
	if err != nil {
		return nil, err
	}
	if len(res) > MaxElement {
		return nil, fmt.Errorf("%s: a result has %d bytes, more than the %d that may cross a stage boundary", stage, len(res), MaxElement)
	}
	b, err := json.Marshal(record{stage, task, res})
	if err != nil {
		return nil, err
	}
	if _, err := env.Store.Put(ctx, path, b, store.Condition{}); err != nil {
		return nil, fmt.Errorf("%s: record a finished task: %w", stage, err)
	}
	return res, nil
}
