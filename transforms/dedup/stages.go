package dedup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chimera-1/chimera/datasets/store"
)

// Env is what a stage may use beside its task.
type Env struct {
	Store   store.Store // the lake's store
	Scratch string      // the run's scratch folder within the store, with a trailing slash
	Attempt string      // unique to this attempt of the run: part of every file name it makes
}

// spillPath names a spill file of one task.
func (e Env) spillPath(stage string, task int, what string) string {
	return fmt.Sprintf("%s%s/%05d-%s-%s.spill", e.Scratch, stage, task, what, e.Attempt)
}

// Runner runs the tasks of a stage, anywhere and in any order, by calling [Do]
// for each of them. It returns the results in the order of the tasks.
type Runner interface {
	Run(ctx context.Context, stage string, tasks [][]byte) ([][]byte, error)
}

// Names of the stages, in the order of the data flow.
const (
	stageMatch      = "near-match"
	stageSettle     = "near-settle"
	stagePair       = "near-pair"
	stageSign       = "near-sign"
	stageNarrow     = "near-narrow"
	stageContract   = "near-contract"
	stageLargeStar  = "near-large-star"
	stageSmallStar  = "near-small-star"
	stageResolve    = "near-resolve"
	stageFinish     = "near-finish"
	stageWriteIndex = "index-write"
	stageMergeIndex = "index-merge"
)

var stages = map[string]func(context.Context, Env, []byte) ([]byte, error){
	stageMatch:      encoded(match),
	stageSettle:     encoded(settle),
	stagePair:       encoded(pairUp),
	stageSign:       encoded(sign),
	stageNarrow:     encoded(narrow),
	stageContract:   encoded(contract),
	stageLargeStar:  encoded(largeStar),
	stageSmallStar:  encoded(smallStar),
	stageResolve:    encoded(resolve),
	stageFinish:     encoded(finish),
	stageWriteIndex: encoded(writeIndex),
	stageMergeIndex: encoded(mergeIndex),
}

// encoded makes a function of typed tasks and results one of JSON.
func encoded[T, R any](f func(context.Context, Env, T) (R, error)) func(context.Context, Env, []byte) ([]byte, error) {
	return func(ctx context.Context, env Env, raw []byte) ([]byte, error) {
		var task T
		if err := json.Unmarshal(raw, &task); err != nil {
			return nil, fmt.Errorf("decode task: %w", err)
		}
		result, err := f(ctx, env, task)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// Stages lists the names of all stages, sorted.
func Stages() []string {
	names := make([]string, 0, len(stages))
	for n := range stages {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Do runs one task of a stage. It is a pure function of the task and the files
// it names; its files appear when they are whole.
func Do(ctx context.Context, env Env, stage string, task []byte) ([]byte, error) {
	f := stages[stage]
	if f == nil {
		panic("dedup: no such stage: " + stage)
	}
	result, err := f(ctx, env, task)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stage, err)
	}
	return result, nil
}

// run runs a stage over typed tasks.
func run[R, T any](ctx context.Context, r Runner, stage string, tasks []T) ([]R, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
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

// byShard deals segments out to their shards.
func byShard(shards int, lists ...[]Segment) [][]Segment {
	out := make([][]Segment, shards)
	for _, list := range lists {
		for _, s := range list {
			out[s.Shard] = append(out[s.Shard], s)
		}
	}
	return out
}

func records(segs []Segment) int64 {
	var n int64
	for _, s := range segs {
		n += s.Count
	}
	return n
}
