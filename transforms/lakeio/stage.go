package lakeio

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"sync"

	"github.com/chimera-1/chimera/datasets/store"
)

// MaxElement is the most bytes a task or a result may have.
const MaxElement = 4 << 20

// Env is what a stage may use beside its task.
type Env struct {
	Store   store.Store // the lake's store
	Scratch string      // the run's scratch folder within the store, with a trailing slash
	Attempt string      // unique to this attempt of the run: part of every file name it makes
}

// stages maps names to stage functions over JSON. Written by Register at start-up.
var stages = map[string]func(context.Context, Env, []byte) ([]byte, error){}

// Register makes a stage known under a name that every binary of the job
// agrees on. It is called from init functions only; a second use of a name is a
// programming error.
func Register[T, R any](name string, f func(ctx context.Context, env Env, task T) (R, error)) {
	RegisterRaw(name, func(ctx context.Context, env Env, raw []byte) ([]byte, error) {
		var task T
		if err := json.Unmarshal(raw, &task); err != nil {
			return nil, fmt.Errorf("%s: decode task: %w", name, err)
		}
		result, err := f(ctx, env, task)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	})
}

// RegisterRaw is Register for a stage that decodes its tasks itself.
func RegisterRaw(name string, f func(ctx context.Context, env Env, task []byte) ([]byte, error)) {
	if stages[name] != nil {
		panic("lakeio: stage registered twice: " + name)
	}
	stages[name] = f
}

// Registered lists the names of the known stages, sorted.
func Registered() []string {
	names := make([]string, 0, len(stages))
	for n := range stages {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// stores caches one store a URI and process: stages of all bundles share it.
var stores struct {
	sync.Mutex
	m map[string]store.Store
}

func openStore(ctx context.Context, uri string) (store.Store, error) {
	stores.Lock()
	defer stores.Unlock()
	if s := stores.m[uri]; s != nil {
		return s, nil
	}
	s, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	if stores.m == nil {
		stores.m = map[string]store.Store{}
	}
	stores.m[uri] = s
	return s, nil
}
