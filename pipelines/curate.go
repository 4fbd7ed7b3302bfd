package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/datasets/lake"
)

// Run does the night, or finds that it is done. The error is a *RejectsError
// when too many rows were refused; then ops.* says which.
func (c Curate) Run(ctx context.Context) (Summary, error) {
	c = c.withDefaults(runtime.GOMAXPROCS(0))
	if err := c.Validate(); err != nil {
		return Summary{}, err
	}
	all, err := c.pin(ctx) // before the lake is made: without input there is no need for one
	if err != nil {
		return Summary{}, err
	}
	l, err := lake.Create(ctx, c.Lake)
	if err != nil {
		return Summary{}, err
	}
	c.lateReports(ctx, l)
	s, err := c.run(ctx, l, all)
	if !errors.Is(err, lake.ErrBusy) { // else the holder of the lake may be reading the same
		removeSpool(all)
	}
	return s, err
}

func (c Curate) run(ctx context.Context, l *lake.Lake, all []pinned) (Summary, error) {
	for {
		files, id, done, err := c.look(ctx, l, all)
		if err != nil || done != nil {
			return done.orEmpty(), err
		}
		night, err := l.Begin(ctx, lake.RunInfo{Identity: id, RunID: c.Date + "-" + id[:12], Job: c.job(), Date: c.Date, Wait: c.Wait})
		if err != nil {
			return Summary{}, err
		}
		// Other nights may have been published while we waited for this one.
		_, now, done, err := c.look(ctx, l, all)
		if err == nil && done == nil && now == id {
			defer night.Close()
			return c.attempt(ctx, l, night, files)
		}
		if err := errors.Join(err, night.Close()); err != nil || done != nil {
			return done.orEmpty(), err
		}
	}
}

// look says which files a run would read, as the lake is now, and under which
// identity; or, if there is nothing to do, why.
func (c Curate) look(ctx context.Context, l *lake.Lake, all []pinned) ([]pinned, string, *Summary, error) {
	files, err := all, error(nil)
	if c.OnlyNew {
		if files, err = onlyNew(ctx, l, all); err != nil {
			return nil, "", nil, err
		}
	}
	if len(files) == 0 && !c.Redecide {
		s := c.nothing(l)
		return nil, "", &s, nil
	}
	id, g, err := c.published(ctx, l, files)
	if err != nil || g == nil {
		return files, id, nil, err
	}
	s, err := alreadySummary(*g)
	return files, id, &s, err
}

// attempt does the night that was begun.
func (c Curate) attempt(ctx context.Context, l *lake.Lake, night *lake.Night, files []pinned) (Summary, error) {
	r, err := c.begin(ctx, l, night, night.Run.RunID, files)
	if err != nil {
		return Summary{}, err
	}
	if c.Redecide {
		return r.redecide(ctx)
	}
	s, err := r.curate(ctx)
	if errors.Is(err, formats.ErrChanged) { // then nothing that was made of the input is of use
		if err := night.RemoveScratch(ctx); err != nil {
			slog.Warn("scratch of a run whose input changed is left", "run", r.id, "error", err)
		}
	}
	return s, err
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
	s.SnapshotID = g.Tables[datasets.TableTraining].SnapshotID // known only after the summary was stored
	return s, nil
}
