package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/text"
)

// storedProfiles are the profiles of the nights, by generation: the signals of
// the rows that a night brought in follow its profile's line rules. published
// has those of redecided generations too: the texts that a generation added to
// training.text are as its profile left them.
func (r *run) storedProfiles(ctx context.Context) (stored, published map[int32]text.Profile, err error) {
	gens, err := r.l.Generations(ctx)
	if err != nil {
		return nil, nil, err
	}
	stored, published = map[int32]text.Profile{}, map[int32]text.Profile{}
	for _, g := range gens {
		raw := g.Properties[propProfileJSON]
		if g.RolledBack || raw == "" {
			continue
		}
		var p text.Profile
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			return nil, nil, fmt.Errorf("generation %s: stored profile: %w", g.Tag, err)
		}
		published[g.Number] = p
		if g.Job == jobCurate {
			stored[g.Number] = p
		}
	}
	if len(stored) == 0 {
		return nil, nil, fmt.Errorf("--redecide: the lake %s has no documents yet", r.l.URI())
	}
	return stored, published, nil
}

// storedProfile is the profile that the signals of a file of text.documents
// follow: a file's rows are one night's.
func storedProfile(stored map[int32]text.Profile, f dedup.FileRef) (text.Profile, error) {
	p, ok := stored[datasets.GenerationOf(f.Lo)]
	if !ok {
		return p, fmt.Errorf("--redecide: %s: no record of the profile of %s, which its signals follow", f.Path, datasets.Tag(datasets.GenerationOf(f.Lo)))
	}
	return p, nil
}

// warnOf says what stored signals cannot tell.
func (r *run) warnOf(stored map[int32]text.Profile) {
	var without, other []string
	for _, g := range slices.Sorted(maps.Keys(stored)) {
		switch p := stored[g]; {
		case p.Name == "none" && r.c.Profile.Name != "none":
			without = append(without, datasets.Tag(g))
		case r.c.Profile.NeedsText(p):
			other = append(other, datasets.Tag(g))
		}
	}
	if len(without) > 0 {
		slog.Warn("redecide: nights under the profile none store no signals; their rows keep their decisions", "nights", without)
	}
	if len(other) > 0 {
		slog.Warn("redecide: nights under other line rules; their texts that pass the filters before those are read again", "nights", other)
	}
}

// warnOfEdits says whose published texts stay as another profile left them: a
// published row is never written again while it is kept.
func (r *run) warnOfEdits(published map[int32]text.Profile) {
	if other := editedOtherwise(published, r.c.Profile); len(other) > 0 {
		slog.Warn("redecide: texts that these generations published stay as their line rules left them; only rows that join follow the new ones", "generations", other)
	}
}

func editedOtherwise(published map[int32]text.Profile, p text.Profile) []string {
	var other []string
	for _, g := range slices.Sorted(maps.Keys(published)) {
		if !p.EditsLike(published[g]) {
			other = append(other, datasets.Tag(g))
		}
	}
	return other
}
