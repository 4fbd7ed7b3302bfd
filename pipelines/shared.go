package pipelines

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// shared is a list that all tasks of a stage need and that grows with their
// number: it lies in a file that they name, or tasks would grow with the square
// of the night. The name is the content's hash, so that tasks of another
// attempt are the same.
type shared[T any] struct{ Path string }

// share lays a list down.
func share[T any](ctx context.Context, r *run, what string, list []T) (shared[T], error) {
	b, err := json.Marshal(list)
	if err != nil {
		return shared[T]{}, fmt.Errorf("encode %s: %w", what, err)
	}
	h := xxh3.Hash128(b).Bytes()
	s := shared[T]{fmt.Sprintf("%sshared/%s-%s.json", r.night.Scratch(), what, hex.EncodeToString(h[:]))}
	_, err = r.l.Store().Put(ctx, s.Path, b, store.Condition{})
	return s, err
}

// read returns the list.
func (s shared[T]) read(ctx context.Context, env lakeio.Env) ([]T, error) {
	b, _, err := env.Store.ReadFile(ctx, s.Path)
	if err != nil {
		return nil, err
	}
	var list []T
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	return list, nil
}
