package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"

	"github.com/chimera-1/chimera/datasets/lake"
)

// Run does the night, or finds that it is done. The error is a *RejectsError
// when too many rows were refused; then ops.* says which.
func (c Curate) Run(ctx context.Context) (Summary, error) {
	c = c.withDefaults(runtime.GOMAXPROCS(0))
	if err := c.Validate(); err != nil {
		return Summary{}, err
	}
	l, err := lake.Create(ctx, c.Lake)
	if err != nil {
		return Summary{}, err
	}
	files, err := c.inputs(ctx, l)
	if err != nil {
		return Summary{}, err
	}
	if len(files) == 0 && !c.Redecide {
		return c.nothing(l), nil
	}
	id, done, err := c.published(ctx, l, files)
	if err != nil {
		return Summary{}, err
	}
	if done != nil {
		return alreadySummary(*done)
	}
	info := lake.RunInfo{Identity: id, RunID: c.Date + "-" + id[:12], Job: c.job(), Date: c.Date, Wait: c.Wait}
	night, err := l.Begin(ctx, info)
	if err != nil {
		return Summary{}, err
	}
	defer night.Close()
	// Another process may have published this very run while we waited.
	if _, done, err = c.published(ctx, l, files); err != nil || done != nil {
		if err != nil {
			return Summary{}, err
		}
		return alreadySummary(*done)
	}
	r, err := c.begin(ctx, l, night, info.RunID, files)
	if err != nil {
		return Summary{}, err
	}
	if c.Redecide {
		return r.redecide(ctx)
	}
	return r.curate(ctx)
}

// inputs pins what the run reads.
func (c Curate) inputs(ctx context.Context, l *lake.Lake) ([]pinned, error) {
	if c.Redecide {
		return nil, nil
	}
	files, err := c.pin(ctx)
	if err != nil || !c.OnlyNew {
		return files, err
	}
	return onlyNew(ctx, l, files)
}

// nothing is the summary of a night without new input.
func (c Curate) nothing(l *lake.Lake) Summary {
	s := Summary{Job: c.job(), Date: c.Date, Status: "nothing", Profile: c.Profile.Name, Lake: l.URI()}
	s.DroppedBy, s.RejectedBy = map[string]int64{}, map[string]int64{}
	return s
}

// published returns the run's identity and the generation that it published,
// if it did. With Again, runs of the same inputs before make another identity.
func (c Curate) published(ctx context.Context, l *lake.Lake, files []pinned) (string, *lake.Generation, error) {
	gens, err := l.Generations(ctx)
	if err != nil {
		return "", nil, err
	}
	if c.Redecide {
		id, g := c.redecided(gens)
		return id, g, nil
	}
	for nonce := 0; ; nonce++ {
		id := c.identity(files, nonce)
		g := find(gens, id)
		if g == nil {
			return id, nil, nil
		}
		if !c.Again {
			return id, g, nil
		}
	}
}

func find(gens []lake.Generation, identity string) *lake.Generation {
	for i := range gens {
		if gens[i].Identity == identity && !gens[i].RolledBack {
			return &gens[i]
		}
	}
	return nil
}

// redecided is published for jobs that read the lake itself: what they read is
// the last generation, unless that is what this very job made of the one before.
func (c Curate) redecided(gens []lake.Generation) (string, *lake.Generation) {
	live := slices.DeleteFunc(slices.Clone(gens), func(g lake.Generation) bool { return g.RolledBack })
	at := func(n int) string {
		if n <= 0 {
			return c.identity(nil, 0)
		}
		return c.identity(nil, int(live[n-1].Number))
	}
	n := len(live)
	if n > 0 && live[n-1].Identity == at(n-1) && !c.Again {
		return live[n-1].Identity, &live[n-1]
	}
	return at(n), nil
}

func alreadySummary(g lake.Generation) (Summary, error) {
	var s Summary
	if err := json.Unmarshal(g.Summary, &s); err != nil {
		return Summary{}, fmt.Errorf("generation %s: stored summary: %w", g.Tag, err)
	}
	s.Already, s.Status, s.Generation, s.Tag = true, "already", g.Number, g.Tag
	return s, nil
}
